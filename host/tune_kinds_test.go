package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tuning"
)

// shortly is enough for the first candidates of a small layer.
var shortly = host.TuneOptions{Seed: 1, Options: tuning.Options{Budget: 100 * time.Millisecond}}

// wayBack gives the algorithms of dX and dW of a layer's gradients, all of which must be right.
func wayBack(t *testing.T, dev *host.Device, p conv.Problem, o host.LayerOptions) (dx, dw string) {
	t.Helper()
	data, err := proof.Case{Problem: p, Seed: 1, Backward: true}.Data()
	if err != nil {
		t.Fatal(err)
	}
	l := build(t, dev, p, data.W, o)
	_, judged, err := l.VerifyBackward(t.Context(), data.X, data.DV, cpuref.Bounded)
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range judged {
		if err := stage.Report.Err(); err != nil {
			t.Errorf("%s: %v", stage.What, err)
		}
		switch stage.What {
		case "dX":
			dx = host.AlgorithmName(stage.Algorithm)
		case "dW":
			dw = host.AlgorithmName(stage.Algorithm)
		}
	}
	return dx, dw
}

// TestTunedGradients holds that gradients are computed by what was chosen for them where that serves and nothing else
// was asked for.
func TestTunedGradients(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, unnamed)
	adjoint, err := p.Adjoint()
	if err != nil {
		t.Fatal(err)
	}
	forX, err := host.Algorithms(dev, adjoint, host.LayerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	forW, err := host.FilterGradients(dev, p, host.LayerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dx, dw := host.AlgorithmName(forX[2]), host.AlgorithmName(forW[3])
	filters := choice(dev, unnamed, dw)
	filters.Gradient = tuning.GradientW
	for _, c := range []struct {
		what         string
		chosen       []tuning.Choice
		o            host.LayerOptions
		wantX, wantW string
	}{
		{"chosen", []tuning.Choice{choice(dev, adjoint.String(), dx), filters}, host.LayerOptions{}, dx, dw},
		{"of dW alone", []tuning.Choice{filters}, host.LayerOptions{}, host.AlgorithmName(forX[0]), dw},
		{"of the layer", []tuning.Choice{choice(dev, unnamed, "direct/t32")}, host.LayerOptions{},
			host.AlgorithmName(forX[0]), host.AlgorithmName(forW[0])},
		{"named", []tuning.Choice{filters}, host.LayerOptions{FilterGradient: "direct"},
			host.AlgorithmName(forX[0]), "direct/t64"},
		{"threads", []tuning.Choice{choice(dev, adjoint.String(), dx), filters}, host.LayerOptions{Threads: 64},
			"direct/t64", "direct/t64"},
	} {
		c.o.Tunings = &tuning.Cache{}
		keep(t, c.o.Tunings, c.chosen...)
		if gotX, gotW := wayBack(t, dev, p, c.o); gotX != c.wantX || gotW != c.wantW {
			t.Errorf("%s: dX by %s and dW by %s, must be %s and %s", c.what, gotX, gotW, c.wantX, c.wantW)
		}
	}
}

// TestTuneFilterGradient measures dW of a small layer: which one wins is not held.
func TestTuneFilterGradient(t *testing.T) {
	dev := hosttest.Open(t)
	p, tunings := problem(t, tunable), &tuning.Cache{}
	r, err := host.TuneFilterGradient(t.Context(), dev, p, host.LayerOptions{Tunings: tunings}, shortly)
	if err != nil || r.Choice.Gradient != tuning.GradientW || len(r.Candidates) == 0 || !r.Candidates[0].Verified {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, found := lookup(tunings, dev, p); found {
		t.Error("the choice for dW counts for the layer")
	}
	g, err := host.NewFilterGradient(dev, p, host.LayerOptions{Tunings: tunings})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if name := host.AlgorithmName(g.Algorithm()); name != r.Choice.Algorithm {
		t.Errorf("by %s, must be %s", name, r.Choice.Algorithm)
	}
	if _, err := host.TuneFilterGradient(t.Context(), cpu(t), p, host.LayerOptions{}, shortly); !errors.Is(err,
		host.ErrUnsupported) {
		t.Error(err)
	}
}

// firstKernel is that of a program of one layer of int8.
func firstKernel(t *testing.T, dev *host.Device, p conv.Problem, q *proof.Quantized, o host.QuantizedOptions) string {
	t.Helper()
	b := host.NewProgram(dev)
	x := b.Quantize(b.Input(p.Batch, p.H.In, p.W.In, p.InChannels), o.XScale, o.XZero)
	return compiled(t)(b.Compile(b.Dequantize(b.QuantizedConv(x, p, q.Filters, o)))).Algorithms()[1]
}

// kernelOfName is how the kernels of an algorithm begin.
func kernelOfName(algorithm string) string {
	return strings.NewReplacer("direct/", "conv_", "/", "_", "_converted", "").Replace(algorithm)
}

// TestTuneQuantized measures a small layer of int8, with its own filters.
func TestTuneQuantized(t *testing.T) {
	dev := hosttest.Open(t)
	p, tunings := problem(t, tunable), &tuning.Cache{}
	data, err := proof.Case{Problem: p, Seed: 1, Options: host.LayerOptions{DType: host.Int8}}.Data()
	if err != nil {
		t.Fatal(err)
	}
	q := data.Quantized
	tune := func(dev *host.Device) (tuning.Result, error) {
		o := q.Options
		o.Tunings = tunings
		return host.TuneQuantized(context.Background(), dev, p, q.X, q.Filters, o, shortly)
	}
	r, err := tune(dev)
	if err != nil || r.Choice.DType != host.Int8 || len(r.Candidates) == 0 || !r.Candidates[0].Verified {
		t.Fatalf("%+v, %v", r, err)
	}
	all, err := host.QuantizedAlgorithms(dev, p, q.Filters, q.Options)
	if err != nil {
		t.Fatal(err)
	}
	won := r.Choice
	for _, c := range []struct{ chosen, named, want string }{
		{r.Choice.Algorithm, "", r.Choice.Algorithm}, {host.AlgorithmName(all[3]), "", host.AlgorithmName(all[3])},
		{"shared/1x1x1_v4", "", host.AlgorithmName(all[0])}, {r.Choice.Algorithm, "direct", "direct/t32"},
	} {
		won.Algorithm = c.chosen
		keep(t, tunings, won)
		o := q.Options
		o.Algorithm, o.Tunings = c.named, tunings
		l, err := host.NewQuantizedLayer(dev, p, q.Filters, o)
		if err != nil {
			t.Fatal(err)
		}
		if name := host.AlgorithmName(l.Algorithm()); name != c.want {
			t.Errorf("%+v: by %s", c, name)
		}
		if why := l.WhyDirect(); (why != "") != (c.named == "direct") {
			t.Errorf("%+v: why direct: %q", c, why)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if kernel := firstKernel(t, dev, p, q, o); !strings.HasPrefix(kernel, kernelOfName(c.want)) {
			t.Errorf("%+v: a program has %s", c, kernel)
		}
	}
	if _, err := tune(cpu(t)); !errors.Is(err, host.ErrUnsupported) {
		t.Error(err)
	}
}
