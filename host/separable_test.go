package host_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/tuning"
)

// TestSeparable holds that each kernel of two layers gives what the two give, in programs of all kinds.
func TestSeparable(t *testing.T) {
	dev := hosttest.Open(t)
	for _, k := range shaders.SeparableRows() {
		for _, c := range killers[k] {
			if err := c.run(dev); err != nil {
				t.Errorf("%s, %s: %v", k.Name(), c.name, err)
			}
		}
	}
}

// TestFuse holds which layers of a program are computed as one: where it is asked for those that can be, and others as
// ever; and that a name for what cannot be is an error.
func TestFuse(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, "g8ic8ih5oc8kh3ph1")
	q := behind(p, 12)
	type made struct{ between, v host.Value }
	build := func(f host.Fusing, first, second string) (*host.Builder, made) {
		b := host.NewProgram(dev)
		b.Fuse(f)
		x := b.Input(1, 5, 5, 8)
		between := b.Conv(x, p, smallFilters(p, 1), host.LayerOptions{Algorithm: first})
		return b, made{between, b.Conv(between, q, smallFilters(q, 2), host.LayerOptions{Algorithm: second})}
	}
	for _, c := range []struct {
		fusing        host.Fusing
		first, second string
		fused         bool
	}{
		{host.FuseNever, "", "", false}, {host.FuseAlways, "", "", true}, {host.FuseAlways, "depthwise", "", true},
		{host.FuseNever, "", "separable", true}, {host.FuseByRules, "", "separable/64x64x16", true},
		{host.FuseByRules, "depthwise", "", false}, {host.FuseByRules, "", "registers", false},
	} {
		b, m := build(c.fusing, c.first, c.second)
		names := compiled(t)(b.Compile(m.v)).Algorithms()
		if fused := len(names) == 1 && strings.HasPrefix(names[0], "separable/"); fused != c.fused {
			t.Errorf("%+v: %v", c, names)
		}
	}
	b, m := build(host.FuseAlways, "", "")
	if names := compiled(t)(b.Compile(m.v, m.between)).Algorithms(); len(names) != 2 {
		t.Errorf("what is an output was fused: %v", names)
	}
	b, m = build(host.FuseAlways, "", "")
	names := compiled(t)(b.Compile(b.Concat(m.v, b.Operator("relu", m.between)))).Algorithms()
	if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "separable/") }) {
		t.Errorf("what another node reads was fused: %v", names)
	}
	b, m = build(host.FuseByRules, "", "separable")
	if _, err := b.Compile(m.v, m.between); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("a separable layer of an output: error %v", err)
	}
	b, m = build(host.FuseByRules, "", "separable/9x9")
	if _, err := b.Compile(m.v); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("an algorithm that is none: error %v", err)
	}
	b, m = build("often", "", "")
	if _, err := b.Compile(m.v); !errors.Is(err, gpu.ErrMisuse) {
		t.Errorf("fusing often: error %v", err)
	}
}

