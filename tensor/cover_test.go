package tensor

import (
	"errors"
	"slices"
	"testing"
)

// ramp has pictures whose numbers say where they stand.
func ramp(n, h, w, d int) Volume {
	v, err := NewVolume(n, h, w, d)
	if err != nil {
		panic(err)
	}
	for i := range v.Data {
		v.Data[i] = float32(i) / float32(len(v.Data))
	}
	return v
}

// TestCoverCuts holds that where only a cut is needed the middle's numbers stay as they are.
func TestCoverCuts(t *testing.T) {
	for _, c := range []struct {
		v               Volume
		h, w, top, left int
	}{
		{ramp(2, 4, 9, 3), 4, 4, 0, 2}, // 2 cut off on the left, 3 on the right
		{ramp(1, 9, 4, 1), 4, 4, 2, 0},
		{ramp(1, 5, 5, 3), 5, 5, 0, 0},
		{ramp(1, 3, 8, 1), 3, 2, 0, 3},
	} {
		got, err := Cover(c.v, c.h, c.w)
		if err != nil {
			t.Fatal(err)
		}
		for n := range c.v.N {
			for y := range c.h {
				for x := range c.w {
					at, from := got.Index(n, y, x, 0), c.v.Index(n, c.top+y, c.left+x, 0)
					if !slices.Equal(got.Data[at:at+c.v.D], c.v.Data[from:from+c.v.D]) {
						t.Errorf(
							"%v to %dx%d: pixel %d,%d of image %d is not that of %d,%d",
							c.v,
							c.w,
							c.h,
							x,
							y,
							n,
							c.left+x,
							c.top+y,
						)
					}
				}
			}
		}
	}
}

// TestCoverKeepsProportions holds that what is cut from a picture twice as large is what Resize gives of its middle.
func TestCoverKeepsProportions(t *testing.T) {
	v := ramp(1, 8, 20, 3)
	got, err := Cover(v, 4, 5)
	if err != nil {
		t.Fatal(err)
	}
	half, err := Resize(v, 4, 10)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 4 {
		for x := range 5 {
			if !slices.Equal(got.Column(x, y), half.Column(x+2, y)) {
				t.Errorf("pixel %d,%d is %v, must be %v", x, y, got.Column(x, y), half.Column(x+2, y))
			}
		}
	}
}

func TestCoverRefused(t *testing.T) {
	for _, c := range []struct {
		v    Volume
		h, w int
	}{
		{ramp(1, 2, 2, 2), 1, 1},
		{ramp(1, 2, 2, 1), 0, 1},
		{ramp(1, 1, 9000, 1), 8192, 1}, // a strip that would have to be 73728000 wide first
		{Volume{N: 1, H: 1, W: 1, D: 1, Data: []float32{2}}, 1, 1},
	} {
		if _, err := Cover(c.v, c.h, c.w); !errors.Is(err, ErrShape) {
			t.Errorf("%v to %dx%d: error %v, must be %v", c.v, c.w, c.h, err, ErrShape)
		}
	}
}
