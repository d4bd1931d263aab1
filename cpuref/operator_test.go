package cpuref

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// TestOperator holds each operator's reference to values by hand, and says what it may round.
func TestOperator(t *testing.T) {
	x, y := []float32{1.5, -2, 0, 4}, []float32{3, -2.5, -1, 0.5}
	want := map[string][]float64{
		"copy": {1.5, -2, 0, 4}, "relu": {1.5, 0, 0, 4}, "add": {4.5, -4.5, -1, 4.5}, "sub": {-1.5, 0.5, 1, 3.5},
		"mul": {4.5, 5, 0, 2}, "max": {3, -2, 0, 4}, "min": {1.5, -2.5, -1, 0.5},
	}
	for name, o := range operators {
		ref, err := Operator(name, parse(t, "ic4ih1oc4kh1"), [][]float32{x, y}[:o.inputs]...)
		if err != nil {
			t.Fatal(err)
		}
		if want[name] == nil {
			t.Errorf("%s has no values here", name)
		}
		if !slices.Equal(ref.Value, want[name]) {
			t.Errorf("%s is %v, must be %v", name, ref.Value, want[name])
		}
		for i, v := range ref.Value {
			most := float64(o.rounds)*math.Ldexp(1.01, -23)*math.Abs(v) + smallestNormal
			if name == "copy" {
				most = 0
			}
			if a := ref.Allowed[i]; a > most || a < most*0.98 {
				t.Errorf("%s of %g and %g may be %g off, must be about %g", name, x[i], y[i], a, most)
			}
		}
	}
}

// TestOperatorsOfNaN holds that NaN of any operand stays NaN, beside infinities too.
func TestOperatorsOfNaN(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	x, y := []float32{nan, nan, nan, 1, inf, -inf}, []float32{1, inf, -inf, nan, nan, nan}
	for name, o := range operators {
		ref, err := Operator(name, parse(t, "ic6ih1oc6kh1"), [][]float32{x, y}[:o.inputs]...)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range ref.Value {
			if wrong := !math.IsNaN(v); wrong && (o.inputs == 2 || i < 3) {
				t.Errorf("%s of %g and %g is %g, must be NaN", name, x[i], y[i], v)
			}
		}
	}
}

// TestOperatorShapes holds that what no operator takes is an error.
func TestOperatorShapes(t *testing.T) {
	p, x := parse(t, "ic2ih1oc2kh1"), []float32{1, 2}
	for why, volumes := range map[string][][]float32{
		"tan": {x}, "relu": {x, x}, "add": {x, x[:1]},
	} {
		if _, err := Operator(why, p, volumes...); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v, must be %v", why, err, ErrShape)
		}
	}
}
