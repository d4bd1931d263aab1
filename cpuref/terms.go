package cpuref

import (
	"math"

	"github.com/gpuconv/gpuconv/conv"
)

// What references outside of this package derive their allowed errors from.
const (
	// Unit is u, the relative error of one float32 operation in WGSL: 2^-23.
	Unit = unit
	// SmallestNormal is 2^-126. WGSL lets an implementation flush what is smaller to zero.
	SmallestNormal = smallestNormal
)

// Growth is g(n) = n*u / (1 - n*u), the relative error of n roundings one after the other; +Inf where n*u >= 1. Sums
// of n products have g(n+2) of their magnitude: see [Bound].
func Growth(n float64) float64 { return growth(n) }

// Activate is an activation's value at z in float64, and the error that a float32 kernel's own steps may have there,
// without the rounding of z. slope is PReLU's, of the number's channel.
func Activate(a conv.Activation, z, slope float64) (value, allowed float64) {
	return activate(a, z, slope), ownError(a, z, 0, slope)
}

// ErfAllowed is the error that a float32 kernel's erf(x) may have, by Abramowitz and Stegun's formula 7.1.26.
func ErfAllowed(x float64) float64 { return erfError(x*math.Sqrt2, 0) }

// Parallel calls do with every number below n, in any order, on all processors. do must not panic.
func Parallel(n int, do func(i int)) { parallel(n, func() func(int) { return do }) }
