package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Pointwise is the reference of a layer of 1x1 filters that reads the outputs which r is about, where these were never
// written down: of a depthwise separable convolution as one kernel computes it. p and w are those of the 1x1 layer.
// The error that is allowed in each output is that of sums of operands which are off themselves, by e where r allows
// it:
//
//	sum|w| e + g(n+2) (sum|w| (|x| + e) + |b|) + n * 2^-126
//
// n and g are those of [Bound]. Source: N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition,
// sections 3.1 and 4.2. Errors wrap [ErrShape].
func (r Reference) Pointwise(p conv.Problem, w tensor.Filters) (Reference, error) {
	if err := r.validate(); err != nil {
		return Reference{}, err
	}
	if err := CheckFilters(p, w); err != nil {
		return Reference{}, err
	}
	if r.Kind != Outputs || r.At != nil {
		return Reference{}, fmt.Errorf("%w: a layer over %s, must be over all outputs", ErrShape, r.about())
	}
	if p.Groups != 1 || p.Transposed || p.Unshared || p.TapsPerOutput() != p.InChannels || p.InLen() != r.whole() ||
		p.InChannels != r.Problem.OutChannels || p.OutLen()/int64(p.OutChannels) != p.InLen()/int64(p.InChannels) {
		return Reference{}, fmt.Errorf(
			"%w: %s is no layer of 1x1 filters over the outputs of %s", ErrShape, p, r.about())
	}
	out := newReference(p)
	out.Allowed = make([]float64, len(out.Value))
	parallel(len(out.Value)/p.OutChannels, func() func(int) {
		return func(pixel int) {
			for k := range p.OutChannels {
				i := pixel*p.OutChannels + k
				v := r.pointwiseAt(pixel*p.InChannels, w.Data[k*p.InChannels:][:p.InChannels], biasOf(w, k))
				out.Value[i], out.Magnitude[i], out.Allowed[i] = v.value, v.magnitude, v.allowed
			}
		}
	})
	return out, nil
}

// pointwiseAt is one output, which reads r from the given element on.
func (r Reference) pointwiseAt(first int, weights []float32, bias float64) (v element) {
	for c, w := range weights {
		weight, x, off := float64(w), r.Value[first+c], r.allowed(first+c)
		v.value += weight * x
		v.magnitude += math.Abs(weight) * (math.Abs(x) + off)
		v.allowed += math.Abs(weight) * off
	}
	v.value += bias
	v.magnitude += math.Abs(bias)
	v.allowed += Bound(len(weights), v.magnitude)
	return v
}
