package cpuref

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
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
	return 0, fmt.Errorf("%w: exact sums have at most %d taps an output, %s has %d: check by the bound, or make kh, kw or ic smaller",
		ErrNoVerdict, exactEnd-2, p, taps)
}
