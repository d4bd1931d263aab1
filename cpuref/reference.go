package cpuref

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Reference is the truth about one result of a layer, its outputs unless Kind says otherwise: for every
// element, in the order that Kind names, its value in float64 and the magnitude sum|x||w| + |b| that
// [Bound] needs. What depends on an infinite or NaN operand is not finite here either, and [Check]
// refuses it.
//
// Products of two float32 are exact in float64, so Value is off by at most about n * 2^-53 of Magnitude
// for n terms; Bound leaves room for that.
type Reference struct {
	Problem          conv.Problem
	Value, Magnitude []float64
	// Allowed is the error that each float32 may have; nil is Bound(terms, magnitude).
	Allowed []float64
	// Terms is the largest number of products in one element; 0 is the problem's TapsPerOutput.
	Terms int
	Kind  Kind
	// At are the NHWC indices, ascending, of the outputs that the elements are about; nil is all of them.
	At []int
}

// Kind is what a [Reference] is about.
type Kind int

const (
	Outputs         Kind = iota // V, in NHWC order over all images (NZHWC in 3D)
	InputGradients              // dX, in X's order
	FilterGradients             // dW, in the order of the filters' Data
	BiasGradients               // db, in the order of the filters' Bias
	SumGradients                // dZ, of what the activation is applied to, in V's order
	SlopeGradients              // of a PReLU's slopes, one for each output channel
)

// String is the name in formulas: V, dX, dW, db, dZ, dslope.
func (k Kind) String() string {
	if k < Outputs || k > SlopeGradients {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return [...]string{"V", "dX", "dW", "db", "dZ", "dslope"}[k]
}

// newReference has room for all outputs of p.
func newReference(p conv.Problem) Reference { return newReferenceOf(p, Outputs) }

// newReferenceOf has room for all elements of this kind.
func newReferenceOf(p conv.Problem, kind Kind) Reference {
	r := Reference{Problem: p, Kind: kind}
	n := r.size()
	r.Value, r.Magnitude = make([]float64, n), make([]float64, n)
	return r
}

// size is the number of elements that there must be.
func (r Reference) size() int64 {
	if r.At != nil {
		return int64(len(r.At))
	}
	return r.whole()
}

// index is the place in the result of what element i is about.
func (r Reference) index(i int) int {
	if r.At != nil {
		return r.At[i]
	}
	return i
}

// whole is the number of elements of the result. What [EpilogueGradient] gives has no problem; it is as long as it
// is.
func (r Reference) whole() int64 {
	p := r.Problem
	switch {
	case r.loose():
		return int64(len(r.Value))
	case r.Kind == InputGradients:
		return p.InLen()
	case r.Kind == FilterGradients:
		return p.FilterLen()
	case r.Kind == BiasGradients:
		return p.BiasLen()
	case r.Kind == SlopeGradients:
		return int64(p.OutChannels)
	}
	return p.OutLen()
}

// loose tells whether the reference may be, and is, without a problem.
func (r Reference) loose() bool {
	return r.Problem == (conv.Problem{}) && (r.Kind == SumGradients || r.Kind == SlopeGradients)
}

// terms is the largest number of products in one element.
func (r Reference) terms() int {
	if r.Terms == 0 {
		return r.Problem.TapsPerOutput()
	}
	return r.Terms
}

// allowed is the error that element i may have.
func (r Reference) allowed(i int) float64 {
	if r.Allowed != nil {
		return r.Allowed[i]
	}
	return Bound(r.terms(), r.Magnitude[i])
}

// Volume is the values rounded to float32, as the N x H x W x D output volume. Input gradients are an
// input volume, and sum gradients an output one; all others, and samples, are one column of numbers.
func (r Reference) Volume() tensor.Volume {
	shape := outputShape(r.Problem)
	switch {
	case r.At != nil:
		shape = [5]int{1, 1, 1, 1, len(r.Value)}
	case r.Kind == InputGradients:
		shape = inputShape(r.Problem)
	case r.Kind != Outputs && r.Kind != SumGradients || r.loose():
		shape = [5]int{1, 1, 1, 1, len(r.Value)}
	}
	v := tensor.Volume{
		N:    shape[0],
		Z:    shape[1],
		H:    shape[2],
		W:    shape[3],
		D:    shape[4],
		Data: make([]float32, len(r.Value)),
	}
	for i, value := range r.Value {
		v.Data[i] = float32(value)
	}
	return v
}

// validate refuses references that were put together wrongly by hand.
func (r Reference) validate() error {
	if r.Kind < Outputs || r.Kind > SlopeGradients {
		return fmt.Errorf("%w: reference of %v, must be from %v to %v", ErrShape, r.Kind, Outputs, SlopeGradients)
	}
	if !r.loose() {
		if err := r.Problem.Validate(); err != nil {
			return err
		}
	}
	if r.Terms < 0 {
		return fmt.Errorf(
			"%w: the reference's sums have %d terms, must be 1 or more, or 0 for the problem's own number",
			ErrShape,
			r.Terms,
		)
	}
	if r.loose() && r.Terms == 0 && r.Allowed == nil {
		return fmt.Errorf(
			"%w: the reference of %v has neither a problem nor terms nor allowed errors, must have one of them",
			ErrShape,
			r.Kind,
		)
	}
	if r.At != nil {
		if r.Kind != Outputs {
			return fmt.Errorf("%w: a sample of %s, must be of outputs", ErrShape, r.about())
		}
		if err := checkIndices(r.Problem, r.At); err != nil {
			return err
		}
	}
	n := r.size()
	if int64(len(r.Value)) != n || int64(len(r.Magnitude)) != n {
		return fmt.Errorf("%w: the reference has %d values and %d magnitudes, must have %d of each for %s",
			ErrShape, len(r.Value), len(r.Magnitude), n, r.about())
	}
	if r.Allowed != nil && int64(len(r.Allowed)) != n {
		return fmt.Errorf(
			"%w: the reference has %d allowed errors, must have %d, or none, for %s",
			ErrShape,
			len(r.Allowed),
			n,
			r.about(),
		)
	}
	return nil
}

// about names what the reference is about, for errors.
func (r Reference) about() string {
	switch {
	case r.loose():
		return r.Kind.String()
	case r.Kind == Outputs:
		return r.Problem.String()
	}
	return r.Kind.String() + " of " + r.Problem.String()
}
