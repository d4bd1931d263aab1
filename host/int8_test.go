package host_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestInt8ByHand follows outputs as int8: ties go to the even number, and what is beyond int8 saturates.
func TestInt8ByHand(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		p := must(conv.Parse("ic1iw9oc1kw1"))
		o := host.QuantizedOptions{VScale: 2, VZero: -3, Epilogue: conv.Epilogue{Residual: conv.AfterFunction}}
		l := must(host.NewQuantizedLayer(dev, p, host.QuantizedFilters{Weights: []int8{1}}, o))
		defer l.Close()
		x := []int8{0, 1, 3, -1, -3, 100, -100, 5, 5}
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		r := tensor.Volume{N: 1, H: 1, W: 9, D: 1, Data: []float32{0, 0, 0, 0, 0, 1000, -1000, nan, inf}}
		want := []int8{-3, -3, -1, -3, -5, 127, -128, -3, 127}
		got, err := l.RunInt8(t.Context(), x, r)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v, must be %v", got, err, want)
		}
	})
}

// TestInt8IsJudged holds that Verify looks at outputs as int8 on both devices, and that those of RunInt8 are what the
// float32 outputs round to, but near ties.
func TestInt8IsJudged(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		for _, descriptor := range []string{"mb2ic3ih5oc5kh3ph1", "g2mb2ic4ih4iw3oc6kh3kw2sh2sw3ph1+transposed",
			"ic1iw1oc1kw1"} {
			p := must(conv.Parse(descriptor))
			x, f := quantized(p, 1)
			l := must(host.NewQuantizedLayer(dev, p, f,
				host.QuantizedOptions{XScale: 0.02, Epilogue: leaky, VScale: 10, VZero: 20}))
			v, report, err := l.Verify(t.Context(), x)
			if err != nil || !report.OK() {
				t.Errorf("%s: %v, %v", descriptor, report, err)
			}
			got, err := l.RunInt8(t.Context(), x)
			if err != nil {
				t.Fatal(err)
			}
			for i, q := range got {
				exact := max(-128, min(float64(v.Data[i])/10+20, 127))
				if math.Abs(float64(q)-exact) > 0.5001 {
					t.Errorf("%s: output %d is %d, of %v", descriptor, i, q, exact)
				}
			}
			l.Close()
		}
	})
}

// TestInt8Refused holds that what makes no sense says so.
func TestInt8Refused(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		p := must(conv.Parse("ic1iw2oc1kw1"))
		f := host.QuantizedFilters{Weights: []int8{1}}
		for _, scale := range []float32{-1, float32(math.NaN()), float32(math.Inf(1)), 0x1p-127, 0x1p127} {
			_, err := host.NewQuantizedLayer(dev, p, f, host.QuantizedOptions{VScale: scale})
			says(t, "scale", err, gpu.ErrMisuse, fmt.Sprintf("VScale %v", scale))
		}
		l := must(host.NewQuantizedLayer(dev, p, f, host.QuantizedOptions{}))
		defer l.Close()
		_, err := l.RunInt8(t.Context(), []int8{1, 2})
		says(t, "no scale", err, gpu.ErrMisuse, "give QuantizedOptions a VScale")
		_, err = (*host.QuantizedLayer)(nil).RunInt8(t.Context(), nil)
		says(t, "no layer", err, gpu.ErrClosed, "NewQuantizedLayer")
	})
}

// TestInt8Splits cuts layers in all ways: outputs as int8 must be those of the whole layer bit for bit, and judged.
func TestInt8Splits(t *testing.T) {
	dev := hosttest.Open(t)
	for _, descriptor := range []string{"g2mb3ic6ih5iw4oc4kh3kw2ph1pw1", "mb2ic3ih4iw5oc4kh3ph1+unshared"} {
		p := problem(t, descriptor)
		x, f := quantized(p, 2)
		o := host.QuantizedOptions{XZero: 77, XScale: 0.5, VScale: 80, VZero: -4, Epilogue: leaky}
		outputs := func() []int8 {
			l := must(host.NewQuantizedLayer(dev, p, f, o))
			defer l.Close()
			got, err := l.RunInt8(t.Context(), x)
			if err != nil {
				t.Fatal(err)
			}
			if _, report, err := l.Verify(t.Context(), x); err != nil || !report.OK() {
				t.Errorf("%s: %v, %v", descriptor, report, err)
			}
			return got
		}
		whole := outputs()
		for _, block := range blocksOf(p) {
			t.Run(fmt.Sprint(descriptor, " in ", block), func(t *testing.T) {
				host.ForceSplit(t, dev, block)
				if got := outputs(); !slices.Equal(got, whole) {
					t.Errorf("outputs %v, must be %v", got, whole)
				}
			})
		}
	}
}

