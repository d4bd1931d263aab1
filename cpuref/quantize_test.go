package cpuref

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestQuantize holds, number by number, which of all int8 numbers pass: the one that ONNX's definition gives, near a
// tie either neighbour, and nothing else.
func TestQuantize(t *testing.T) {
	p := parse(t, "ic1ih1oc1kh1")
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		value, allowed float64
		scale          float32
		zero           int8
		want           []int8
	}{
		{0, 0, 1, 0, []int8{0}}, {0, 0, 0.25, -3, []int8{-3}}, {7, 0, 2, 1, []int8{4, 5}}, {5, 0, 2, 0, []int8{2, 3}},
		{6.9, 0, 2, 0, []int8{3}}, {7.1, 0, 2, 0, []int8{4}}, {-7, 0, 2, 1, []int8{-3, -2}},
		{-6.9, 0, 2, 0, []int8{-3}},
		{6.9, 0.2, 2, 0, []int8{3, 4}}, {6.9, 0.05, 2, 0, []int8{3}}, {6.5, 2, 2, 0, []int8{2, 3, 4}},
		{7 - 1e-9, 0, 2, 0, []int8{3, 4}}, {7 + 1e-9, 0, 2, 0, []int8{3, 4}}, {7 - 1e-5, 0, 2, 0, []int8{3}},
		{7 + 1e-5, 0, 2, 0, []int8{4}},
		{127.4, 0, 1, 0, []int8{127}}, {127.5, 0, 1, 0, []int8{127}}, {126.5, 0, 1, 0, []int8{126, 127}},
		{1e30, 1e20, 1e-30, -128, []int8{127}},
		{-128.6, 0, 1, 0, []int8{-128}}, {-1e30, 1e20, 1e-30, 127, []int8{-128}}, {-200, 0, 1, 100, []int8{-100}},
		{200, 0, 1, -100, []int8{100}},
		{nan, 0, 2, 9, []int8{9}}, {inf, nan, 2, 9, []int8{127}}, {-inf, inf, 2, 9, []int8{-128}},
	} {
		ref := Reference{Problem: p, Value: []float64{c.value}, Magnitude: []float64{math.Abs(c.value)},
			Allowed: []float64{c.allowed}}
		var passes []int8
		for q := math.MinInt8; q <= math.MaxInt8; q++ {
			report, err := Check([]float32{float32(q)}, ref.Quantize(c.scale, c.zero), Bounded)
			if err != nil {
				t.Fatalf("%+v: %v", c, err)
			}
			if report.OK() {
				passes = append(passes, int8(q))
			}
		}
		if !slices.Equal(passes, c.want) {
			t.Errorf("%v +- %v in steps of %v from %d: %v pass, must be %v", c.value, c.allowed, c.scale, c.zero,
				passes, c.want)
		}
	}
	// Everything is within an infinite bound: that is no verdict.
	ref := Reference{Problem: p, Value: []float64{1}, Magnitude: []float64{1}, Allowed: []float64{inf}}
	_, err := Check([]float32{1}, ref.Quantize(1, 0), Bounded)
	wantError(t, err, ErrNoVerdict, "finite")
}

// TestDequantize follows a few numbers by hand.
func TestDequantize(t *testing.T) {
	p := parse(t, "ic1iw4oc1kw1")
	r, err := Dequantize(p, []int8{-128, 3, 4, 127}, 0.5, 3)
	if want := fmt.Sprint([]float64{-65.5, 0, 0.5, 62}); err != nil || fmt.Sprint(r.Value) != want {
		t.Errorf("%v, %v, must be %s", r.Value, err, want)
	}
	for got, ok := range map[float32]bool{62: true, 62.00001: false, 61.99: false} {
		report, err := Check([]float32{-65.5, 0, 0.5, got}, r, Bounded)
		if err != nil || report.OK() != ok {
			t.Errorf("%v passes: %v, must be %v; error %v", got, report.OK(), ok, err)
		}
	}
	_, err = Dequantize(p, []int8{1}, 1, 0)
	wantError(t, err, ErrShape, "1 numbers, must be 4")
}
