package cpuref

import (
	"errors"
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// pointwiseOperands are a depthwise layer's reference, the 1x1 layer behind it and its filters.
func pointwiseOperands(t *testing.T) (Reference, conv.Problem, tensor.Filters) {
	t.Helper()
	fill := reals(newRand(3))
	d, p := parse(t, "g5mb2ic5ih6iw7oc5kh3sh2ph1"), parse(t, "mb2ic5ih3iw4oc3kh1")
	x, w := operands(t, d, fill)
	_, f := operands(t, p, fill)
	clip := conv.Epilogue{Activation: conv.Activation{Function: conv.Clip, Alpha: -0.5, Beta: 1}}
	return must[Reference](t)(must[Reference](t)(Conv(d, x, w)).Epilogue(clip, nil, nil)), p, f
}

// TestPointwise holds values and allowed errors against their formulas, number by number.
func TestPointwise(t *testing.T) {
	r, p, f := pointwiseOperands(t)
	got, err := r.Pointwise(p, f)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Value {
		k, pixel := i%3, i/3
		value, magnitude, off := float64(f.Bias[k]), math.Abs(float64(f.Bias[k])), 0.0
		for c := 4; c >= 0; c-- {
			w, x, e := float64(f.Data[k*5+c]), r.Value[pixel*5+c], r.Allowed[pixel*5+c]
			value, magnitude, off = value+w*x, magnitude+math.Abs(w)*(math.Abs(x)+e), off+math.Abs(w)*e
		}
		allowed := off + Bound(5, magnitude)
		if math.Abs(got.Value[i]-value) > 1e-15 || math.Abs(got.Magnitude[i]-magnitude) > 1e-15 ||
			math.Abs(got.Allowed[i]/allowed-1) > 1e-12 || off == 0 {
			t.Fatalf("output %d is %v, %v, %v, must be %v, %v, %v", i, got.Value[i], got.Magnitude[i], got.Allowed[i],
				value, magnitude, allowed)
		}
	}
}

// TestPointwiseHolds holds that what two layers give in float32, one after the other, lies within what is allowed, and
// that what the second gives of operands which are further off does not.
func TestPointwiseHolds(t *testing.T) {
	r, p, f := pointwiseOperands(t)
	ref, err := r.Pointwise(p, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, scale := range []float32{1, 1 + 1e-3} {
		x := r.Volume()
		got := make([]float32, len(ref.Value))
		for i := range got {
			sum := f.Bias[i%3]
			for c := range 5 {
				sum += f.Data[i%3*5+c] * (scale * x.Data[i/3*5+c])
			}
			got[i] = sum
		}
		report, err := Check(got, ref, Bounded)
		if err != nil || report.OK() != (scale == 1) {
			t.Errorf("operands times %v: %v, error %v", scale, report, err)
		}
	}
}

// TestPointwiseRefuses holds that what is no 1x1 layer over the outputs is refused.
func TestPointwiseRefuses(t *testing.T) {
	r, _, f := pointwiseOperands(t)
	for _, descriptor := range []string{"mb2ic5ih3iw4oc3kh3ph1", "mb2ic5ih4iw3oc3kh1sh2", "mb1ic5ih3iw4oc3kh1",
		"mb2ic5ih3iw5oc3kh1", "mb2ic5ih3iw4oc3kh1+transposed", "mb2ic5ih3iw4oc3kh1+unshared", "g5mb2ic5ih3iw4oc5kh1"} {
		p, w := parse(t, descriptor), f
		w.K, w.Z, w.H, w.W, w.D = p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter, p.InChannels/p.Groups
		if w.Banks = 1; p.Unshared {
			w.Banks = p.Z.Out * p.H.Out * p.W.Out
		}
		w.Data, w.Bias = make([]float32, p.FilterLen()), make([]float32, p.BiasLen())
		if _, err := r.Pointwise(p, w); !errors.Is(err, ErrShape) {
			t.Errorf("%s: error %v, must be of the shape", descriptor, err)
		}
	}
	p := parse(t, "mb2ic5ih3iw4oc3kh1")
	f.D = 4
	if _, err := r.Pointwise(p, f); !errors.Is(err, ErrShape) {
		t.Errorf("filters of 4 channels: error %v", err)
	}
	sample := r
	sample.At, sample.Value, sample.Magnitude, sample.Allowed = []int{3}, r.Value[:1], r.Magnitude[:1], r.Allowed[:1]
	if _, err := sample.Pointwise(p, f); !errors.Is(err, ErrShape) {
		t.Errorf("a sample: error %v", err)
	}
}
