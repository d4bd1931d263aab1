package split

import "github.com/gpuconv/gpuconv/conv"

// Reaching is how many inputs a plan takes a block of so many outputs and taps to have at most.
func Reaching(a conv.Axis, transposed bool, outs, taps int64) int64 {
	if transposed {
		return reaching(a, outs, taps)
	}
	return windowed(a, outs, taps)
}
