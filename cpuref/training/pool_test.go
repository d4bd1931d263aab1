package training

import (
	"slices"
	"testing"
)

// TestPoolOfEqual holds that of equal numbers the first has the gradient, for certain, but that any of them may have
// it where they are off by something.
func TestPoolOfEqual(t *testing.T) {
	p := Pool{Batch: 1, Channels: 1, H: 2, W: 2, Window: 2, Stride: 2}
	for _, c := range []struct{ x, off, want, allowed []float64 }{
		{[]float64{3, 3, 3, 3}, []float64{0, 0, 0, 0}, []float64{5, 0, 0, 0}, []float64{0.5, 0, 0, 0}},
		{[]float64{2, 3, 3, 3}, []float64{0, 0, 0, 0}, []float64{0, 5, 0, 0}, []float64{0, 0.5, 0, 0}},
		{[]float64{2, 3, 3, 1}, []float64{0, 0.1, 0, 0}, []float64{0, 5, 0, 0}, []float64{0, 5.5, 5.5, 0}},
		{[]float64{2, 3, 3, 1}, []float64{1.5, 0, 0, 0}, []float64{0, 5, 0, 0}, []float64{5.5, 5.5, 0, 0}},
	} {
		dx := p.gradient(Numbers{c.x, c.off}, Numbers{[]float64{5}, []float64{0.5}})
		if !slices.Equal(dx.Value, c.want) || !slices.Equal(dx.Error, c.allowed) {
			t.Errorf("dX of %v, off by %v, is %v off by %v, must be %v off by %v", c.x, c.off, dx.Value, dx.Error,
				c.want, c.allowed)
		}
	}
}
