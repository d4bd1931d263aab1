package cpuref

import (
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// A transform computes a transposed layer as one convolution of stride 1 for all residues that its outputs' places
// leave modulo the strides (shaders/depth_to_space.wgsl puts them between each other). The values are the transposed
// layer's own, from its definition; how wrong they may be follows from the tiles of that convolution, so that these
// must be known here. What is derived here owes nothing to package transform.

// residue is what computes the outputs at the places of one residue: a convolution of stride 1.
type residue struct {
	problem conv.Problem
	weights tensor.Filters
	at      [3]int // of the outputs' places z, y, x
	behind  [3]int // by how many places the convolution begins before the first output
	reached bool   // by a tap, else its outputs are biases
}

// lead is which input a tap of a residue reads along an axis: its output number y reads input y + offset.
type lead struct{ offset, tap int }

// leads are those of one residue, the one first that reads farthest.
func leads(a conv.Axis, at int) (all []lead) {
	for f := range a.Filter {
		if from := at + a.Pad - f*a.Dilation; from%a.Stride == 0 {
			all = append(all, lead{from / a.Stride, f})
		}
	}
	return all
}

// residueAxis is the axis of the convolution that computes all residues.
func residueAxis(a conv.Axis) conv.Axis {
	to := conv.Axis{In: a.In, Out: 1, Filter: 1, Stride: 1, Dilation: 1}
	first := math.MaxInt
	for at := range min(a.Stride, a.Out) {
		if l := leads(a, at); len(l) > 0 {
			to.Filter, first = max(to.Filter, len(l)), min(first, l[0].offset)
			if len(l) > 1 {
				to.Dilation = l[0].offset - l[1].offset
			}
		}
	}
	for o := range a.Out {
		if l := leads(a, o%a.Stride); len(l) > 0 {
			to.Out = max(to.Out, o/a.Stride+l[0].offset-first+1)
		}
	}
	to.Pad = (to.Filter-1)*to.Dilation - first
	return to
}

// residuesOf are all residues of a transposed layer, z, then y, then x. The error is a convolution's own.
func residuesOf(p conv.Problem, w tensor.Filters) (all []residue, err error) {
	to := conv.Problem{Batch: p.Batch, Groups: p.Groups, InChannels: p.InChannels, OutChannels: p.OutChannels,
		Z: residueAxis(p.Z), H: residueAxis(p.H), W: residueAxis(p.W)}
	if to, err = conv.New(to); err != nil {
		return nil, err
	}
	for z := range min(p.Z.Stride, p.Z.Out) {
		for y := range min(p.H.Stride, p.H.Out) {
			for x := range min(p.W.Stride, p.W.Out) {
				all = append(all, residueAt(p, to, w, [3]int{z, y, x}))
			}
		}
	}
	return all, nil
}

// residueAt is the one at z, y, x, with its filters.
func residueAt(p, to conv.Problem, w tensor.Filters, at [3]int) residue {
	r := residue{problem: to, at: at, weights: filtersFor(to, w.Bias), reached: true}
	var taps [3][]lead
	for i, a := range p.Axes() {
		if taps[i] = leads(a, at[i]); len(taps[i]) == 0 {
			r.reached = false
			return r
		}
		b := to.Axes()[i]
		r.behind[i] = taps[i][0].offset - ((b.Filter-1)*b.Dilation - b.Pad)
	}
	// The tap of the convolution that a lead becomes: place y, behind the first, reads y + tap*dilation - pad.
	tap := func(axis int, l lead) int {
		b := to.Axes()[axis]
		return (l.offset + b.Pad - r.behind[axis]) / b.Dilation
	}
	f := &r.weights
	for k := range p.OutChannels {
		for _, z := range taps[0] {
			for _, y := range taps[1] {
				for _, x := range taps[2] {
					from := ((k*p.Z.Filter+z.tap)*p.H.Filter+y.tap)*p.W.Filter + x.tap
					onto := ((k*f.Z+tap(0, z))*f.H+tap(1, y))*f.W + tap(2, x)
					copy(f.Data[onto*f.D:][:f.D], w.Data[from*f.D:])
				}
			}
		}
	}
	return r
}

// filtersFor are filters of zeros with these biases.
func filtersFor(p conv.Problem, biases []float32) tensor.Filters {
	return tensor.Filters{K: p.OutChannels, Z: p.Z.Filter, H: p.H.Filter, W: p.W.Filter, D: p.InChannels / p.Groups,
		Data: make([]float32, p.FilterLen()), Bias: biases}
}

// output is where the convolution has an output of V, given its index there.
func (r residue) output(p *conv.Problem, index int) int {
	at, to := placeOf(p, index), &r.problem
	z := at.z/p.Z.Stride + r.behind[0]
	y := at.y/p.H.Stride + r.behind[1]
	x := at.x/p.W.Stride + r.behind[2]
	return (((at.n*to.Z.Out+z)*to.H.Out+y)*to.W.Out+x)*to.OutChannels + at.d
}

// outputsOfResidues are the indices of outputs, those of each residue for themselves, and which of all they are.
func outputsOfResidues(p *conv.Problem, count int, index func(int) int) (which [][]int) {
	sizes := [3]int{min(p.Z.Stride, p.Z.Out), min(p.H.Stride, p.H.Out), min(p.W.Stride, p.W.Out)}
	which = make([][]int, sizes[0]*sizes[1]*sizes[2])
	for i := range count {
		at := placeOf(p, index(i))
		r := (at.z%p.Z.Stride*sizes[1]+at.y%p.H.Stride)*sizes[2] + at.x%p.W.Stride
		which[r] = append(which[r], i)
	}
	return which
}

// transposedBounds fills in the errors that the outputs of a transposed layer may have where a transform computes
// them, of those that r is about.
func transposedBounds(by transform.Transform, r Reference, x tensor.Volume, w tensor.Filters) error {
	p := &r.Problem
	residues, err := residuesOf(*p, w)
	if err != nil {
		return err
	}
	for i, which := range outputsOfResidues(p, len(r.Allowed), r.index) {
		if !residues[i].reached {
			for _, j := range which {
				r.Allowed[j] = Bound(r.terms(), r.Magnitude[j])
			}
			continue
		}
		if err := residues[i].bounds(by, r, x, which); err != nil {
			return err
		}
	}
	return nil
}

// bounds fills in the errors of some outputs of the residue.
func (r residue) bounds(by transform.Transform, of Reference, x tensor.Volume, which []int) error {
	tiling, err := tilingOf(by, r.problem)
	if err != nil {
		return err
	}
	b := newTransformBound(tiling, r.problem, x, r.weights)
	if of.At == nil {
		all := make([]float64, r.problem.OutLen())
		b.all(all)
		for _, j := range which {
			of.Allowed[j] = all[r.output(&of.Problem, j)]
		}
		return nil
	}
	indices := make([]int, len(which))
	for i, j := range which {
		indices[i] = r.output(&of.Problem, of.At[j])
	}
	sampled := make([]float64, len(which))
	b.sample(indices, sampled)
	for i, j := range which {
		of.Allowed[j] = sampled[i]
	}
	return nil
}

// InputGradientTransformed is [InputGradient] where a transform computed it: as the layer that has p's input for its
// output, and that has the filters with their channels exchanged. Errors are also those of [Transformed].
func InputGradientTransformed(
	by transform.Transform,
	p conv.Problem,
	w tensor.Filters,
	dv tensor.Volume,
) (Reference, error) {
	r, err := InputGradient(p, w, dv)
	if err != nil {
		return r, err
	}
	back, err := p.Adjoint()
	if err != nil {
		return r, err
	}
	of, err := Transformed(by, back, dv, exchanged(p, back, w))
	r.Allowed = of.Allowed
	return r, err
}

// exchanged are p's filters with the input channels of each group as its output channels.
func exchanged(p, back conv.Problem, w tensor.Filters) tensor.Filters {
	f := filtersFor(back, nil)
	taps, inputs, outputs := f.Z*f.H*f.W, p.InChannels/p.Groups, p.OutChannels/p.Groups
	for i, weight := range w.Data {
		c, tap, k := i%inputs, i/inputs%taps, i/inputs/taps
		f.Data[((k/outputs*inputs+c)*taps+tap)*outputs+k%outputs] = weight
	}
	return f
}