// int8Chain are layers of int8 whose last one gives float32; a residual is added in the second one.
func int8Chain() (problems []conv.Problem, options []host.QuantizedOptions) {
	for _, d := range []string{"mb2ic3ih7oc5kh3ph1", "mb2ic5ih7oc5kh1", "mb2ic5ih7oc6kh3sh2ph1"} {
		problems = append(problems, must(conv.Parse(d)))
	}
	relu := conv.Activate(conv.ReLU)
	sum := conv.Epilogue{Activation: relu.Activation, Residual: conv.BeforeFunction}
	return problems, []host.QuantizedOptions{
		{XScale: 0.03, XZero: 4, VScale: 5, VZero: -128, Epilogue: relu},
		{XScale: 5, XZero: -128, VScale: 900, VZero: -100, Epilogue: sum},
		{XScale: 900, XZero: -100},
	}
}

// TestInt8Chain runs three int8 layers in one submission, with nothing read back between, and holds that they are to
// the bit what the layers give one by one; each node of the checked program is judged.
func TestInt8Chain(t *testing.T) {
	dev := hosttest.Open(t)
	problems, options := int8Chain()
	b := host.NewProgram(dev)
	x, r := b.Input(2, 7, 7, 3), b.Input(2, 7, 7, 5)
	first, residual := tensor.Volume{N: 2, H: 7, W: 7, D: 3, Data: reals(294)},
		tensor.Volume{N: 2, H: 7, W: 7, D: 5, Data: reals(490)}
	v := b.Quantize(x, options[0].XScale, options[0].XZero)
	bytes := quantizedBy(first.Data, options[0].XScale, options[0].XZero)
	var between []between8
	var want tensor.Volume
	for i, p := range problems {
		_, f := quantized(p, uint64(i))
		var more []tensor.Volume
		var values []host.Value
		if options[i].Epilogue.Residual != conv.NoResidual {
			more, values = []tensor.Volume{residual}, []host.Value{r}
		}
		v = b.QuantizedConv(v, p, f, options[i], values...)
		l := must(host.NewQuantizedLayer(dev, p, f, options[i]))
		defer l.Close()
		if options[i].VScale == 0 {
			want = must(l.Run(t.Context(), bytes, more...))
			break
		}
		bytes = must(l.RunInt8(t.Context(), bytes, more...))
		between = append(between, between8{b.Dequantize(v), bytes, options[i]})
	}
	p := compiled(t)(b.Compile(v))
	before := dev.GPU().Stats().Submissions
	got, err := p.Run(t.Context(), first, residual)
	if err != nil || !slices.Equal(got[0].Data, want.Data) {
		t.Errorf("not what the layers give one by one, error %v", err)
	}
	if n := dev.GPU().Stats().Submissions - before; n != 1 {
		t.Errorf("%d submissions for one run", n)
	}
	t.Logf("%v, %+v", p.Algorithms(), p.Memory())
	got, err = compiled(t)(b.Compile(v, between[0].value, between[1].value)).Run(t.Context(), first, residual)
	if err != nil || !slices.Equal(got[0].Data, want.Data) {
		t.Fatalf("with volumes between: not what the layers give one by one, error %v", err)
	}
	for i, s := range between {
		if !slices.Equal(got[1+i].Data, s.meaning()) || slices.Min(s.data) == slices.Max(s.data) {
			t.Errorf("int8 volume %d is not what the layer gives by itself", i)
		}
	}
	checked := compiled(t)(b.CompileChecked(v, between[0].value, between[1].value))
	judged, reports, err := checked.Verify(t.Context(), host.VerifyOptions{}, first, residual)
	if err != nil || len(reports) != 6 || !slices.Equal(judged[0].Data, want.Data) {
		t.Fatalf("%d reports, error %v", len(reports), err)
	}
	for _, r := range reports {
		if err := r.Report.Err(); err != nil {
			t.Errorf("%s: %v", r.Node, err)
		}
	}
}

