package cpuref

import (
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/tensor"
)

// Rounding to float16 stays within AllowedHalf, and comes near it.
func TestAllowedHalf(t *testing.T) {
	rng := newRand(500)
	worst := 0.0
	for range 100000 {
		v := float32(math.Ldexp(rng.Float64()*2-1, rng.IntN(42)-26))
		used := math.Abs(float64(tensor.FromHalf(tensor.ToHalf(v))-v)) / AllowedHalf(float64(v))
		if worst = max(worst, used); !(used <= 1) {
			t.Fatalf("%v is rounded by %v of what is allowed", v, used)
		}
	}
	if worst < 0.9 {
		t.Errorf("at worst %v of what is allowed is used", worst)
	}
	if !math.IsInf(AllowedHalf(-65505), 1) || math.IsInf(AllowedHalf(65504), 1) {
		t.Error("65504 is the largest half")
	}
}

// A result that is right in float32 is right in float16, by the bound of the latter alone.
func TestHalf(t *testing.T) {
	l := newLayer(t, small, Bounded)
	stored := l.ref.Half()
	got := l.ref.Volume().Data
	tensor.RoundHalf(got)
	if r := must[Report](t)(Check(got, stored, Bounded)); !r.OK() || r.BoundUsed < 0.5 {
		t.Error(r)
	}
	if r := must[Report](t)(Check(got, l.ref, Bounded)); r.OK() {
		t.Errorf("rounded, by the bound of float32: %v", r)
	}
	for i := range got {
		got[i] += float32(2.1 * stored.Allowed[i])
	}
	if r := must[Report](t)(Check(got, stored, Bounded)); r.Failed != len(got) {
		t.Errorf("all spoilt: %v", r)
	}
	Reference{}.Half() // must not panic
}
