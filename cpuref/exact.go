package cpuref

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/transform"
)

const (
	exactEnd  = 1 << 24 // every whole number up to here is a float32
	exactMost = 1 << 10 // larger data would find no more errors
)

// ExactLimit is the largest L, at most 2^10, such that with whole inputs, weights and biases in [-L, L]
// every partial sum of every output of p stays below 2^24 in size, and is therefore exact in float32 in
// any order of summation: n*L*L + L < 2^24 for n taps an output. The error wraps [ErrNoVerdict] where
// not even L = 1 is small enough, or is the problem's own.
func ExactLimit(p conv.Problem) (int, error) {
	if err := p.Validate(); err != nil {
		return 0, err
	}
	taps := p.TapsPerOutput()
	for l := exactMost; l >= 1; l-- {
		// Divided rather than multiplied: taps may be 2^48.
		if taps <= (exactEnd-1-l)/(l*l) {
			return l, nil
		}
	}
	return 0, fmt.Errorf(
		"%w: exact sums have at most %d taps an output, %s has %d: check by the bound, or make kh, kw or ic smaller",
		ErrNoVerdict,
		exactEnd-2,
		p,
		taps,
	)
}

// TransformExactLimit is [ExactLimit] for Winograd's F(2 x 2, 3 x 3): with whole inputs, weights and biases
// in [-L, L] no step rounds, in any order of summation, for
//
//	256*n*L*L + 4*L < 2^24    n = ic/g
//
// Transformed filters are multiples of 1/4, and so is all that follows; 2^24 such units are exact. Rows of
// Bᵀ add 2 inputs: transformed ones are whole, and at most 4L. The sums of absolute values of G's rows are
// 1, 3/2, 3/2 and 1, of which the second row of Aᵀ adds the last three, 4; the first adds as many. In both
// directions, and over n channels of products, outputs add up to at most 4*4 * n * 4L * L, and every sum
// on the way is a part of this one, or is multiplied by 1 or more before it becomes one.
//
// The error wraps [ErrNoVerdict] where not even L = 1 is small enough, and where the transform is not exact for
// another reason than that it does not serve p, of which [transform.Transform.Check] gives the error.
func TransformExactLimit(by transform.Transform, p conv.Problem) (int, error) {
	h, w, err := by.Tile(p)
	if err != nil {
		return 0, err
	}
	if !by.Exact(p) {
		return 0, fmt.Errorf(
			"%w: %v with tiles of %d x %d inputs has numbers that no float32 holds: check %s by the bound",
			ErrNoVerdict,
			by,
			h,
			w,
			p,
		)
	}
	depth := p.InChannels / p.Groups
	for l := exactMost; l >= 1; l-- {
		if depth <= (exactEnd-1-4*l)/(256*l*l) {
			return l, nil
		}
	}
	return 0, fmt.Errorf(
		"%w: exact sums of Winograd's F(2,3) have at most %d channels a group, %s has %d: check by the bound",
		ErrNoVerdict,
		(exactEnd-5)/256,
		p,
		depth,
	)
}
