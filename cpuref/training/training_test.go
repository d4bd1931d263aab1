package training_test

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
	"github.com/gpuconv/gpuconv/cpuref/training"
	"github.com/gpuconv/gpuconv/tensor"
)

// described is a network by the descriptors of its convolutions, with "relu" behind one, and pools as "pool 2/1".
type described struct {
	name   string
	layers []string
	update training.Update
}

var networks = []described{
	{"linear", []string{"mb3ic4ih2oc3kh2"}, training.SGD{Rate: 0.1}},
	{"relu", []string{"mb3ic2ih5oc4kh3ph1", "relu", "mb3ic4ih5oc3kh5"}, training.SGD{Rate: 0.05, Momentum: 0.9}},
	{"stride and dilation", []string{"mb2ic3ih7iw9oc4kh3sh2ph1", "relu", "mb2ic4ih4iw5oc4kh2dh1", "relu",
		"mb2ic4ih2iw3oc2kh2kw3"}, training.SGD{Rate: 0.05}},
	{"pool", []string{"mb2ic1ih9oc4kh2", "relu", "pool 2/2", "mb2ic4ih4oc5kh4"}, training.SGD{Rate: 0.1,
		Momentum: 0.5}},
	{"overlapping pools", []string{"pool 3/2", "mb2ic2ih4oc4kh2", "pool 2/1", "mb2ic4ih2oc3kh2"}, adam},
	{"Adam", []string{"mb4ic2ih6oc6kh3", "relu", "pool 2/2", "mb4ic6ih2oc4kh2"}, adam},
}

var adam = training.Adam{Rate: 0.001, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}

// layersOf reads the description. A pool that comes first reads 9x9 numbers of 2 channels of 2 images.
func (d described) layersOf(t *testing.T) (layers []training.Layer) {
	t.Helper()
	h, w, c, batch := 9, 9, 2, 2
	for _, text := range d.layers {
		if text == "relu" {
			layers[len(layers)-1].ReLU = true
			continue
		}
		pool := training.Pool{Batch: batch, Channels: c, H: h, W: w}
		if _, err := fmt.Sscanf(text, "pool %d/%d", &pool.Window, &pool.Stride); err == nil {
			h, w = (h-pool.Window)/pool.Stride+1, (w-pool.Window)/pool.Stride+1
			layers = append(layers, training.Layer{Pool: &pool})
			continue
		}
		p, err := conv.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		h, w, c, batch = p.H.Out, p.W.Out, p.OutChannels, p.Batch
		layers = append(layers, training.Layer{Conv: &p})
	}
	return layers
}

// build makes the network, with weights and a batch that the seed gives.
func (d described) build(t *testing.T, seed uint64) (n *training.Network, x []float32, labels []int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	layers := d.layersOf(t)
	n, err := training.New(layers, filtersOf(layers, rng), d.update)
	if err != nil {
		t.Fatal(err)
	}
	last := *layers[len(layers)-1].Conv
	if p := layers[0].Pool; p != nil {
		x = make([]float32, p.Batch*p.H*p.W*p.Channels)
	} else {
		x = make([]float32, layers[0].Conv.InLen())
	}
	tensor.FillReals(x, rng)
	for range last.Batch {
		labels = append(labels, rng.IntN(last.OutChannels))
	}
	return n, x, labels
}

// filtersOf gives each convolution weights.
func filtersOf(layers []training.Layer, rng *rand.Rand) (all []tensor.Filters) {
	for _, l := range layers {
		if p := l.Conv; p != nil {
			f := tensor.Filters{K: p.OutChannels, Z: 1, H: p.H.Filter, W: p.W.Filter, D: p.InChannels / p.Groups,
				Data: make([]float32, p.FilterLen()), Bias: make([]float32, p.OutChannels)}
			tensor.FillReals(f.Data, rng)
			tensor.FillReals(f.Bias, rng)
			all = append(all, f)
		}
	}
	return all
}

