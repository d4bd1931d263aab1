package conv

import (
	"errors"
	"strings"
	"testing"
)

// TestSame holds the padding against numbers that were worked out by hand from ONNX's formulas.
func TestSame(t *testing.T) {
	for _, c := range []struct {
		name           string
		in, f, s, dil  int
		out            int
		upper, lower   int // padding before the input
		afterU, afterL int
	}{
		{"stride 1", 5, 3, 1, 1, 5, 1, 1, 1, 1},
		{"an even filter", 5, 2, 1, 1, 5, 0, 1, 1, 0},
		{"an even filter of 4", 5, 4, 1, 1, 5, 1, 2, 2, 1},
		{"ResNet's first layer", 224, 7, 2, 1, 112, 2, 3, 3, 2},
		{"stride 2 over an odd input", 5, 3, 2, 1, 3, 1, 1, 1, 1},
		{"stride 2 over an even input", 6, 3, 2, 1, 3, 0, 1, 1, 0},
		{"dilation", 7, 3, 1, 2, 7, 2, 2, 2, 2},
		{"dilation and stride", 8, 2, 3, 3, 3, 1, 1, 1, 1},
		{"a stride above the window", 7, 1, 3, 1, 3, 0, 0, 0, 0},
		{"the last window ends early", 6, 1, 4, 1, 2, 0, 0, -1, -1},
		{"one input", 1, 5, 1, 1, 1, 2, 2, 2, 2},
	} {
		a := Axis{In: c.in, Filter: c.f, Stride: c.s, Dilation: c.dil, Pad: 99, Out: 99}
		for _, upper := range []bool{true, false} {
			pad, after := c.lower, c.afterL
			if upper {
				pad, after = c.upper, c.afterU
			}
			got, err := a.Same(upper)
			if err != nil || got.Out != c.out || got.Pad != pad || got.PadAfter() != after {
				t.Errorf("%s, upper %v: out %d padding %d,%d (%v), must be %d, %d,%d", c.name, upper, got.Out, got.Pad,
					got.PadAfter(), err, c.out, pad, after)
			}
			if _, err := New(Problem{InChannels: 1, OutChannels: 1, H: got, W: got}); err != nil {
				t.Errorf("%s, upper %v: %v", c.name, upper, err)
			}
		}
	}
}

// TestSameTransposed does so with total_padding = stride*(in-1) + extent - in*stride.
func TestSameTransposed(t *testing.T) {
	for _, c := range []struct {
		name                   string
		in, f, s, dil          int
		out, upper, lower, cut int // cut is the sum of both sides
	}{
		{"stride 1", 5, 3, 1, 1, 5, 1, 1, 2},
		{"stride 2", 5, 3, 2, 1, 10, 0, 1, 1},
		{"an even filter", 5, 4, 2, 1, 10, 1, 1, 2},
		{"dilation", 4, 3, 2, 2, 8, 1, 2, 3},
		{"a stride above the window", 3, 2, 5, 1, 15, 0, 0, -3},
	} {
		a := Axis{In: c.in, Filter: c.f, Stride: c.s, Dilation: c.dil, Pad: 99}
		for _, upper := range []bool{true, false} {
			pad := c.lower
			if upper {
				pad = c.upper
			}
			got, err := a.SameTransposed(upper)
			cut := got.Pad + got.Adjoint().PadAfter()
			if err != nil || got.In != c.in || got.Out != c.out || got.Pad != pad || cut != c.cut {
				t.Errorf("%s, upper %v: %+v cuts %d (%v), must give %d, cut %d of %d before", c.name, upper, got, cut,
					err, c.out, pad, c.cut)
			}
			if _, err := New(Problem{InChannels: 1, OutChannels: 1, H: got, W: got, Transposed: true}); err != nil {
				t.Errorf("%s, upper %v: %v", c.name, upper, err)
			}
		}
	}
}

func TestValid(t *testing.T) {
	a := Axis{In: 10, Filter: 3, Stride: 2, Dilation: 1, Pad: 4, Out: 7}.Valid()
	if p, err := New(Problem{InChannels: 1, OutChannels: 1, H: a, W: a}); err != nil || p.H.Pad != 0 || p.H.Out != 4 {
		t.Errorf("%+v, %v: must have 4 outputs without padding", p.H, err)
	}
}

// TestSameRefused holds that sizes without sense are named, and no arithmetic overflows.
func TestSameRefused(t *testing.T) {
	for _, c := range []struct {
		a     Axis
		words string
	}{
		{Axis{In: 0, Filter: 1, Stride: 1, Dilation: 1}, "input is 0"},
		{Axis{In: 1, Filter: 0, Stride: 1, Dilation: 1}, "filter is 0"},
		{Axis{In: 1, Filter: 1, Stride: 0, Dilation: 1}, "stride is 0"},
		{Axis{In: 1, Filter: 1, Stride: 1, Dilation: -1}, "dilation is -1"},
		{Axis{In: 1, Filter: MaxSize, Stride: 1, Dilation: MaxSize}, "spans more than"},
	} {
		for _, same := range []func(Axis, bool) (Axis, error){Axis.Same, Axis.SameTransposed} {
			if _, err := same(c.a, true); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%+v: error %v, must say %q", c.a, err, c.words)
			}
		}
	}
	wide := Axis{In: MaxSize, Filter: 1, Stride: MaxSize, Dilation: 1}
	if _, err := wide.SameTransposed(true); !errors.Is(err, ErrInvalid) ||
		!strings.Contains(err.Error(), "output of") {
		t.Errorf("%+v: error %v, must wrap %q and be about the output", wide, err, ErrInvalid)
	}
}
