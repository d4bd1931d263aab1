package operators

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/onnx"
)

// TestCheck holds that a verdict finds what is wrong, and says where.
func TestCheck(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name               string
		got, want, allowed []float64
		ok                 bool
		text               string
	}{
		{"equal", []float64{1, 2}, []float64{1, 2}, nil, true, "exact: all 2 outputs equal"},
		{"unequal", []float64{1, 3}, []float64{1, 2}, nil, false, "[0,1] is 3, must be 2, error 1, allowed 0"},
		{"within", []float64{1, 2.5}, []float64{1, 2}, []float64{0, 1}, true,
			"worst used 50% of the bound at [0,1]"},
		{"beyond", []float64{1, 3.5}, []float64{1, 2}, []float64{0, 1}, false,
			"[0,1] is 3.5, must be 2, error 1.5"},
		{"none allowed", []float64{1.5, 2}, []float64{1, 2}, []float64{0, 1}, false, "[0,0] is 1.5"},
		{"the same that are not finite", []float64{nan, -inf}, []float64{nan, -inf}, nil, true, ""},
		{"NaN", []float64{1, nan}, []float64{1, 2}, []float64{1, 1}, false, "1 of them NaN"},
		{"no NaN", []float64{1, 2}, []float64{1, nan}, []float64{1, 1}, false, "[0,1] is 2, must be NaN"},
		{"another infinity", []float64{1, inf}, []float64{1, -inf}, []float64{1, 1}, false, "[0,1] is +Inf"},
		{"infinite for finite", []float64{1, inf}, []float64{1, 2}, []float64{1, 1}, false, "[0,1] is +Inf"},
		{"beyond float32", []float64{inf, -math.MaxFloat32}, []float64{1e39, -1e39}, []float64{1, 1}, true,
			""},
		{"beyond float32, the wrong sign", []float64{-inf, 1}, []float64{1e39, 1}, []float64{1, 1}, false,
			"[0,0]"},
		{"zeros", []float64{math.Copysign(0, -1), 0}, []float64{0, math.Copysign(0, -1)}, nil, true, ""},
	} {
		r, err := Check(*of(shape(1, 2), c.got...), Result{*of(shape(1, 2), c.want...), c.allowed})
		if err != nil || r.OK() != c.ok || !strings.Contains(r.String(), c.text) {
			t.Errorf("%s: OK is %v, error %v: %v", c.name, r.OK(), err, r)
		}
		if (r.Err() == nil) != c.ok {
			t.Errorf("%s: error %v", c.name, r.Err())
		}
	}
}

// TestCheckRefuses holds that there is no verdict where none is possible.
func TestCheckRefuses(t *testing.T) {
	x := *floats(1, 2)
	for _, c := range []struct {
		name string
		got  Array
		want Result
		err  error
	}{
		{"another shape", *of(shape(2, 1), 1, 2), Result{x, nil}, cpuref.ErrShape},
		{"too few numbers", Array{Type: onnx.Float, Shape: shape(2), Data: []float64{1}}, Result{x, nil},
			cpuref.ErrShape},
		{"whole numbers", *ints(1, 2), Result{x, nil}, cpuref.ErrShape},
		{"too few errors", x, Result{x, []float64{1}}, cpuref.ErrShape},
		{"an infinite error", x, Result{x, []float64{math.Inf(1), 1}}, cpuref.ErrNoVerdict},
		{"no error", x, Result{x, []float64{math.NaN(), 1}}, cpuref.ErrNoVerdict},
		{"a negative error", x, Result{x, []float64{1, -1}}, cpuref.ErrNoVerdict},
	} {
		if r, err := Check(c.got, c.want); !errors.Is(err, c.err) || r.OK() {
			t.Errorf("%s: error %v, must be %v", c.name, err, c.err)
		}
	}
	if r, err := Check(Array{Type: onnx.Float, Shape: shape(0)},
		Result{Array: Array{Type: onnx.Float, Shape: shape(0)}}); err != nil || r.OK() {
		t.Errorf("nothing to check: %v, error %v", r, err)
	}
}

// TestCheckFindsDamage changes each number of each sample's results by a little more than is allowed.
func TestCheckFindsDamage(t *testing.T) {
	for _, s := range samples() {
		results, err := Reference(newNode(t, s.op, s.attrs, s.outputs), s.opset, s.inputs)
		if err != nil {
			t.Fatal(err)
		}
		for k, r := range results {
			for i := range r.Data {
				damaged := r.Array
				damaged.Data = slices.Clone(r.Data)
				if r, err := Check(damaged, r); err != nil || !r.OK() {
					t.Fatalf("%s: result %d: its own values are wrong: %v, error %v", s.op, k, r,
						err)
				}
				damaged.Data[i]++
				if r.Allowed != nil {
					damaged.Data[i] = r.Data[i] + 1.01*r.Allowed[i] + 1e-9
				}
				if report, err := Check(damaged,
					r); err != nil || report.Failed != 1 || report.First.Index != i {
					t.Fatalf("%s: result %d: damage at %d is not found: %v, error %v", s.op, k, i,
						report, err)
				}
			}
		}
	}
}
