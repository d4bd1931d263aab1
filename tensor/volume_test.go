package tensor

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// counting returns a volume whose element at (n, y, x, d) is 1000n+100y+10x+d.
func counting(t *testing.T, n, h, w, d int) Volume {
	t.Helper()
	v, err := NewVolume(n, h, w, d)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for a := range n {
		for b := range h {
			for c := range w {
				for e := range d {
					v.Data[i] = float32(1000*a + 100*b + 10*c + e)
					i++
				}
			}
		}
	}
	return v
}

func TestVolumeIsNHWC(t *testing.T) {
	v := counting(t, 2, 3, 4, 2)
	if got := v.Len(); got != 48 {
		t.Errorf("Len: got %d, want 48", got)
	}
	if got := v.String(); got != "2x3x4x2 (NHWC)" {
		t.Errorf("String: got %q", got)
	}
	if got := v.Data[v.Index(1, 2, 3, 1)]; got != 1231 {
		t.Errorf("Index(n=1, y=2, x=3, d=1): element %v, want 1231", got)
	}
	if got := v.At(3, 2, 1); got != 231 {
		t.Errorf("At(x=3, y=2, d=1): got %v, want 231", got)
	}
	if got := v.Image(1).At(3, 2, 1); got != 1231 {
		t.Errorf("Image(1).At(x=3, y=2, d=1): got %v, want 1231", got)
	}
	if got := v.Column(3, 1); !slices.Equal(got, []float32{130, 131}) || cap(got) != 2 {
		t.Errorf("Column(3, 1): got %v, capacity %d", got, cap(got))
	}
	want := []float32{1, 11, 21, 31, 101, 111, 121, 131, 201, 211, 221, 231}
	if got := v.Slice(1); !slices.Equal(got, want) {
		t.Errorf("Slice(1): got %v, want %v", got, want)
	}
}

func TestVolumeSharing(t *testing.T) {
	v := counting(t, 2, 2, 2, 2)
	c := v.Clone()
	v.Image(1).Set(0, 1, 1, -1)
	v.Column(1, 0)[0] = -2
	v.Slice(0)[0] = -3
	if got := v.Data[v.Index(1, 1, 0, 1)]; got != -1 {
		t.Errorf("Image does not share: %v", got)
	}
	if got := v.At(1, 0, 0); got != -2 {
		t.Errorf("Column does not share: %v", got)
	}
	if got := v.At(0, 0, 0); got != 0 {
		t.Errorf("Slice shares: %v", got)
	}
	if !slices.Equal(c.Data, counting(t, 2, 2, 2, 2).Data) {
		t.Errorf("Clone shares: %v", c.Data)
	}
}

func TestVolumeIndexPanics(t *testing.T) {
	v := counting(t, 2, 3, 4, 5)
	for _, at := range [][4]int{{2, 0, 0, 0}, {0, 3, 0, 0}, {0, 0, 4, 0}, {0, 0, 0, 5}, {-1, 0, 0, 0}, {1, -1, 0, 0},
		{1, 1, -1, 0}, {1, 1, 1, -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Index%v did not panic", at)
				}
			}()
			v.Index(at[0], at[1], at[2], at[3])
		}()
	}
}

func TestVolumeShapes(t *testing.T) {
	const huge = math.MaxInt
	for _, s := range [][4]int{{0, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 0}, {1, -3, 1, 1}, {-1, -1, 1, 1},
		{huge, huge, huge, huge}, {1, 1 << 30, 1 << 30, 1}, {1 << 16, 1 << 16, 1 << 16, 1 << 16}, {1, 1, 1, huge}} {
		if _, err := NewVolume(s[0], s[1], s[2], s[3]); !errors.Is(err, ErrShape) {
			t.Errorf("NewVolume%v: error %v", s, err)
		}
		if err := (Volume{N: s[0], H: s[1], W: s[2], D: s[3]}).Validate(); !errors.Is(err, ErrShape) {
			t.Errorf("Validate %v: error %v", s, err)
		}
		if _, err := NewFilters(s[0], s[1], s[2], s[3]); !errors.Is(err, ErrShape) {
			t.Errorf("NewFilters%v: error %v", s, err)
		}
	}
	_, err := NewVolume(1, 2, -3, 1)
	if want := "tensor: volume: W is -3; it must be at least 1"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	err = Volume{N: 1, H: 2, W: 2, D: 1, Data: make([]float32, 3)}.Validate()
	if want := "tensor: volume 1x2x2x1 (NHWC): it holds 3 elements; its shape needs 4"; err == nil ||
		err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := counting(t, 1, 2, 3, 4).Validate(); err != nil {
		t.Error(err)
	}
}
