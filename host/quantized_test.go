package host_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// quantized is a layer of seeded 8-bit numbers, from end to end of their range.
func quantized(p conv.Problem, seed uint64) (x []int8, f host.QuantizedFilters) {
	rng := rand.New(rand.NewPCG(seed, 8))
	fill := func(n int64) []int8 {
		data := make([]int8, n)
		for i := range data {
			data[i] = int8(rng.IntN(256) - 128)
		}
		return data
	}
	x, f.Weights, f.Zero = fill(p.InLen()), fill(p.FilterLen()), fill(int64(p.OutChannels))
	f.Scale = make([]float32, p.OutChannels)
	tensor.FillReals(f.Scale, rng)
	for range p.BiasLen() {
		f.Bias = append(f.Bias, rng.Int32N(20001)-10000)
	}
	return x, f
}

// TestNumbers runs every kind of layer with float16 storage and with int8.
func TestNumbers(t *testing.T) {
	dev := hosttest.Open(t)
	problems := []string{
		"ic4ih11oc2kh5sh2", "mb2ic3ih5oc5kh3ph1", "g3ic6ih4iw7oc9kh3kw2", "ic5iw9oc3kw3", "ic1ih3oc1kh3",
		"ic2id3ih4oc3kd2ph1",
		"ic2ih5oc3kh3ph2+reflect", "ic2ih5oc3kh3ph2+replicate", "ic2ih5oc3kh3ph2+circular",
		"ic3ih4oc5kh3sh2+transposed", "mb2ic3ih4oc5kh3+unshared",
	}
	for _, descriptor := range problems {
		p, err := conv.Parse(descriptor)
		if err != nil {
			t.Fatal(err)
		}
		t.Run("float16/"+descriptor, func(t *testing.T) { halves(t, dev, p) })
		t.Run("int8/"+descriptor, func(t *testing.T) { bytes(t, dev, p) })
	}
}

// halves runs a float16 layer in both modes, with and without an epilogue, and backward.
func halves(t *testing.T, dev *host.Device, p conv.Problem) {
	for i, e := range []conv.Epilogue{{}, conv.Activate(conv.LeakyReLU),
		{Activation: conv.Activation{Function: conv.Tanh}, Residual: conv.AfterFunction}} {
		for _, mode := range []cpuref.Mode{cpuref.Exact, cpuref.Bounded} {
			if mode == cpuref.Exact && !cpuref.ExactEpilogue(e, nil) {
				continue
			}
			c := proof.Case{Problem: p, Seed: uint64(i), Mode: mode, Backward: i == 1,
				Options: host.LayerOptions{Epilogue: e, DType: host.Float16}}
			if _, err := c.Run(dev); err != nil {
				t.Errorf("%v\n\t%s", err, c.Repro(dev))
			}
		}
	}
}

