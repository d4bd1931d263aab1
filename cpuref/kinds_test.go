package cpuref

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// wantEqual holds the reference against values that were computed in another way, exactly.
func wantEqual(t *testing.T, r Reference, want []float64) {
	t.Helper()
	if len(r.Value) != len(want) {
		t.Fatalf("%v: %d values, must be %d", r.Problem, len(r.Value), len(want))
	}
	for i := range want {
		if r.Value[i] != want[i] {
			t.Fatalf("%v: value %d is %v, must be %v", r.Problem, i, r.Value[i], want[i])
		}
	}
}

// numpyPad is numpy.pad of one axis: the input that stands at q. It walks there from input 0 one step at
// a time, and owes nothing to the index map.
func numpyPad(mode conv.Padding, in, q int) (i int, ok bool) {
	step, steps := 1, q
	if q < 0 {
		step, steps = -1, -q
	}
	for range steps {
		next := i + step
		if next < 0 || next >= in {
			switch mode {
			case conv.Zero:
				return 0, false
			case conv.Reflect:
				step = -step
				next = i + step
			case conv.Replicate:
				next = i
			case conv.Circular:
				next = (next + in) % in
			}
		}
		i = next
	}
	return i, true
}

// Every padding: the padded image is written out, and convolved without padding.
func TestPaddingsWrittenOut(t *testing.T) {
	eachKind(t, 100, 40, func(t *testing.T, rng *rand.Rand, p conv.Problem) {
		if p.Transposed {
			return
		}
		x, w := operands(t, p, integers(rng, 8))
		unpadded := p
		unpadded.Padding = conv.Zero
		for _, a := range []*conv.Axis{&unpadded.Z, &unpadded.H, &unpadded.W} {
			a.In, a.Pad = max(a.In+a.Pad, (a.Out-1)*a.Stride+a.Extent()), 0
		}
		wide, _ := operands(t, unpadded, integers(rng, 8))
		for i := range wide.Data {
			at := placeIn(i, unpadded.Z.In, unpadded.H.In, unpadded.W.In, unpadded.InChannels)
			z, okZ := numpyPad(p.Padding, p.Z.In, at.z-p.Z.Pad)
			y, okY := numpyPad(p.Padding, p.H.In, at.y-p.H.Pad)
			ix, okX := numpyPad(p.Padding, p.W.In, at.x-p.W.Pad)
			wide.Data[i] = 0
			if okZ && okY && okX {
				wide.Data[i] = x.Data[x.Index3D(at.n, z, y, ix, at.d)]
			}
		}
		r := must[Reference](t)(Conv(unpadded, wide, w))
		wantEqual(t, must[Reference](t)(Conv(p, x, w)), r.Value)
	})
}

// numpy.pad's own examples, in its documentation and by hand.
func TestPaddingsByHand(t *testing.T) {
	for mode, want := range map[conv.Padding][]float64{
		conv.Zero: {0, 0, 1, 2, 3, 0, 0}, conv.Reflect: {3, 2, 1, 2, 3, 2, 1},
		conv.Replicate: {1, 1, 1, 2, 3, 3, 3}, conv.Circular: {2, 3, 1, 2, 3, 1, 2},
	} {
		p := must[conv.Problem](t)(conv.New(conv.Problem{InChannels: 1, OutChannels: 1, Padding: mode,
			H: conv.Axis{In: 1, Filter: 1}, W: conv.Axis{In: 3, Filter: 1, Pad: 2}}))
		x := tensor.Volume{N: 1, H: 1, W: 3, D: 1, Data: []float32{1, 2, 3}}
		w := tensor.Filters{K: 1, H: 1, W: 1, D: 1, Data: []float32{1}}
		wantEqual(t, must[Reference](t)(Conv(p, x, w)), want)
	}
}

// scattered computes a transposed layer as PyTorch explains it: every input lays its filter, times
// itself, into the output. W is in our order (K, F, D/Groups).
func scattered(p conv.Problem, x tensor.Volume, w tensor.Filters) []float64 {
	out := make([]float64, p.OutLen())
	for i := range out {
		out[i] = float64(w.Bias[i%p.OutChannels])
	}
	depth, slices := p.InChannels/p.Groups, p.OutChannels/p.Groups
	for i, v := range x.Data {
		at := placeIn(i, p.Z.In, p.H.In, p.W.In, p.InChannels)
		for j, weight := range w.Data {
			c, k := j%depth, j/depth/p.W.Filter/p.H.Filter/p.Z.Filter
			f := tapOf(&p, j/depth%(p.W.Filter*p.H.Filter*p.Z.Filter))
			z := at.z*p.Z.Stride - p.Z.Pad + f.z*p.Z.Dilation
			y := at.y*p.H.Stride - p.H.Pad + f.y*p.H.Dilation
			x := at.x*p.W.Stride - p.W.Pad + f.x*p.W.Dilation
			if at.d/depth != k/slices || at.d%depth != c || z < 0 || y < 0 || x < 0 || z >= p.Z.Out || y >= p.H.Out ||
				x >= p.W.Out {
				continue
			}
			out[(((at.n*p.Z.Out+z)*p.H.Out+y)*p.W.Out+x)*p.OutChannels+k] += float64(v) * float64(weight)
		}
	}
	return out
}

func TestTransposedScatters(t *testing.T) {
	rng := newRand(101)
	for i := range 150 {
		p := randomKind(rng, func(p *conv.Problem) { p.Transposed = true }, i%2 == 0)
		x, w := operands(t, p, integers(rng, 8))
		wantEqual(t, must[Reference](t)(Conv(p, x, w)), scattered(p, x, w))
	}
}

