package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// says fails the test unless err wraps the reason and has all the words: what is wrong, and the rule.
func says(t *testing.T, name string, err, reason error, words ...string) {
	t.Helper()
	if !errors.Is(err, reason) {
		t.Errorf("%s: error %v, must wrap %q", name, err, reason)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: no %q in the error %q", name, word, err)
		}
	}
	if strings.Contains(err.Error(), "%!") {
		t.Errorf("%s: a badly formatted error: %q", name, err)
	}
}

type badLayer struct {
	name    string
	p       conv.Problem
	filters tensor.Filters
	options host.LayerOptions
	reason  error
	words   []string
}

// badLayers are each wrong in one way.
func badLayers(t *testing.T) []badLayer {
	const small = "ic4ih11oc2kh5sh2"
	good := problem(t, small)
	bank := func(k, h, w, d int) tensor.Filters {
		f, err := tensor.NewFilters(k, h, w, d)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	spoilt := func(spoil func(*tensor.Filters)) tensor.Filters {
		f := bank(2, 5, 5, 4)
		spoil(&f)
		return f
	}
	with := func(spoil func(*conv.Problem)) conv.Problem {
		p := good
		spoil(&p)
		return p
	}
	fits, none := bank(2, 5, 5, 4), host.LayerOptions{}
	return []badLayer{
		{"zero problem", conv.Problem{}, fits, none, conv.ErrInvalid, []string{"batch (mb) is 0", "must be from 1"}},
		{"stride 0", with(func(p *conv.Problem) { p.H.Stride = 0 }), fits, none, conv.ErrInvalid,
			[]string{"stride is 0, must be from 1"}},
		{"negative padding", with(func(p *conv.Problem) { p.W.Pad = -1 }), fits, none, conv.ErrInvalid,
			[]string{"padding is -1, must be from 0"}},
		{"groups", with(func(p *conv.Problem) { p.Groups = 3 }), fits, none, conv.ErrInvalid,
			[]string{"groups (g) of 3 do not divide"}},
		{"no output", with(func(p *conv.Problem) { p.H.Out = 0 }), fits, none, conv.ErrInvalid,
			[]string{"(oh) of 0 is not positive"}},
		{"too few filters", good, bank(1, 5, 5, 4), none, cpuref.ErrShape,
			[]string{small, "is 1x5x5x4, must be 2x5x5x4"}},
		{"shallow filters", good, bank(2, 5, 5, 3), none, cpuref.ErrShape,
			[]string{small, "is 2x5x5x3, must be 2x5x5x4"}},
		{"no filters", good, tensor.Filters{}, none, cpuref.ErrShape, []string{small, "is 0x0x0x0, must be 2x5x5x4"}},
		{"impossible filters", good, tensor.Filters{K: 1 << 62, H: 5, W: 5, D: 4}, none, cpuref.ErrShape,
			[]string{small, "is 4611686018427387904x5x5x4, must be 2x5x5x4"}},
		{"negative filters", good, tensor.Filters{K: -2, H: 5, W: 5, D: 4}, none, cpuref.ErrShape,
			[]string{small, "is -2x5x5x4, must be 2x5x5x4"}},
		{"weights missing", good, spoilt(func(f *tensor.Filters) { f.Data = f.Data[1:] }), none, cpuref.ErrShape,
			[]string{"199", "200"}},
		{"a bias missing", good, spoilt(func(f *tensor.Filters) { f.Bias = f.Bias[1:] }), none, cpuref.ErrShape,
			[]string{small, "there are 1 biases; there must be 2"}},
		{"a bias too many", good, spoilt(func(f *tensor.Filters) { f.Bias = make([]float32, 3) }), none,
			cpuref.ErrShape, []string{"there are 3 biases; there must be 2"}},
		{"biases of length 0", good, spoilt(func(f *tensor.Filters) { f.Bias = []float32{} }), none, cpuref.ErrShape,
			[]string{"there are 0 biases; there must be 2"}},
		{"activation", good, fits, host.LayerOptions{Epilogue: conv.Activate(conv.ELU + 1)}, gpu.ErrMisuse,
			[]string{"activation 13, must be from 0 to 12"}},
		{"negative activation", good, fits, host.LayerOptions{Epilogue: conv.Activate(-1)}, gpu.ErrMisuse,
			[]string{"activation -1, must be"}},
		{"residual", good, fits, host.LayerOptions{Epilogue: conv.Epilogue{Residual: 3}}, gpu.ErrMisuse,
			[]string{"residual 3, must be from 0 to 2"}},
		{"slopes missing", good, fits, host.LayerOptions{Epilogue: conv.Activate(conv.PReLU), Slopes: []float32{1}},
			gpu.ErrMisuse, []string{small, "1 slopes, activation prelu takes 2"}},
		{"slopes of nothing", good, fits, host.LayerOptions{Slopes: []float32{1}}, gpu.ErrMisuse,
			[]string{"1 slopes, activation none takes 0"}},
		{"numbers", good, fits, host.LayerOptions{DType: "float17"}, gpu.ErrMisuse,
			[]string{small, `dtype "float17", must be float32 or float16`}},
		{"8-bit numbers", good, fits, host.LayerOptions{DType: host.Int8}, gpu.ErrMisuse,
			[]string{small, `dtype "int8"`, "NewQuantizedLayer"}},
		{"threads", good, fits, host.LayerOptions{Threads: 48}, gpu.ErrMisuse,
			[]string{small, "48 threads in a workgroup, must be one of [32 64 128 256]"}},
	}
}

func TestBadLayers(t *testing.T) {
	devices := []*host.Device{hosttest.Open(t), cpu(t)}
	for _, c := range badLayers(t) {
		for _, dev := range devices {
			l, err := host.NewLayer(dev, c.p, c.filters, c.options)
			if l != nil {
				t.Errorf("%s: got a layer", c.name)
			}
			says(t, c.name, err, c.reason, c.words...)
		}
	}
	if live := devices[0].GPU().Live(); live.Buffers != 0 {
		t.Errorf("refused layers left open: %+v", live)
	}
}

func TestBadInput(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		l, x := example(t, dev, "mb2ic3ih5iw6oc2kh3", host.LayerOptions{})
		for _, c := range []struct {
			name string
			x    tensor.Volume
			word string
		}{
			{"nothing", tensor.Volume{}, "is 0x0x0x0, must be 2x5x6x3"},
			{"one image", x.Image(0), "is 1x5x6x3, must be 2x5x6x3"},
			{"turned", tensor.Volume{N: 2, H: 6, W: 5, D: 3, Data: x.Data}, "is 2x6x5x3, must be 2x5x6x3"},
			{"too little data", tensor.Volume{N: 2, H: 5, W: 6, D: 3, Data: x.Data[1:]}, "179"},
			{"too much data", tensor.Volume{N: 2, H: 5, W: 6, D: 3, Data: append(x.Clone().Data, 1)}, "181"},
		} {
			_, err := l.Run(t.Context(), c.x)
			says(t, c.name, err, cpuref.ErrShape, c.word, "mb2ic3ih5iw6oc2kh3")
			_, report, err := l.Verify(t.Context(), c.x, host.VerifyOptions{})
			says(t, c.name, err, cpuref.ErrShape, c.word)
			if report.OK() {
				t.Errorf("%s: the report is OK", c.name)
			}
		}
		_, report, err := l.Verify(t.Context(), x, host.VerifyOptions{Sample: -1})
		says(t, "sample", err, gpu.ErrMisuse, "a sample of -1 outputs, must be positive")
		if report.OK() {
			t.Error("a negative sample gave a report that is OK")
		}
		_, _, err = l.Verify(t.Context(), x, host.VerifyOptions{Mode: 7})
		says(t, "mode", err, cpuref.ErrNoVerdict, "Mode(7)", "must be Bounded or Exact")
	})
}

