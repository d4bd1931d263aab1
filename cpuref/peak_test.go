package cpuref

import "testing"

// TestPeak holds the loop against its closed form: a pair adds more*down + less.
func TestPeak(t *testing.T) {
	starts := []float32{1, 5, -2}
	for _, pairs := range []int{0, 1, 7, 1000} {
		want := float32(1 + 5 - 2 + 3*11 + 3*pairs*(6/2+5))
		if got := Peak(starts, 2, 6, 0.5, 5, 11, pairs); got != want {
			t.Errorf("%d pairs give %g, want %g", pairs, got, want)
		}
	}
	if got := Peak(starts[:1], 4, 8, 0.5, 0, 0, 2); got != (1*2+4)*2+4 {
		t.Errorf("where down is not the inverse of up: %g", got)
	}
}
