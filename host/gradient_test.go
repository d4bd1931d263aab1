package host_test

import (
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tensor"
)

// kinds are one layer of each kind that has gradients.
var kinds = []string{
	"mb2ic2ih4iw5oc3kh3kw2ph1", "ic2iw7oc3kw3", "ic2id3ih4iw3oc2kd2kh3kw2pd1ph1pw0", "g2mb2ic4ih5oc6kh3sh2ph1",
	"g3ic3ih4oc6kh2dh1ph1",
	"mb2ic2ih4iw5oc3kh3ph2+reflect", "mb2ic2ih4iw5oc3kh3ph2+replicate", "mb2ic2ih4iw5oc3kh3ph2+circular",
	"ic1ih5iw6oc2oh7ow5kh3ph1pw2",
	"g2mb2ic4ih3iw4oc6oh6ow5kh3kw2sh2sw1ph1pw0dh0dw1+transposed",
	"ic2id2ih3iw2oc2kd2kh2kw3sd1sh2sw2pd0ph1pw1+transposed", "mb2g2ic4ih5iw4oc6kh3kw2sh2sw1ph1pw0+unshared",
}

// bilinear makes an exact backward case without biases, so that V is linear in X and in W.
func bilinear(t *testing.T, descriptor string) (proof.Case, proof.Operands) {
	t.Helper()
	c := proof.Case{Problem: problem(t, descriptor), Seed: 1, Mode: cpuref.Exact, Backward: true}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	clear(data.W.Bias)
	return c, data
}

// dot adds up whole numbers, exactly.
func dot(a, b []float32) (sum int64) {
	for i := range a {
		sum += int64(a[i]) * int64(b[i])
	}
	return sum
}

// TestAdjoint holds what makes a gradient one, on the device alone: with V linear in X and in W,
// <dV, V> = <dX, X> = <dW, W>, and with a bias of ones <dV, 1> = <db, 1>.
func TestAdjoint(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		for _, descriptor := range kinds {
			c, data := bilinear(t, descriptor)
			l := build(t, dev, c.Problem, data.W, c.Options)
			v, err := l.Run(t.Context(), data.X)
			if err != nil {
				t.Fatal(err)
			}
			g, err := l.Backward(t.Context(), data.X, data.DV)
			if err != nil {
				t.Fatal(err)
			}
			want := dot(data.DV.Data, v.Data)
			if dx, dw := dot(g.X.Data, data.X.Data), dot(g.W.Data, data.W.Data); dx != want || dw != want ||
				want == 0 {
				t.Errorf("%s: <dV, V> = %d, <dX, X> = %d, <dW, W> = %d", descriptor, want, dx, dw)
			}
			if db, want := dot(g.W.Bias, ones32(len(g.W.Bias))),
				dot(data.DV.Data, ones32(len(data.DV.Data))); db != want {
				t.Errorf("%s: the sum of db is %d, of dV %d", descriptor, db, want)
			}
		}
	})
}

func ones32(n int) []float32 { return slices.Repeat([]float32{1}, n) }

// repeatBanks gives each output position of the unshared layer p the shared filters w.
func repeatBanks(t *testing.T, p conv.Problem, w tensor.Filters) tensor.Filters {
	t.Helper()
	banks := p.Z.Out * p.H.Out * p.W.Out
	f, err := tensor.NewFilterBanks(banks, p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter, p.InChannels/p.Groups)
	if err != nil {
		t.Fatal(err)
	}
	f.Data, f.Bias = slices.Repeat(w.Data, banks), slices.Repeat(w.Bias, banks)
	return f
}

// sumBanks adds up what each of the banks has in the same place.
func sumBanks(banks []float32, size int) []float32 {
	sums := make([]float32, size)
	for i, v := range banks {
		sums[i%size] += v
	}
	return sums
}

// TestFilterGradientRule is the CS231n notes' rule on the device: "during backpropagation, every neuron in
// the volume will compute the gradient for its weights, but these gradients will be added up across each
// depth slice and only update a single set of weights per slice". A layer is run shared, and unshared
// with the same weights at each of its neurons: V and dX must be the same, and the shared dW and db the
// sums of the neurons' own.
func TestFilterGradientRule(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		for _, descriptor := range kinds {
			c := proof.Case{Problem: problem(t, descriptor), Seed: 2, Mode: cpuref.Exact, Backward: true}
			if c.Problem.Transposed || c.Problem.Unshared {
				continue // no layer is both, and the rule is about shared ones
			}
			data, err := c.Data()
			if err != nil {
				t.Fatal(err)
			}
			apart := c.Problem
			apart.Unshared = true
			shared, own := both(t, build(t, dev, c.Problem, data.W, c.Options), data),
				both(t, build(t, dev, apart, repeatBanks(t, apart, data.W), c.Options), data)
			if !slices.Equal(shared.V, own.V) || !slices.Equal(shared.X.Data, own.X.Data) {
				t.Errorf("%s: V %v and %v, dX %v and %v", descriptor, shared.V, own.V, shared.X.Data, own.X.Data)
			}
			if sums := sumBanks(own.W.Data, len(shared.W.Data)); !slices.Equal(shared.W.Data, sums) {
				t.Errorf("%s: dW %v, the neurons' own add up to %v", descriptor, shared.W.Data, sums)
			}
			if sums := sumBanks(own.W.Bias, len(shared.W.Bias)); !slices.Equal(shared.W.Bias, sums) {
				t.Errorf("%s: db %v, the neurons' own add up to %v", descriptor, shared.W.Bias, sums)
			}
		}
	})
}