// TestTunePair measures two layers apart and together, and holds that programs take what was chosen, whatever the
// rules say and the single layers were tuned to.
func TestTunePair(t *testing.T) {
	dev, tunings := hosttest.Open(t), &tuning.Cache{}
	p := problem(t, "g8ic8ih5oc8kh3ph1")
	pair := host.Pair{Depthwise: p, Pointwise: behind(p, 12)}
	o := host.LayerOptions{Tunings: tunings}
	r, err := host.TunePair(t.Context(), dev, pair, o, shortly)
	if err != nil || r.Choice.Behind != "ic8ih5oc12kh1" || len(r.Candidates) == 0 || !r.Candidates[0].Verified {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, found := lookup(tunings, dev, p); found {
		t.Error("the choice for both counts for the depthwise layer")
	}
	const alone, both = "depthwise/8x8_f3s1_t8", "separable/128x32x16"
	single := choice(dev, p.String(), alone)
	for _, c := range []struct {
		chosen string
		fusing host.Fusing
		first  string
	}{
		{"apart/each", host.FuseByRules, alone}, {both, host.FuseByRules, both},
		{"separable/1x1x1", host.FuseByRules, alone}, {both, host.FuseNever, alone},
	} {
		won := r.Choice
		won.Algorithm = c.chosen
		keep(t, tunings, won, single)
		b := host.NewProgram(dev)
		b.Fuse(c.fusing)
		between := b.Conv(b.Input(1, 5, 5, 8), p, smallFilters(p, 1), o)
		program := compiled(t)(b.Compile(b.Conv(between, pair.Pointwise, smallFilters(pair.Pointwise, 2), o)))
		if names := program.Algorithms(); names[0] != c.first {
			t.Errorf("%+v: %v", c, names)
		}
		if all := program.Pairs(); len(all) != 1 || all[0] != pair {
			t.Errorf("%+v: pairs %v", c, all)
		}
	}
	if _, err := host.TunePair(t.Context(), cpu(t), pair, o, shortly); !errors.Is(err, host.ErrUnsupported) {
		t.Error(err)
	}
}

// TestSeparableDrawn judges pairs of layers from all that one kernel serves, with real numbers.
func TestSeparableDrawn(t *testing.T) {
	dev := hosttest.Open(t)
	rng := rand.New(rand.NewPCG(7, 8))
	axis := func(deep bool) conv.Axis {
		a := conv.Axis{In: 1, Filter: 1, Stride: 1, Dilation: 1}
		if deep {
			a = conv.Axis{In: 1 + rng.IntN(12), Filter: 1 + rng.IntN(5), Stride: 1 + rng.IntN(3),
				Dilation: 1 + rng.IntN(2)}
			a.Pad = rng.IntN(a.Extent() + 1)
		}
		a.Out = (a.In+2*a.Pad-a.Extent())/a.Stride + 1
		return a
	}
	activations := []conv.Activation{{}, {Function: conv.ReLU}, {Function: conv.Clip, Alpha: -0.25, Beta: 0.5}}
	all := conv.Activations()
	count := 30
	if testing.Short() { // kernels take long to compile on slow adapters
		count = 8
	}
	for drawn := 0; drawn < count; {
		channels := 4 * (1 + rng.IntN(20))
		p, err := conv.New(conv.Problem{Batch: 1 + rng.IntN(3), Groups: channels, InChannels: channels,
			OutChannels: channels, Z: axis(rng.IntN(4) == 0), H: axis(true), W: axis(true)})
		if err != nil {
			continue // most of what is drawn for an axis fits
		}
		drawn++
		q := behind(p, 4*(1+rng.IntN(24)))
		e := conv.Epilogue{Activation: all[rng.IntN(len(all))], Residual: conv.Residual(rng.IntN(3))}
		first := newPart(t, p.String(), uint64(drawn), host.LayerOptions{
			Epilogue: conv.Epilogue{Activation: activations[rng.IntN(len(activations))]}})
		second := newPart(t, q.String(), uint64(drawn), host.LayerOptions{Epilogue: e})
		b := host.NewProgram(dev)
		b.Fuse(host.FuseAlways)
		x := b.Input3D(p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels)
		inputs, residual := []tensor.Volume{first.data.X}, []host.Value{}
		for _, r := range second.data.Residual {
			residual = append(residual, b.Input3D(r.N, r.Planes(), r.H, r.W, r.D))
			inputs = append(inputs, r)
		}
		program := compiled(t)(b.CompileChecked(b.Conv(b.Conv(x, p, first.data.W, first.options), q, second.data.W,
			second.options, residual...)))
		if names := program.Algorithms(); len(names) != 1 {
			t.Errorf("%s and %s: %v", p, q, names)
		}
		_, reports, err := program.Verify(t.Context(), host.VerifyOptions{}, inputs...)
		for _, r := range reports {
			err = errors.Join(err, r.Report.Err())
		}
		if err != nil {
			t.Errorf("%s and %s, %s: %v", p, q, e.Activation, err)
		}
	}
}