// bytes runs an int8 layer with each workgroup: its sums must be exact.
func bytes(t *testing.T, dev *host.Device, p conv.Problem) {
	x, f := quantized(p, 1)
	for _, threads := range append([]uint32{0}, shaders.ConvThreads...) {
		o := host.QuantizedOptions{XZero: -7, XScale: 0.02, Epilogue: conv.Activate(conv.ReLU), Threads: threads}
		l, err := host.NewQuantizedLayer(dev, p, f, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, report, err := l.Verify(t.Context(), x); err != nil || !report.OK() {
			t.Errorf("%d threads: %v, %v", threads, report, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFloat16IsStored holds that float16 halves the memory of volumes and filters where nothing is kept as float32
// beside them.
func TestFloat16IsStored(t *testing.T) {
	dev := hosttest.Open(t)
	size := func(n host.DType) uint64 {
		c := proof.Case{Problem: must(conv.Parse("ic64ih16oc64kh3ph1")),
			Options: host.LayerOptions{DType: n, Algorithm: "direct"}}
		o := must(c.Data())
		l := must(host.NewLayer(dev, c.Problem, o.W, c.Options))
		defer l.Close()
		return dev.GPU().Live().Bytes
	}
	if full, half := size(host.Float32), size(host.Float16); float64(half) > 0.52*float64(full) {
		t.Errorf("float16 takes %d bytes, float32 %d", half, full)
	}
}

// TestQuantizedByHand is a layer small enough to follow: zero points, scales, bias, padding.
func TestQuantizedByHand(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		p := must(conv.Parse("ic1iw3oc2kw2pw1"))
		f := host.QuantizedFilters{Weights: []int8{1, 2, -128, 127}, Zero: []int8{0, 1}, Scale: []float32{1, 0.5},
			Bias: []int32{10, -10}}
		l := must(host.NewQuantizedLayer(dev, p, f, host.QuantizedOptions{XZero: 3, XScale: 2}))
		defer l.Close()
		x := []int8{4, 3, 127} // which stand for 1, 0, 124; the padding for 0
		sums, err := l.Sums(t.Context(), x)
		if want := fmt.Sprint([]int32{12, 116, 11, -139, 258, 15614, 134, -16006}); err != nil ||
			fmt.Sprint(sums) != want {
			t.Errorf("sums %v, %v, want %s", sums, err, want)
		}
		v, err := l.Run(t.Context(), x)
		if err != nil || v.At(0, 0, 0) != 24 || v.At(2, 0, 1) != 15614 {
			t.Errorf("outputs %v, %v", v.Data, err)
		}
	})
}

// TestQuantizedBeyondInt32 holds that a sum that an int32 cannot hold gets no verdict: with its bias, and
// without.
func TestQuantizedBeyondInt32(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		for taps, bias := range map[int]int32{1: math.MaxInt32 - 16383, 1 << 18: 0} {
			p := must(conv.Parse(fmt.Sprintf("ic%dih1oc1kh1", taps)))
			x := slices.Repeat([]int8{-128}, taps)
			l := must(host.NewQuantizedLayer(dev, p, host.QuantizedFilters{Weights: x, Bias: []int32{bias}},
				host.QuantizedOptions{}))
			if _, _, err := l.Verify(t.Context(), x); !errors.Is(err, cpuref.ErrNoVerdict) {
				t.Errorf("%d products and %d: error %v, must wrap %q", taps, bias, err, cpuref.ErrNoVerdict)
			}
			l.Close()
		}
	})
}

// TestQuantizedDevicesAgree holds the sums of both devices against each other, bit for bit.
func TestQuantizedDevicesAgree(t *testing.T) {
	dev, reference := hosttest.Open(t), cpu(t)
	for _, descriptor := range quantizedKinds {
		p := must(conv.Parse(descriptor))
		x, f := quantized(p, 3)
		o := host.QuantizedOptions{XZero: 9}
		if got, want := sumsOf(t, dev, p, f, o, x), sumsOf(t, reference, p, f, o, x); !slices.Equal(got, want) {
			t.Errorf("%s: %v, must be %v", descriptor, got, want)
		}
	}
}

// sumsOf builds a quantized layer and gives its sums.
func sumsOf(
	t *testing.T, dev *host.Device, p conv.Problem, f host.QuantizedFilters, o host.QuantizedOptions, x []int8,
) []int32 {
	t.Helper()
	l, err := host.NewQuantizedLayer(dev, p, f, o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sums, err := l.Sums(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

func TestQuantizedRefused(t *testing.T) {
	dev := hosttest.Open(t)
	p := must(conv.Parse("ic2ih4oc3kh3"))
	x, good := quantized(p, 1)
	for _, c := range []struct {
		what   string
		change func(*host.QuantizedFilters, *host.QuantizedOptions)
		is     error
		words  string
	}{
		{"weights", func(f *host.QuantizedFilters, _ *host.QuantizedOptions) { f.Weights = f.Weights[1:] },
			cpuref.ErrShape, "53 weights, must be 54"},
		{"zeros", func(f *host.QuantizedFilters, _ *host.QuantizedOptions) { f.Zero = f.Zero[1:] }, cpuref.ErrShape,
			"2 zero points, must be 3"},
		{"scales", func(f *host.QuantizedFilters, _ *host.QuantizedOptions) { f.Scale = f.Scale[1:] }, cpuref.ErrShape,
			"2 scales, must be 3"},
		{"biases", func(f *host.QuantizedFilters, _ *host.QuantizedOptions) { f.Bias = f.Bias[2:] }, cpuref.ErrShape,
			"1 biases, must be 3"},
		{"threads", func(_ *host.QuantizedFilters, o *host.QuantizedOptions) { o.Threads = 3 }, gpu.ErrMisuse,
			"3 threads"},
		{"slopes", func(_ *host.QuantizedFilters, o *host.QuantizedOptions) { o.Slopes = []float32{1} }, gpu.ErrMisuse,
			"1 slopes"},
	} {
		f, o := good, host.QuantizedOptions{}
		c.change(&f, &o)
		if _, err := host.NewQuantizedLayer(dev, p, f, o); !errors.Is(err, c.is) ||
			!strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: error %v", c.what, err)
		}
	}
	l := must(host.NewQuantizedLayer(dev, p, good, host.QuantizedOptions{}))
	if _, err := l.Run(t.Context(), x[1:]); !errors.Is(err, cpuref.ErrShape) {
		t.Errorf("short input: error %v", err)
	}
	l.Close()
	if _, err := l.Run(t.Context(), x); !errors.Is(err, gpu.ErrClosed) {
		t.Errorf("closed: error %v", err)
	}
	if _, err := host.NewQuantizedLayer(cpu(t), must(conv.Parse("ic1ih1oc1kh1ph30000")),
		host.QuantizedFilters{Weights: []int8{1}}, host.QuantizedOptions{}); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("too large for the CPU: error %v", err)
	}
}