// bothWays is a layer run forward and backward.
type bothWays struct {
	V []float32
	host.Gradients
}

func both(t *testing.T, l *host.Layer, data proof.Operands) bothWays {
	t.Helper()
	v, err := l.Run(t.Context(), data.X, data.Residual...)
	if err != nil {
		t.Fatal(err)
	}
	g, err := l.Backward(t.Context(), data.X, data.DV, data.Residual...)
	if err != nil {
		t.Fatal(err)
	}
	return bothWays{v.Data, g}
}

// TestBackwardIsJudgedBackward holds that Backward, which neither poisons nor checks, gives what
// VerifyBackward judged, run after run, and leaves its operands alone. It finds each volume judged.
func TestBackwardIsJudgedBackward(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		e := conv.Epilogue{Activation: conv.Activation{Function: conv.PReLU}, Residual: conv.BeforeFunction}
		c := proof.Case{Problem: problem(t, small), Seed: 1, Mode: cpuref.Bounded, Backward: true,
			Options: host.LayerOptions{Epilogue: e}}
		data, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		c.Options.Slopes = data.Slopes
		l := build(t, dev, c.Problem, data.W, c.Options)
		before := [][]float32{slices.Clone(data.X.Data), slices.Clone(data.DV.Data),
			slices.Clone(data.Residual[0].Data)}
		g, judged, err := l.VerifyBackward(t.Context(), data.X, data.DV, cpuref.Bounded, data.Residual...)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, j := range judged {
			if names = append(names, j.What); !j.Report.OK() {
				t.Errorf("%s: %v", j.What, j.Report)
			}
		}
		if want := []string{"Z", "dZ", "dslope", "dX", "dW", "db"}; !slices.Equal(names, want) {
			t.Errorf("judged were %v, must be %v", names, want)
		}
		for range 2 {
			again := both(t, l, data)
			if !equalGradients(g, again.Gradients) {
				t.Errorf("Backward gave %v, judged were %v", again.Gradients, g)
			}
		}
		if !slices.Equal(before[0], data.X.Data) || !slices.Equal(before[1], data.DV.Data) ||
			!slices.Equal(before[2], data.Residual[0].Data) {
			t.Error("Backward changed an operand")
		}
	})
}

func equalGradients(a, b host.Gradients) bool {
	return slices.Equal(a.X.Data, b.X.Data) && slices.Equal(a.W.Data, b.W.Data) && slices.Equal(a.W.Bias, b.W.Bias) &&
		slices.Equal(a.Slopes, b.Slopes) && slices.Equal(a.Residual.Data, b.Residual.Data)
}

// TestResidualGradient holds it against the rule: dZ of one that is added before the function, dV of one
// after it, none without. It is the caller's own: changing it must not change dV.
func TestResidualGradient(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		for _, f := range []conv.Function{conv.Identity, conv.ReLU} {
			for _, r := range []conv.Residual{conv.NoResidual, conv.BeforeFunction, conv.AfterFunction} {
				residualGradient(t, dev, conv.Epilogue{Activation: conv.Activation{Function: f}, Residual: r})
			}
		}
	})
}

func residualGradient(t *testing.T, dev *host.Device, e conv.Epilogue) {
	t.Helper()
	c := proof.Case{Problem: problem(t, small), Seed: 1, Mode: cpuref.Exact, Backward: true,
		Options: host.LayerOptions{Epilogue: e}}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	p := both(t, build(t, dev, c.Problem, data.W, c.Options), data)
	if e.Residual == conv.NoResidual {
		if len(p.Residual.Data) != 0 {
			t.Errorf("%+v: a gradient of no residual", e)
		}
		return
	}
	want := slices.Clone(data.DV.Data)
	if e.Residual == conv.BeforeFunction && e.Activation.Function == conv.ReLU {
		for i, v := range p.V {
			if v == 0 {
				want[i] = 0
			}
		}
	}
	if !slices.Equal(p.Residual.Data, want) {
		t.Errorf("%+v: the residual's gradient is %v, must be %v", e, p.Residual.Data, want)
	}
	before := data.DV.Data[0]
	if p.Residual.Data[0]++; data.DV.Data[0] != before {
		t.Errorf("%+v: the residual's gradient is dV itself, not a copy", e)
	}
}
