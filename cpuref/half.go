package cpuref

import "math"

// halfMost is the largest finite binary16.
const halfMost = 65504

// AllowedHalf is how far rounding v to the nearest binary16 may move it: 2^-11 |v| + 2^-25, the first of
// normal numbers, the second of subnormal ones. It is +Inf where v may become infinite.
func AllowedHalf(v float64) float64 {
	if math.Abs(v) > halfMost {
		return math.Inf(1)
	}
	return 0x1p-11*math.Abs(v) + 0x1p-25
}

// Half is the reference of the same result when it is stored as float16: each allowed error grows by
// [AllowedHalf] of the number that is rounded. The inputs' own rounding is no error but other inputs: use
// tensor.RoundHalf on them.
func (r Reference) Half() Reference {
	if r.validate() != nil {
		return r // Check says what is wrong with it
	}
	stored := r
	stored.Allowed = make([]float64, len(r.Value))
	for i, v := range r.Value {
		allowed := r.allowed(i)
		stored.Allowed[i] = allowed + AllowedHalf(math.Abs(v)+allowed)
	}
	return stored
}