// TestInt8Placed has layers of int8 and what stands around them read and write channels of wider volumes: they must
// give the bits that they give where volumes stand alone.
func TestInt8Placed(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, "ic3ih7oc5kh3ph1")
	_, f := quantized(p, 1)
	in := tensor.Volume{N: 1, H: 7, W: 7, D: 9, Data: reals(441)}
	for _, scale := range []float32{0, 90} { // with V of float32, and of int8 and back
		o := host.QuantizedOptions{XScale: 0.03, XZero: 4, VScale: scale,
			Epilogue: conv.Epilogue{Residual: conv.AfterFunction}}
		layer := func(b *host.Builder, x, r host.Value) host.Value {
			v := b.QuantizedConv(b.Quantize(x, o.XScale, o.XZero), p, f, o, r)
			if scale != 0 {
				v = b.Dequantize(v)
			}
			return v
		}
		alone := host.NewProgram(dev)
		v := layer(alone, alone.Input(1, 7, 7, 3), alone.Input(1, 7, 7, 5))
		want, err := compiled(t)(alone.Compile(v)).Run(t.Context(), cut(in, 1, 4), cut(in, 2, 7))
		if err != nil {
			t.Fatal(err)
		}
		b := host.NewProgram(dev)
		x := b.Input(1, 7, 7, 9)
		v = b.Concat(b.Operator("copy", b.Channels(x, 0, 2)), layer(b, b.Channels(x, 1, 4), b.Channels(x, 2, 7)))
		got, reports, err := compiled(t)(b.CompileChecked(v)).Verify(t.Context(), host.VerifyOptions{}, in)
		if err != nil || !slices.Equal(cut(got[0], 2, 7).Data, want[0].Data) ||
			!slices.Equal(cut(got[0], 0, 2).Data, cut(in, 0, 2).Data) {
			t.Errorf("VScale %v: not what stands alone gives, error %v", scale, err)
		}
		for _, r := range reports {
			if err := r.Report.Err(); err != nil {
				t.Errorf("%s: %v", r.Node, err)
			}
		}
	}
}

// between8 is a volume between two int8 layers: in the program, and as the layers give it one by one.
type between8 struct {
	value host.Value
	data  []int8
	of    host.QuantizedOptions
}

// meaning is what the numbers stand for.
func (b between8) meaning() (all []float32) {
	for _, q := range b.data {
		all = append(all, b.of.VScale*float32(int(q)-int(b.of.VZero)))
	}
	return all
}

// quantizedBy is QuantizeLinear in Go.
func quantizedBy(data []float32, scale float32, zero int8) (all []int8) {
	for _, v := range data {
		all = append(all, int8(max(-128, min(math.RoundToEven(float64(v/scale))+float64(zero), 127))))
	}
	return all
}

// TestInt8ProgramMisuse holds that volumes of one number type are refused where the other must be.
func TestInt8ProgramMisuse(t *testing.T) {
	dev := hosttest.Open(t)
	p := newPart(t, "ic3ih7oc5kh1", 1, host.LayerOptions{})
	q := must(conv.Parse("ic3ih7oc5kh1"))
	_, f := quantized(q, 1)
	for words, build := range map[string]func(b *host.Builder, x, bytes host.Value) host.Value{
		"int8 where one of float32": func(b *host.Builder, _, bytes host.Value) host.Value {
			return b.Operator("relu", bytes)
		},
		// as an output
		"through Dequantize": func(b *host.Builder, _, bytes host.Value) host.Value { return bytes },
		"of float32 must be": func(b *host.Builder, x, bytes host.Value) host.Value {
			return b.Concat(x, bytes)
		},
		"float32 must be": func(b *host.Builder, _, bytes host.Value) host.Value {
			return b.Channels(bytes, 0, 1)
		},
		"take it through Dequantize": func(b *host.Builder, _, bytes host.Value) host.Value {
			return conved(b, p, bytes)
		},
		"where one": func(b *host.Builder, _, bytes host.Value) host.Value {
			return b.Quantize(bytes, 1, 0)
		},
		"Dequantize reads a volume": func(b *host.Builder, x, _ host.Value) host.Value { return b.Dequantize(x) },
		"scale 0 of an int8":        func(b *host.Builder, x, _ host.Value) host.Value { return b.Quantize(x, 0, 0) },
		"QuantizedConv reads a volume": func(b *host.Builder, x, _ host.Value) host.Value {
			return b.QuantizedConv(x, q, f, host.QuantizedOptions{})
		},
		"of scale 0.5 and zero point 3": func(b *host.Builder, _, bytes host.Value) host.Value {
			return b.QuantizedConv(bytes, q, f, host.QuantizedOptions{XScale: 0.5})
		},
		"VScale -1": func(b *host.Builder, _, bytes host.Value) host.Value {
			return b.QuantizedConv(bytes, q, f, host.QuantizedOptions{XScale: 0.5, XZero: 3, VScale: -1})
		},
	} {
		b := host.NewProgram(dev)
		x := b.Input(1, 7, 7, 3)
		_, err := b.Compile(build(b, x, b.Quantize(x, 0.5, 3)))
		says(t, words, err, gpu.ErrMisuse, words)
	}
	for words, build := range map[string]func(b *host.Builder, bytes host.Value) host.Value{
		"its X must be 1x7x7x3": func(b *host.Builder, _ host.Value) host.Value {
			return b.QuantizedConv(b.Quantize(b.Input(1, 7, 7, 2), 1, 0), q, f, host.QuantizedOptions{})
		},
		"adds 1": func(b *host.Builder, bytes host.Value) host.Value {
			return b.QuantizedConv(bytes, q, f,
				host.QuantizedOptions{Epilogue: prelu(conv.AfterFunction), Slopes: make([]float32, 5)})
		},
		"weights, must be 15": func(b *host.Builder, bytes host.Value) host.Value {
			return b.QuantizedConv(bytes, q, host.QuantizedFilters{}, host.QuantizedOptions{})
		},
	} {
		b := host.NewProgram(dev)
		_, err := b.Compile(build(b, b.Quantize(b.Input(1, 7, 7, 3), 1, 0)))
		says(t, words, err, cpuref.ErrShape, words)
	}
}

