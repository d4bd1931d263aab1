package exec

import (
	"errors"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
)

// TestBytes holds that bytes come back as they were packed, and that what stands behind the last one is noticed.
func TestBytes(t *testing.T) {
	data := []int8{-128, -1, 0, 127, 5, 6, -7}
	for n := range len(data) + 1 {
		words, got := PackBytes(data[:n]), make([]int8, n)
		if err := UnpackBytes(got, words); err != nil || !slices.Equal(got, data[:n]) {
			t.Errorf("%v, %v, must be %v", got, err, data[:n])
		}
		if n%4 == 0 {
			continue
		}
		words[len(words)-1] |= 1 << (n % 4 * 8)
		if err := UnpackBytes(got, words); !errors.Is(err, cpuref.ErrGuard) {
			t.Errorf("a number behind %d: error %v, must wrap %q", n, err, cpuref.ErrGuard)
		}
	}
}
