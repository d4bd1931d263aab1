package cpuref

import "math"

// unit is u, the relative error of one float32 operation: 2^-23 and not 2^-24, because WGSL leaves the
// rounding mode open.
const unit = 1.0 / (1 << 23)

// smallestNormal is 2^-126. WGSL lets an implementation flush what is smaller to zero.
const smallestNormal = 1.0 / (1 << 126)

// Bound is how far a float32 output of so many taps may lie from its [Reference], given the output's
// magnitude sum|x||w| + |b|, in any order of summation, with or without fused operations:
//
//	g(n+2) * magnitude + n * 2^-126    n = taps + 1, g(n) = n*u / (1 - n*u), u = 2^-23
//
// It is +Inf where (n+2)*u >= 1 (sums that long have no bound) and where taps is negative. Source: N. J.
// Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, sections 3.1 and 4.2; the two
// terms more than n leave room for the reference's own rounding, n * 2^-126 for flushed results.
//
// It takes operands to be zero or normal: where an operand below 2^-126 is itself flushed, the error
// is that number times its partner, which the bound covers only for partners of at most 1.
func Bound(taps int, magnitude float64) float64 {
	n := float64(taps) + 1
	g := growth(n + 2)
	if taps < 0 || math.IsInf(g, 1) {
		return math.Inf(1)
	}
	return g*magnitude + n*smallestNormal
}

// growth is g(n), the relative error of n roundings one after the other; +Inf where they have no bound.
func growth(n float64) float64 {
	if n*unit >= 1 {
		return math.Inf(1)
	}
	return n * unit / (1 - n*unit)
}
