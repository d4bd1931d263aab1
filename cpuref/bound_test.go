package cpuref

import (
	"math"
	"math/rand/v2"
	"testing"
)

// terms are the float32 pairs whose products one output sums, and its bias.
type terms struct {
	x, w []float32
	bias float32
}

// randomTerms have sizes from 2^-spread to 2^spread, and share one sign if positive.
func randomTerms(rng *rand.Rand, taps, spread int, positive bool) terms {
	draw := func() float32 {
		v := float32(math.Ldexp(1+rng.Float64(), rng.IntN(2*spread+1)-spread))
		if !positive && rng.IntN(2) == 0 {
			return -v
		}
		return v
	}
	t := terms{x: make([]float32, taps), w: make([]float32, taps), bias: draw()}
	for i := range t.x {
		t.x[i], t.w[i] = draw(), draw()
	}
	return t
}

// truth is the reference of the terms.
func (t terms) truth() (value, magnitude float64) {
	for i := range t.x {
		product := float64(t.x[i]) * float64(t.w[i])
		value += product
		magnitude += math.Abs(product)
	}
	return value + float64(t.bias), magnitude + math.Abs(float64(t.bias))
}

// sum adds the terms in this order with arithmetic that rounds as round does.
func (t terms) sum(order []int, round func(float64) float32) float32 {
	s := t.bias
	for _, i := range order {
		// A product of two float32 is exact in float64; a sum of two is not always, but what its
		// rounding to float64 adds is 2^-53, nothing beside u.
		product := round(float64(t.x[i]) * float64(t.w[i]))
		s = round(float64(s) + float64(product))
	}
	return s
}

// Roundings that WGSL allows.
func nearest(v float64) float32 { return float32(v) }

func towardZero(v float64) float32 {
	f := float32(v)
	if math.Abs(float64(f)) > math.Abs(v) {
		f = math.Nextafter32(f, 0)
	}
	return f
}

func awayFromZero(v float64) float32 {
	f := float32(v)
	if math.Abs(float64(f)) < math.Abs(v) {
		f = math.Nextafter32(f, float32(math.Copysign(math.Inf(1), v)))
	}
	return f
}

func flushed(v float64) float32 {
	if f := float32(v); math.Abs(float64(f)) >= smallestNormal {
		return f
	}
	return 0
}

// The bound holds for every order and rounding, and is used to a good part by the worst of them: a
// bound so wide that nothing comes near it would find nothing.
func TestBoundHoldsAndIsTight(t *testing.T) {
	rng := newRand(20)
	for _, c := range []struct {
		name    string
		round   func(float64) float32
		taps    int
		tightBy float64 // a part of the bound that must be used
	}{
		{"nearest", nearest, 1, 0.15}, {"nearest", nearest, 9, 0.1}, {"nearest", nearest, 576, 0.01},
		{"toward zero", towardZero, 1, 0.3}, {"toward zero", towardZero, 9, 0.3},
		{"toward zero", towardZero, 576, 0.15}, {"toward zero", towardZero, 4608, 0.15},
		{"away from zero", awayFromZero, 9, 0.3}, {"away from zero", awayFromZero, 576, 0.15},
		{"flushed", flushed, 64, 0.01},
	} {
		worst := 0.0
		for range 200 {
			v := randomTerms(rng, c.taps, rng.IntN(8), rng.IntN(2) == 0)
			want, magnitude := v.truth()
			got := v.sum(rng.Perm(c.taps), c.round)
			used := math.Abs(float64(got)-want) / Bound(c.taps, magnitude)
			worst = max(worst, used)
			if !(used <= 1) {
				t.Fatalf("%s, %d taps: %v, must be %v, used %.3g of the bound", c.name, c.taps, got, want, used)
			}
		}
		t.Logf("%s, %d taps: at worst %.3g of the bound", c.name, c.taps, worst)
		if worst < c.tightBy {
			t.Errorf("%s, %d taps: at worst %.3g of the bound is used, must be at least %.3g", c.name, c.taps, worst,
				c.tightBy)
		}
	}
}

// Where everything is flushed, only the second term allows it.
func TestBoundOfFlushedProducts(t *testing.T) {
	v := terms{x: make([]float32, 50), w: make([]float32, 50)}
	for i := range v.x {
		v.x[i], v.w[i] = 0x1p-63, 0x1.fp-64
	}
	want, magnitude := v.truth()
	got := v.sum(rand.Perm(50), flushed)
	if got != 0 || want == 0 {
		t.Fatalf("nothing was flushed: %v, %v", got, want)
	}
	if used := want / Bound(50, magnitude); !(used <= 1) || used < 0.4 {
		t.Errorf("used %.3g of the bound, must be from 0.4 to 1", used)
	}
}

func TestBoundByFormula(t *testing.T) {
	for _, c := range []struct {
		taps            int
		magnitude, want float64
	}{
		{1, 1, 4.0/(1<<23)/(1-4.0/(1<<23)) + 2*0x1p-126},
		{0, 0, 0x1p-126},
		{99, 3, 3*102.0/((1<<23)-102) + 100*0x1p-126},
		{1<<23 - 4, 1, 8388607 + 8388605*0x1p-126},
		{1<<23 - 3, 1, math.Inf(1)}, {1<<23 - 3, 0, math.Inf(1)}, {1 << 23, 0, math.Inf(1)},
		{math.MaxInt, 1, math.Inf(1)},
		{-1, 1, math.Inf(1)}, {1, math.Inf(1), math.Inf(1)},
	} {
		if got := Bound(c.taps, c.magnitude); got != c.want && !(math.Abs(got-c.want) < 1e-12*c.want) {
			t.Errorf("Bound(%d, %v) is %v, must be %v", c.taps, c.magnitude, got, c.want)
		}
	}
	if got := Bound(1, math.NaN()); !math.IsNaN(got) {
		t.Errorf("Bound of NaN is %v, must be NaN", got)
	}
}
