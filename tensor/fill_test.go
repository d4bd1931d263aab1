package tensor

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The first values for one seed: if these change, so does every recorded result.
func TestFillsAreStable(t *testing.T) {
	integers := make([]float32, 8)
	FillIntegers(integers, rand.New(rand.NewPCG(1, 2)), 3)
	if want := []float32{2, 1, 2, 2, -2, -3, 0, 0}; !slices.Equal(integers, want) {
		t.Errorf("FillIntegers: got %v, want %v", integers, want)
	}
	reals := make([]float32, 4)
	FillReals(reals, rand.New(rand.NewPCG(1, 2)))
	if want := []float32{0.9191139, 0.61534655, 0.6271368, 0.8574481}; !slices.Equal(reals, want) {
		t.Errorf("FillReals: got %v, want %v", reals, want)
	}
}

func TestFillIntegersIsUniform(t *testing.T) {
	const limit, each = 4, 2000
	data := make([]float32, (2*limit+1)*each)
	FillIntegers(data, rand.New(rand.NewPCG(3, 4)), limit)
	count := map[float32]int{}
	for _, x := range data {
		count[x]++
	}
	if len(count) != 2*limit+1 {
		t.Errorf("%d different values, want %d: %v", len(count), 2*limit+1, count)
	}
	for x, n := range count {
		if x < -limit || x > limit || x != float32(int(x)) || n < each*8/10 || n > each*12/10 {
			t.Errorf("%v came %d times, want about %d", x, n, each)
		}
	}
}

func TestFillIntegersLimits(t *testing.T) {
	for _, test := range []struct {
		limit int
		most  float32
	}{{0, 1}, {-5, 1}, {1, 1}, {1 << 24, 1 << 24}, {1 << 40, 1 << 24}} {
		data := make([]float32, 1000)
		FillIntegers(data, rand.New(rand.NewPCG(5, 6)), test.limit)
		low, high := slices.Min(data), slices.Max(data)
		if low < -test.most || high > test.most || low > -0.9*test.most || high < 0.9*test.most {
			t.Errorf("limit %d: from %v to %v, want about -%v to %v", test.limit, low, high, test.most, test.most)
		}
	}
}

func TestFillRealsIsUniform(t *testing.T) {
	data := make([]float32, 20000)
	FillReals(data, rand.New(rand.NewPCG(7, 8)))
	var tenths [20]int
	for _, x := range data {
		if x < -1 || x >= 1 {
			t.Fatalf("%v is outside [-1, 1)", x)
		}
		tenths[int((x+1)*10)]++
	}
	for i, n := range tenths {
		if n < 800 || n > 1200 {
			t.Errorf("%d numbers in tenth %d, want about 1000", n, i)
		}
	}
}