// TestTooLarge asks for volumes beyond a binding or beyond all counting. No device holds them at once:
// the layers are split, which TestSizes proves, and here must be built and closed without a trace.
func TestTooLarge(t *testing.T) {
	one := tensor.Filters{K: 1, H: 1, W: 1, D: 1, Data: []float32{1}}
	dev := hosttest.Open(t)
	for _, descriptor := range []string{"ic1ih60000oc1kh1", "ic1ih100000oc1oh100000kh1"} {
		l, err := host.NewLayer(dev, problem(t, descriptor), one, host.LayerOptions{})
		if err != nil {
			t.Errorf("%s: %v", descriptor, err)
		}
		l.Close()
		if live := dev.GPU().Live(); live.Buffers != 0 || live.BindGroups != 0 {
			t.Errorf("%s left open: %+v", descriptor, live)
		}
	}
	_, err := host.NewLayer(cpu(t), problem(t, "ic1ih1oc1kh1ph30000"), one, host.LayerOptions{})
	says(t, "on the CPU", err, host.ErrUnsupported, "3600120001 outputs, the CPU reference holds 134217728")
}

func TestBadDevices(t *testing.T) {
	one := tensor.Filters{K: 1, H: 1, W: 1, D: 1, Data: []float32{1}}
	closed, err := host.Open(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	closedCPU := cpu(t)
	for _, dev := range []*host.Device{closed, closedCPU, host.On(nil)} {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	}
	for name, dev := range map[string]*host.Device{"nil": nil, "zero": {}, "on nil": host.On(nil), "closed": closed,
		"closed CPU": closedCPU} {
		l, err := host.NewLayer(dev, problem(t, "ic1ih1oc1kh1"), one, host.LayerOptions{})
		says(t, name, err, gpu.ErrClosed, "ic1ih1oc1kh1")
		if l != nil {
			t.Errorf("%s: got a layer", name)
		}
		if s := dev.String(); s == "" || strings.Contains(s, "CPU") {
			t.Errorf("%s: is called %q", name, s)
		}
		if err := dev.Close(); err != nil {
			t.Errorf("%s: closing: %v", name, err)
		}
		if dev != closed && dev.GPU() != nil {
			t.Errorf("%s: has a GPU", name)
		}
	}
}

func TestLayersOfNobody(t *testing.T) {
	x := tensor.Volume{N: 1, H: 1, W: 1, D: 1, Data: []float32{1}}
	for name, l := range map[string]*host.Layer{"nil": nil, "zero": {}} {
		_, err := l.Run(t.Context(), x)
		says(t, name, err, gpu.ErrClosed, "never built")
		_, _, err = l.Verify(t.Context(), x, host.VerifyOptions{})
		says(t, name, err, gpu.ErrClosed, "never built")
		if err := l.Close(); err != nil {
			t.Errorf("%s: closing: %v", name, err)
		}
		if p := l.Problem(); p != (conv.Problem{}) {
			t.Errorf("%s: has the problem %v", name, p)
		}
	}
}

// TestOn runs on a device that the caller opened, down to its closing.
func TestOn(t *testing.T) {
	below, err := gpu.Open(gpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dev := host.On(below)
	l, x := example(t, dev, small, host.LayerOptions{})
	if err := verify(l, x); err != nil {
		t.Error(err)
	}
	l.Close()
	if err := dev.Close(); err != nil {
		t.Error(err)
	}
	if _, err := below.NewBuffer("late", 4, gpu.Storage); !errors.Is(err, gpu.ErrClosed) {
		t.Errorf("the device below is open still: %v", err)
	}
}

func TestOpen(t *testing.T) {
	_, err := host.Open(host.Options{Backend: "voodoo"})
	says(t, "backend", err, gpu.ErrMisuse, `"voodoo"`, "must be one of", "vulkan", "cpu for the CPU reference")
	_, err = host.Open(host.Options{Adapter: "voodoo 2"})
	says(t, "adapter", err, gpu.ErrNoAdapter, `"voodoo 2"`)

	t.Setenv("GPUCONV_BACKEND", "voodoo")
	_, err = host.Open(host.Options{})
	says(t, "backend of the environment", err, gpu.ErrMisuse, `"voodoo"`, "must be one of")
	for _, name := range []string{"cpu", "CPU"} {
		t.Setenv("GPUCONV_BACKEND", name)
		dev, err := host.Open(host.Options{})
		if err != nil || dev.GPU() != nil || !strings.Contains(dev.String(), "CPU") {
			t.Errorf("GPUCONV_BACKEND=%s opened %v, error %v", name, dev, err)
		}
		dev.Close()
	}
}

func TestGPUOff(t *testing.T) {
	t.Setenv("GPUCONV_BACKEND", "")
	t.Setenv("GPUCONV_GPU", "off")
	dev, err := host.Open(host.Options{})
	says(t, "off", err, gpu.ErrNoAdapter, "GPUCONV_GPU=off")
	if dev != nil {
		t.Errorf("opened %v", dev)
	}
	if dev, err = host.Open(host.Options{Backend: host.CPU}); err != nil {
		t.Errorf("the CPU was refused: %v", err)
	}
	dev.Close()
}
