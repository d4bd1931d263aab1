package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
)

// QuantizedConv computes the sums of a layer of 8-bit whole numbers, exactly, in V's order (ONNX's
// ConvInteger, with int8 for both):
//
//	V[o,k] = sum of (X[i,c] - xZero) * (W_k[f,c] - wZero[k])
//
// x is in NHWC order and w in OHWI, as [CheckShapes] has them. xZero and wZero are the zero points, the
// numbers that stand for 0; wZero holds one, or one for each output channel, or none where it is 0. The
// zeros of the padding stand for 0 and add nothing. The error wraps [ErrShape] where a length is wrong, and
// [ErrNoVerdict] where a sum passes int32, the type that an integer shader adds in.
func QuantizedConv(p conv.Problem, x, w []int8, xZero int8, wZero []int8) ([]int64, error) {
	if err := checkQuantized(p, x, w, wZero); err != nil {
		return nil, err
	}
	v := make([]int64, p.OutLen())
	eachColumn(&p, func(out, weights, inputs, depth int) {
		if inputs < 0 {
			return
		}
		zero := int64(0)
		if len(wZero) > 0 {
			zero = int64(wZero[out%p.OutChannels%len(wZero)])
		}
		for d := range depth {
			v[out] += (int64(x[inputs+d]) - int64(xZero)) * (int64(w[weights+d]) - zero)
		}
	})
	for i, sum := range v {
		if sum < math.MinInt32 || sum > math.MaxInt32 {
			m := mismatchAt(&Reference{Problem: p}, i)
			return nil, fmt.Errorf(
				"%w: %s is %d, must be an int32, from %d to %d: use fewer taps or input channels, in %s",
				ErrNoVerdict,
				m.at(),
				sum,
				math.MinInt32,
				math.MaxInt32,
				p,
			)
		}
	}
	return v, nil
}

func checkQuantized(p conv.Problem, x, w, wZero []int8) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if int64(len(x)) != p.InLen() || int64(len(w)) != p.FilterLen() {
		return fmt.Errorf(
			"%w: there are %d inputs and %d weights, must be %d and %d for %s",
			ErrShape,
			len(x),
			len(w),
			p.InLen(),
			p.FilterLen(),
			p,
		)
	}
	if n := len(wZero); n > 1 && n != p.OutChannels {
		return fmt.Errorf(
			"%w: there are %d zero points of the weights, must be 0, 1 or %d, one for each output channel, for %s",
			ErrShape,
			n,
			p.OutChannels,
			p,
		)
	}
	if p.OutLen() > MaxOutputs {
		return fmt.Errorf("%w: %s has %d outputs, at most %d are held", ErrShape, p, p.OutLen(), MaxOutputs)
	}
	return nil
}