// TestInt8Uploaded holds that a layer of int8 runs again and again from what was uploaded, makes nothing meanwhile,
// and gives what Run gives; and what is said of calls in a wrong order.
func TestInt8Uploaded(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, "mb2ic8ih7iw5oc8kh3ph1")
	x, filters := quantized(p, 1)
	residual := must(tensor.NewVolume(p.Batch, p.H.Out, p.W.Out, p.OutChannels))
	tensor.FillReals(residual.Data, rand.New(rand.NewPCG(2, 8)))
	l := must(host.NewQuantizedLayer(dev, p, filters, host.QuantizedOptions{XZero: -5, Algorithm: "registers",
		Epilogue: conv.Epilogue{Residual: conv.AfterFunction}}))
	defer l.Close()
	want := must(l.Run(t.Context(), x, residual))
	u := must(l.Upload(t.Context(), x, residual))
	if _, err := u.Download(t.Context()); !errors.Is(err, gpu.ErrMisuse) {
		t.Errorf("downloading before computing: %v, must wrap ErrMisuse", err)
	}
	before := dev.GPU().Stats()
	for range 2 {
		if err := u.Compute(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	after := dev.GPU().Stats()
	if after.Submissions -= 2; after != before {
		t.Errorf("made %+v, had %+v", after, before)
	}
	if v, err := u.Download(t.Context()); err != nil || !slices.Equal(v.Data, want.Data) {
		t.Errorf("other outputs than Run's, error %v", err)
	}
	must(l.Run(t.Context(), x, residual))
	if err := u.Compute(t.Context()); !errors.Is(err, gpu.ErrMisuse) {
		t.Errorf("computing after a run: %v, must wrap ErrMisuse", err)
	}
	if _, err := l.Upload(t.Context(), x[1:], residual); !errors.Is(err, cpuref.ErrShape) {
		t.Errorf("uploading too little: %v, must wrap ErrShape", err)
	}
	if err := (*host.QuantizedUploaded)(nil).Compute(t.Context()); !errors.Is(err, gpu.ErrMisuse) {
		t.Errorf("computing nothing: %v, must wrap ErrMisuse", err)
	}
}

// TestInt8NotResident holds that what cannot stay on a device says so.
func TestInt8NotResident(t *testing.T) {
	p := problem(t, "ic4ih5oc4kh3")
	x, filters := quantized(p, 1)
	reference := must(host.Open(host.Options{Backend: host.CPU}))
	defer reference.Close()
	l := must(host.NewQuantizedLayer(reference, p, filters, host.QuantizedOptions{}))
	if _, err := l.Upload(t.Context(), x); l.Resident() || !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("%v, must wrap ErrUnsupported", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Upload(t.Context(), x); !errors.Is(err, gpu.ErrClosed) {
		t.Errorf("uploading to a closed layer: %v, must wrap ErrClosed", err)
	}
}
