package host_test

import (
	"math/rand/v2"
	"testing"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestNotesExample is the example of the CS231n notes: X is 11x11x4, W0 and W1 are 5x5x4, S=2, P=0, V is
// 4x4x2. The sums are written out here, so that nothing of the project stands behind them but At.
func TestNotesExample(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, _ := tensor.NewVolume(1, 11, 11, 4)
	w, _ := tensor.NewFilters(2, 5, 5, 4)
	for _, data := range [][]float32{x.Data, w.Data, w.Bias} {
		tensor.FillIntegers(data, rng, 100)
	}
	v, err := build(t, hosttest.Open(t), problem(t, "ic4ih11oc2kh5sh2"), w, host.LayerOptions{}).Run(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if v.N != 1 || v.H != 4 || v.W != 4 || v.D != 2 {
		t.Fatalf("V is %v, must be 1x4x4x2", v)
	}
	for _, c := range []struct {
		x, y, k    int // V[x,y,k]
		fromX, toX int // = sum(X[fromX:toX, fromY:toY, :] * W_k) + b_k
		fromY, toY int
	}{
		{0, 0, 0, 0, 5, 0, 5},
		{1, 0, 0, 2, 7, 0, 5},
		{0, 1, 1, 0, 5, 2, 7},
		{2, 3, 1, 4, 9, 6, 11},
	} {
		sum := w.Bias[c.k]
		for i := c.fromX; i < c.toX; i++ {
			for j := c.fromY; j < c.toY; j++ {
				for d := range 4 {
					sum += x.At(i, j, d) * w.At(c.k, i-c.fromX, j-c.fromY, d)
				}
			}
		}
		if got := v.At(c.x, c.y, c.k); got != sum {
			t.Errorf("V[%d,%d,%d] is %v, must be %v", c.x, c.y, c.k, got, sum)
		}
	}
}