// By hand: inputs 1 and 10, filter 1 2 3, stride 2, padding 1, bias 100: 1 2 13 20 30 without padding.
func TestTransposedByHand(t *testing.T) {
	p := parse(t, "ic1iw2oc1kw3sw2pw1+transposed")
	x := tensor.Volume{N: 1, H: 1, W: 2, D: 1, Data: []float32{1, 10}}
	w := tensor.Filters{K: 1, H: 1, W: 3, D: 1, Data: []float32{1, 2, 3}, Bias: []float32{100}}
	wantEqual(t, must[Reference](t)(Conv(p, x, w)), []float64{102, 113, 120})
}

// An unshared layer is, at each position, the shared layer with that position's bank.
func TestUnsharedIsSharedAtEachPosition(t *testing.T) {
	rng := newRand(102)
	for i := range 60 {
		p := randomKind(rng, kinds[5+i%2].change, i%3 == 0)
		x, w := operands(t, p, integers(rng, 8))
		got := must[Reference](t)(Conv(p, x, w))
		shared := p
		shared.Unshared = false
		for b := range w.BankCount() {
			r := must[Reference](t)(Conv(shared, x, w.Bank(b)))
			for i := range r.Value {
				if i/p.OutChannels%w.BankCount() == b &&
					(r.Value[i] != got.Value[i] || r.Magnitude[i] != got.Magnitude[i]) {
					t.Fatalf("%v: output %d is %v, must be %v", p, i, got.Value[i], r.Value[i])
				}
			}
		}
	}
}

// A 3D layer is the sum, over the planes of its filters, of 2D layers of the input's planes.
func Test3DIsASumOf2D(t *testing.T) {
	rng := newRand(103)
	for range 60 {
		p := randomKind(rng, func(*conv.Problem) {}, true)
		x, w := operands(t, p, integers(rng, 8))
		flat := p
		flat.Batch, flat.Z = 1, conv.Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}
		want := make([]float64, p.OutLen())
		slice := len(want) / p.Batch / p.Z.Out
		for i := range want {
			want[i] = float64(w.Bias[i%p.OutChannels])
		}
		for n := range p.Batch {
			for oz := range p.Z.Out {
				for fz := range p.Z.Filter {
					iz := oz*p.Z.Stride - p.Z.Pad + fz*p.Z.Dilation
					if iz < 0 || iz >= p.Z.In {
						continue
					}
					r := must[Reference](t)(Conv(flat, x.Image(n).Plane(iz), filterPlane(w, fz)))
					for i, v := range r.Value {
						want[(n*p.Z.Out+oz)*slice+i] += v
					}
				}
			}
		}
		wantEqual(t, must[Reference](t)(Conv(p, x, w)), want)
	}
}

// filterPlane is one plane of each filter, without biases.
func filterPlane(w tensor.Filters, z int) tensor.Filters {
	plane := tensor.Filters{K: w.K, H: w.H, W: w.W, D: w.D}
	size := w.H * w.W * w.D
	for k := range w.K {
		plane.Data = append(plane.Data, w.Filter(k)[z*size:(z+1)*size]...)
	}
	return plane
}

func TestIm2colOfKinds(t *testing.T) {
	eachKind(t, 104, 40, func(t *testing.T, rng *rand.Rand, p conv.Problem) {
		x, w := operands(t, p, reals(rng))
		sameReference(t, p, must[Reference](t)(Im2col(p, x, w)), must[Reference](t)(Conv(p, x, w)))
	})
}

func TestSampleOfKinds(t *testing.T) {
	eachKind(t, 105, 10, func(t *testing.T, rng *rand.Rand, p conv.Problem) {
		x, w := operands(t, p, reals(rng))
		got := must[Reference](t)(Im2col(p, x, w)).Volume()
		if err := CheckOutput(p, "output volume", got); err != nil {
			t.Fatal(err)
		}
		r := must[Report](t)(CheckSample(got.Data, p, x, w, false, Sample(p, 1, 9), Bounded))
		if !r.OK() || r.Checked < min(9, r.Total) {
			t.Fatalf("%v: %v", p, r)
		}
		corner := ((p.Z.Out-1)*p.H.Out*p.W.Out + p.W.Out - 1) * p.OutChannels // of the last plane, up and right
		if !slices.Contains(Sample(p, 1, 0), corner) {
			t.Fatalf("%v: corner %d is not chosen", p, corner)
		}
	})
}

// The shapes of 3D and unshared operands are checked like the others, and said in full.
func TestShapesOfKinds(t *testing.T) {
	for descriptor, words := range map[string][]string{
		"ic2id3oc4kd2": {"input volume (NZHWC) is 1x9x3x3x2, must be 1x3x3x3x2",
			"(OZHWI) is 4x9x2x2x2, must be 4x2x2x2x2"},
		"ic2ih3oc4kh2+unshared": {"(banks, OHWI) is 9x4x2x2x2, must be 4x4x2x2x2"},
	} {
		p := parse(t, descriptor)
		x, w := operands(t, p, reals(newRand(106)))
		y, v := x, w
		var errs []error
		if p.Unshared {
			v.Banks = 9
			errs = []error{CheckShapes(p, x, v)}
		} else {
			y.Z, v.Z = 9, 9
			errs = []error{CheckShapes(p, y, w), CheckShapes(p, x, v)}
		}
		for i, err := range errs {
			wantError(t, err, ErrShape, words[i])
		}
		if err := CheckShapes(p, x, w); err != nil {
			t.Error(err)
		}
		if v, _ := ConvAt(p, y, v, 0); !math.IsNaN(v) {
			t.Errorf("ConvAt of wrong shapes is %v", v)
		}
	}
}
