package cpuref

import (
	"fmt"
	"math"
)

// The bit patterns below are quiet NaNs, each of its own kind, so that whoever computes with an output
// that was never written, or with what lies beside a buffer, computes NaN.
const (
	poison    = 0x7fc0dead
	guardBase = 0xffc00000 // the sign keeps guards apart from poison and from the GPU's own NaN
	guardMask = 0x001fffff
)

// Poison fills an output before it is uploaded, so that outputs which nothing writes fail the check.
func Poison(data []float32) {
	nan := math.Float32frombits(poison)
	for i := range data {
		data[i] = nan
	}
}

// FillGuard fills the words beside a buffer. Each is another, so that moved words are noticed too.
func FillGuard(words []uint32) {
	for i := range words {
		words[i] = guardWord(i)
	}
}

// guardWord is a quiet NaN whose payload is a hash of the word's index (Fibonacci hashing).
func guardWord(i int) uint32 { return guardBase | uint32(i)*0x9e3779b1>>8&guardMask | 1 }

// CheckGuard reports whether words are as [FillGuard] left them. The error wraps [ErrGuard] and says
// which word was overwritten first, with what, and how many were. what names the guard, as in "guard
// behind the output". A guard of no words is an error: it guards nothing.
func CheckGuard(what string, words []uint32) error {
	if len(words) == 0 {
		return fmt.Errorf("%w: %s has no words to check", ErrGuard, what)
	}
	first, count := -1, 0
	for i, word := range words {
		if word != guardWord(i) {
			if count == 0 {
				first = i
			}
			count++
		}
	}
	if count == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s: %d of %d words, the first is word %d: %#08x (as a float32 %v), must be %#08x", ErrGuard,
		what, count, len(words), first, words[first], math.Float32frombits(words[first]), guardWord(first))
}

// CheckUnchanged reports whether data that a run may only read is, bit for bit, what it was before. The
// error wraps [ErrChanged] and names the first element that differs and how many do, or [ErrShape]
// where the lengths do. what names the data, as in "input volume".
func CheckUnchanged(what string, before, after []float32) error {
	if len(before) != len(after) {
		return fmt.Errorf("%w: %s has %d elements after the run, must have %d", ErrShape, what, len(after),
			len(before))
	}
	first, count := -1, 0
	for i := range before {
		// Bits, for a NaN differs from itself and -0 equals +0.
		if math.Float32bits(before[i]) != math.Float32bits(after[i]) {
			if count == 0 {
				first = i
			}
			count++
		}
	}
	if count == 0 {
		return nil
	}
	return fmt.Errorf(
		"%w: %s: %d of %d elements, the first is element %d: %v (%#08x), must be %v (%#08x)",
		ErrChanged,
		what,
		count,
		len(before),
		first,
		after[first],
		math.Float32bits(after[first]),
		before[first],
		math.Float32bits(before[first]),
	)
}
