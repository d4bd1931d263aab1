package cpuref

import (
	"errors"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

func TestCheckShapes(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*conv.Problem, *tensor.Volume, *tensor.Filters)
		want  error
		words string
	}{
		"right":     {func(*conv.Problem, *tensor.Volume, *tensor.Filters) {}, nil, ""},
		"no biases": {func(_ *conv.Problem, _ *tensor.Volume, w *tensor.Filters) { w.Bias = nil }, nil, ""},
		"no problem": {func(p *conv.Problem, _ *tensor.Volume, _ *tensor.Filters) { *p = conv.Problem{} },
			conv.ErrInvalid, "batch"},
		"groups": {func(p *conv.Problem, _ *tensor.Volume, _ *tensor.Filters) { p.Groups = 3 }, conv.ErrInvalid,
			"groups"},
		"no volume": {func(_ *conv.Problem, x *tensor.Volume, _ *tensor.Filters) { *x = tensor.Volume{} }, ErrShape,
			"is 0x0x0x0, must be 2x5x6x4"},
		"other height": {func(_ *conv.Problem, x *tensor.Volume, _ *tensor.Filters) { x.H, x.W = x.W, x.H }, ErrShape,
			"is 2x6x5x4, must be 2x5x6x4"},
		"volume's data": {func(_ *conv.Problem, x *tensor.Volume, _ *tensor.Filters) { x.Data = x.Data[1:] }, ErrShape,
			"240"},
		"volume's none": {func(_ *conv.Problem, x *tensor.Volume, _ *tensor.Filters) { x.Data = nil }, ErrShape,
			"240"},
		"no filters": {func(_ *conv.Problem, _ *tensor.Volume, w *tensor.Filters) { *w = tensor.Filters{} }, ErrShape,
			"is 0x0x0x0, must be 6x3x3x2"},
		"ungrouped depth": {func(_ *conv.Problem, _ *tensor.Volume, w *tensor.Filters) { w.D = 4 }, ErrShape,
			"is 6x3x3x4, must be 6x3x3x2"},
		"filters' data": {func(_ *conv.Problem, _ *tensor.Volume, w *tensor.Filters) { w.Data = append(w.Data, 1) },
			ErrShape, "108"},
		"biases": {func(_ *conv.Problem, _ *tensor.Volume, w *tensor.Filters) {
			w.Bias = w.Bias[:5]
		}, ErrShape, "6"},
		"empty biases": {func(_ *conv.Problem, _ *tensor.Volume, w *tensor.Filters) { w.Bias = []float32{} }, ErrShape,
			"6"},
	} {
		p := parse(t, small)
		x, w := operands(t, p, reals(newRand(50)))
		c.spoil(&p, &x, &w)
		_, errConv := Conv(p, x, w)
		_, errIm2col := Im2col(p, x, w)
		_, errSample := CheckSample(make([]float32, 360), p, x, w, false, []int{0, 359}, Bounded)
		for i, err := range []error{CheckShapes(p, x, w), errConv, errIm2col, errSample} {
			if !errors.Is(err, c.want) || (c.want != nil && !strings.Contains(err.Error(), c.words)) {
				t.Errorf("%s: error %d is %v, must wrap %v and say %q", name, i, err, c.want, c.words)
			}
		}
		ConvAt(p, x, w, 0) // must not panic
	}
}

// TestCheckOutput holds volumes against V's size, in 2D and 3D.
func TestCheckOutput(t *testing.T) {
	plane, solid := parse(t, small), parse(t, "mb2ic2id4ih5iw6oc3kd2kh3")
	for name, c := range map[string]struct {
		p     conv.Problem
		v     tensor.Volume
		want  error
		words string
	}{
		"right":    {plane, tensor.Volume{N: 2, H: 5, W: 6, D: 6, Data: make([]float32, 360)}, nil, ""},
		"right 3D": {solid, tensor.Volume{N: 2, Z: 3, H: 3, W: 4, D: 3, Data: make([]float32, 216)}, nil, ""},
		"no volume": {plane, tensor.Volume{}, ErrShape, "the residual (NHWC) is 0x0x0x0, must be 2x5x6x6 for " +
			plane.String()},
		"X's size": {plane, tensor.Volume{N: 2, H: 5, W: 6, D: 4, Data: make([]float32, 240)}, ErrShape,
			"is 2x5x6x4, must be 2x5x6x6"},
		"one plane": {solid, tensor.Volume{N: 2, H: 3, W: 4, D: 3, Data: make([]float32, 72)}, ErrShape,
			"(NZHWC) is 2x1x3x4x3, must be 2x3x3x4x3"},
		"short data": {plane, tensor.Volume{N: 2, H: 5, W: 6, D: 6, Data: make([]float32, 359)}, ErrShape, "360"},
		"no problem": {conv.Problem{}, tensor.Volume{}, conv.ErrInvalid, "batch"},
	} {
		if err := CheckOutput(c.p, "residual", c.v); !errors.Is(err, c.want) || c.want != nil &&
			!strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: error %v, must wrap %v and say %q", name, err, c.want, c.words)
		}
	}
}

// Small operands can have an output that no memory holds.
func TestTooManyOutputs(t *testing.T) {
	p := parse(t, "ic1ih1oc1kh1ph8000000sh1")
	x, w := operands(t, p, reals(newRand(51)))
	for name, f := range map[string]func(conv.Problem, tensor.Volume, tensor.Filters) (Reference, error){"Conv": Conv,
		"Im2col": Im2col} {
		if _, err := f(p, x, w); !errors.Is(err, ErrShape) || !strings.Contains(err.Error(), "CheckSample") {
			t.Errorf("%s: error %v, must be ErrShape and name CheckSample", name, err)
		}
	}
	middle := 8000000 * (16000001 + 1)
	if v, _ := ConvAt(p, x, w, middle); v != float64(x.Data[0])*float64(w.Data[0])+float64(w.Bias[0]) {
		t.Errorf("ConvAt in the middle of the padding is %v", v)
	}
}