// TestGradients holds each gradient against central differences of the loss: of ReLU and pools too, whose data stay
// away from their kinks by more than the differences.
func TestGradients(t *testing.T) {
	const step, allowed = 1e-5, 1e-8
	for _, d := range networks {
		t.Run(d.name, func(t *testing.T) {
			n, x, labels := d.build(t, 3)
			other, _, _ := d.build(t, 3) // whose weights stay
			if _, err := n.Step(x, labels); err != nil {
				t.Fatal(err)
			}
			loss := func() float64 {
				l, err := other.Loss(x, labels)
				if err != nil {
					t.Fatal(err)
				}
				return l
			}
			for i, w := range other.Weights() {
				g := n.Gradients()[i]
				for name, of := range map[string][2][]float64{"W": {w.W.Value, g.W.Value}, "b": {w.B.Value,
					g.B.Value}} {
					for k := range of[0] {
						at := of[0][k]
						of[0][k] = at + step
						high := loss()
						of[0][k] = at - step
						low := loss()
						of[0][k] = at
						// The gradient is scaled by 1/batch as float32 has it.
						if want := (high - low) / (2 * step); math.Abs(of[1][k]-want) > allowed+1e-6*math.Abs(want) {
							t.Errorf("d%s[%d] of layer %d is %g, must be %g by differences", name, k, i, of[1][k],
								want)
						}
					}
				}
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	good := networks[1].layersOf(t)
	rng := rand.New(rand.NewPCG(1, 1))
	filters := filtersOf(good, rng)
	none := slices.Clone(filters)
	none[0].Bias = nil
	other := func(text string) []training.Layer {
		return described{layers: []string{text, "mb3ic4ih5oc3kh5"}}.layersOf(t)
	}
	for _, c := range []struct {
		layers  []training.Layer
		filters []tensor.Filters
		says    string
	}{
		{nil, nil, "filters of 0 layers"}, {good, filters[:1], "filters of 1 layers"}, {good, none, "no biases"},
		{good, append(filters, filters[0]), "filters of 3 layers for 2"},
		{[]training.Layer{{}, good[0]}, filters, "must be a convolution or a pool"},
		{[]training.Layer{good[1], good[0]}, []tensor.Filters{filters[1], filters[0]}, "layer 1 reads"},
		{[]training.Layer{{Pool: &training.Pool{}}}, nil, "must be 1 or more of each"},
		{other("g2mb3ic2ih5oc4kh3ph1"), filters, "must be of one group"},
		{other("mb3ic2ih5oc4kh3ph1+unshared"), filters, "must be of one group"},
		{other("mb3ic2ih5oc4kh3ph1+transposed"), filters, "must be of one group"},
		{other("mb3ic2ih5oc4kh3ph1+replicate"), filters, "must be of one group"},
	} {
		if _, err := training.New(c.layers, c.filters, adam); !errors.Is(err, cpuref.ErrShape) ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v, must say %q", err, c.says)
		}
	}
	n, x, labels := networks[1].build(t, 1)
	for _, c := range []struct {
		x      []float32
		labels []int
	}{{x[1:], labels}, {x, labels[1:]}, {x, nil}, {x, []int{0, 3, 0}}, {x, []int{0, -1, 0}}} {
		if _, err := n.Step(c.x, c.labels); !errors.Is(err, cpuref.ErrShape) {
			t.Errorf("error %v for %d numbers and labels %v", err, len(c.x), c.labels)
		}
	}
	m := [][]float32{nil}
	for _, layer := range []int{-1, 0, 2} {
		if err := n.Set(layer, nil, nil, m, m); !errors.Is(err, cpuref.ErrShape) {
			t.Errorf("error %v for weights of layer %d", err, layer)
		}
	}
}

// TestCheck holds what a check says of numbers that are wrong, or that nothing can be said of.
func TestCheck(t *testing.T) {
	nan, inf := float32(math.NaN()), math.Inf(1)
	for _, c := range []struct {
		got  []float32
		want training.Numbers
		err  error
		used float64
	}{
		{[]float32{1, 2}, training.Numbers{Value: []float64{1, 1.5}, Error: []float64{0, 1}}, nil, 0.5},
		{[]float32{1, 2}, training.Numbers{Value: []float64{1, 1.5}, Error: []float64{0, 0.25}}, cpuref.ErrMismatch,
			0},
		{[]float32{nan}, training.Numbers{Value: []float64{1}, Error: []float64{1}}, cpuref.ErrMismatch, 0},
		{[]float32{1}, training.Numbers{Value: []float64{1}, Error: []float64{inf}}, cpuref.ErrNoVerdict, 0},
		{[]float32{1}, training.Numbers{Value: []float64{1}, Error: []float64{math.NaN()}}, cpuref.ErrNoVerdict, 0},
		{[]float32{1}, training.Numbers{Value: []float64{math.NaN()}, Error: []float64{0}}, cpuref.ErrNoVerdict, 0},
		{[]float32{1}, training.Numbers{}, cpuref.ErrShape, 0},
	} {
		if used, err := training.Check("W", c.got, c.want); !errors.Is(err, c.err) || used != c.used {
			t.Errorf("%v held against %v: error %v, %g used, must be %v and %g", c.got, c.want, err, used, c.err,
				c.used)
		}
	}
}
