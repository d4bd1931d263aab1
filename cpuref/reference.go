package cpuref

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Reference is the truth about one layer's output: for every output of Problem, in NHWC order over all
// images, its value in float64 and the magnitude sum|x||w| + |b| that [Bound] needs. Outputs that depend
// on an infinite or NaN input, weight or bias are not finite here either, and [Check] refuses them.
//
// Products of two float32 are exact in float64, so Value is off by at most about n * 2^-53 of Magnitude
// for n terms; Bound leaves room for that.
type Reference struct {
	Problem          conv.Problem
	Value, Magnitude []float64
}

// newReference has room for all outputs of p.
func newReference(p conv.Problem) Reference {
	n := p.OutLen()
	return Reference{Problem: p, Value: make([]float64, n), Magnitude: make([]float64, n)}
}

// Volume is the values rounded to float32, as the N x H x W x D output volume.
func (r Reference) Volume() tensor.Volume {
	p := r.Problem
	v := tensor.Volume{N: p.Batch, H: p.H.Out, W: p.W.Out, D: p.OutChannels, Data: make([]float32, len(r.Value))}
	for i, value := range r.Value {
		v.Data[i] = float32(value)
	}
	return v
}

// validate refuses references that were put together wrongly by hand.
func (r Reference) validate() error {
	if err := r.Problem.Validate(); err != nil {
		return err
	}
	if n := r.Problem.OutLen(); int64(len(r.Value)) != n || int64(len(r.Magnitude)) != n {
		return fmt.Errorf("%w: the reference has %d values and %d magnitudes, must have %d of each for %s",
			ErrShape, len(r.Value), len(r.Magnitude), n, r.Problem)
	}
	return nil
}
