package tensor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// upTo returns 0, 1, ... as an array of the shape.
func upTo(shape ...int) Array {
	n := 1
	for _, s := range shape {
		n *= s
	}
	a := Array{Shape: shape, Data: make([]float32, n)}
	for i := range a.Data {
		a.Data[i] = float32(i)
	}
	return a
}

func TestVolumeFrom(t *testing.T) {
	for _, test := range []struct {
		in     Array
		layout VolumeLayout
		shape  string
		data   []float32
	}{
		{upTo(2, 3), NHWC, "1x2x3x1", []float32{0, 1, 2, 3, 4, 5}},
		{upTo(2, 3), NCHW, "1x2x3x1", []float32{0, 1, 2, 3, 4, 5}},
		{upTo(2, 1, 3), NHWC, "1x2x1x3", []float32{0, 1, 2, 3, 4, 5}},
		// depth 2, height 1, width 3: the columns pair 0 with 3, and so on
		{upTo(2, 1, 3), NCHW, "1x1x3x2", []float32{0, 3, 1, 4, 2, 5}},
		{upTo(2, 1, 3), "chw", "1x1x3x2", []float32{0, 3, 1, 4, 2, 5}},
		{upTo(2, 1, 3), "HWC", "1x2x1x3", []float32{0, 1, 2, 3, 4, 5}},
		{upTo(2, 2, 1, 2), NHWC, "2x2x1x2", []float32{0, 1, 2, 3, 4, 5, 6, 7}},
		{upTo(2, 2, 1, 2), NCHW, "2x1x2x2", []float32{0, 2, 1, 3, 4, 6, 5, 7}},
		{upTo(2, 3, 1, 1, 2), NHWC, "2x3x1x1x2", upTo(12).Data},
		// 2 deep, 3 planes of 1x1: the columns pair 0 with 3, and so on
		{upTo(1, 2, 3, 1, 1), NCHW, "1x3x1x1x2", []float32{0, 3, 1, 4, 2, 5}},
		{upTo(1, 2, 1, 1, 3), NCHW, "1x1x3x2", []float32{0, 3, 1, 4, 2, 5}},
		{upTo(1, 2, 2, 2), NCHW, "1x2x2x2", []float32{0, 4, 1, 5, 2, 6, 3, 7}},
	} {
		v, err := VolumeFrom(test.in, test.layout)
		if err != nil {
			t.Errorf("%v %s: %v", test.in.Shape, test.layout, err)
			continue
		}
		if shape, _, _ := strings.Cut(v.String(), " "); shape != test.shape || !slices.Equal(v.Data, test.data) {
			t.Errorf("%v %s: got %v %v, want %s %v", test.in.Shape, test.layout, v, v.Data, test.shape, test.data)
		}
	}
}

func TestFiltersFrom(t *testing.T) {
	for _, test := range []struct {
		in     Array
		layout FilterLayout
		shape  string
		data   []float32
	}{
		{upTo(1, 3), OIHW, "1x1x3x1", []float32{0, 1, 2}},
		{upTo(1, 3), HWIO, "1x1x3x1", []float32{0, 1, 2}},
		{upTo(2, 1, 3), OHWI, "1x2x1x3", []float32{0, 1, 2, 3, 4, 5}},
		{upTo(2, 1, 3), HWIO, "1x2x1x3", []float32{0, 1, 2, 3, 4, 5}},
		{upTo(2, 1, 3), OIHW, "1x1x3x2", []float32{0, 3, 1, 4, 2, 5}},
		{upTo(2, 2, 1, 2), OHWI, "2x2x1x2", []float32{0, 1, 2, 3, 4, 5, 6, 7}},
		{upTo(2, 2, 1, 2), OIHW, "2x1x2x2", []float32{0, 2, 1, 3, 4, 6, 5, 7}},
		// height 2, width 1, depth 2, 2 filters: even numbers are filter 0
		{upTo(2, 1, 2, 2), HWIO, "2x2x1x2", []float32{0, 2, 4, 6, 1, 3, 5, 7}},
		{upTo(2, 3, 1, 1, 2), OHWI, "2x3x1x1x2", upTo(12).Data},
		{upTo(1, 2, 3, 1, 1), OIHW, "1x3x1x1x2", []float32{0, 3, 1, 4, 2, 5}},
		{upTo(3, 1, 1, 1, 2), HWIO, "2x3x1x1x1", []float32{0, 2, 4, 1, 3, 5}},
		{upTo(1, 2, 3, 1), HWIO, "1x1x2x3", []float32{0, 1, 2, 3, 4, 5}},
	} {
		f, err := FiltersFrom(test.in, test.layout)
		if err != nil {
			t.Errorf("%v %s: %v", test.in.Shape, test.layout, err)
			continue
		}
		if shape, _, _ := strings.Cut(f.String(), " "); shape != test.shape || !slices.Equal(f.Data, test.data) ||
			f.Bias != nil {
			t.Errorf("%v %s: got %v %v, want %s %v", test.in.Shape, test.layout, f, f.Data, test.shape, test.data)
		}
	}
}

func TestBiasFrom(t *testing.T) {
	for _, shape := range [][]int{{4}, {1, 4}, {4, 1, 1}, {1, 4, 1, 1}, {}, {1}, {1, 1}} {
		a := upTo(shape...)
		got, err := BiasFrom(a)
		if err != nil || !slices.Equal(got, a.Data) {
			t.Errorf("%v: got %v, %v", shape, got, err)
		}
	}
	for _, shape := range [][]int{{2, 3}, {0}, {1, 0}, {2, 1, 2}} {
		if _, err := BiasFrom(upTo(shape...)); !errors.Is(err, ErrShape) {
			t.Errorf("%v: error %v", shape, err)
		}
	}
	if _, err := BiasFrom(Array{Shape: []int{3}, Data: make([]float32, 2)}); !errors.Is(err, ErrShape) {
		t.Errorf("2 elements of 3: error %v", err)
	}
}

func TestLayoutErrors(t *testing.T) {
	for _, a := range []Array{
		upTo(), upTo(3), upTo(1, 2, 3, 4, 5, 6), upTo(1, 2, 0, 4, 5), upTo(0, 3), upTo(2, 0, 2), upTo(1, 2, 2, 0),
		{Shape: []int{2, 2}, Data: make([]float32, 5)},
		{Shape: []int{-2, -2}, Data: make([]float32, 4)},
	} {
		if _, err := VolumeFrom(a, NCHW); !errors.Is(err, ErrShape) {
			t.Errorf("VolumeFrom %v: error %v", a.Shape, err)
		}
		if _, err := FiltersFrom(a, HWIO); !errors.Is(err, ErrShape) {
			t.Errorf("FiltersFrom %v: error %v", a.Shape, err)
		}
	}
	_, err := VolumeFrom(upTo(2, 0, 3), NCHW)
	if want := "tensor: array of shape [2 0 3] (CHW): H is 0; it must be at least 1"; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for _, name := range []string{"", "NHW", "OHWI", "NWHC", "nhwc "} {
		if _, err := ParseVolumeLayout(name); !errors.Is(err, ErrFormat) {
			t.Errorf("volume layout %q: error %v", name, err)
		}
		if _, err := VolumeFrom(upTo(2, 2), VolumeLayout(name)); !errors.Is(err, ErrFormat) {
			t.Errorf("VolumeFrom with layout %q: error %v", name, err)
		}
	}
	for _, name := range []string{"", "NHWC", "HWI", "OWHI"} {
		if _, err := ParseFilterLayout(name); !errors.Is(err, ErrFormat) {
			t.Errorf("filter layout %q: error %v", name, err)
		}
		if _, err := FiltersFrom(upTo(2, 2), FilterLayout(name)); !errors.Is(err, ErrFormat) {
			t.Errorf("FiltersFrom with layout %q: error %v", name, err)
		}
	}
	if l, err := ParseFilterLayout("hwio"); l != HWIO || err != nil {
		t.Errorf("hwio: %v, %v", l, err)
	}
}

// Array is the way back: nothing is moved or lost.
func TestArrayAndBack(t *testing.T) {
	v := counting(t, 1, 2, 3, 4)
	if a := v.Array(); !slices.Equal(a.Shape, []int{2, 3, 4}) {
		t.Errorf("one image: shape %v", a.Shape)
	}
	v = counting(t, 2, 2, 3, 4)
	back, err := VolumeFrom(v.Array(), NHWC)
	if err != nil || back.String() != v.String() || !slices.Equal(back.Data, v.Data) {
		t.Errorf("got %v, %v", back, err)
	}
	cube, err := NewVolume3D(1, 2, 3, 4, 5)
	if err != nil {
		t.Fatal(err)
	}
	copy(cube.Data, upTo(120).Data)
	back, err = VolumeFrom(cube.Array(), NHWC)
	if err != nil || back.String() != "1x2x3x4x5 (NZHWC)" || !slices.Equal(back.Data, cube.Data) {
		t.Errorf("got %v, %v", back, err)
	}
}

// TestFilterBanksFrom reads banks one by one, and only where there is an axis of them.
func TestFilterBanksFrom(t *testing.T) {
	for _, test := range []struct {
		in     Array
		layout FilterLayout
		text   string
		data   []float32
	}{
		{upTo(2, 3, 1, 1, 2), OHWI, "2 banks of 3x1x1x2 (OHWI)", upTo(12).Data},
		{upTo(2, 1, 1, 2, 3), HWIO, "2 banks of 3x1x1x2 (OHWI)", []float32{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11}},
		{upTo(2, 1, 2, 1, 1, 3), "ohwi", "2 banks of 1x2x1x1x3 (OZHWI)", upTo(12).Data},
		{upTo(1, 2, 1, 1, 1), OIHW, "2x1x1x1 (OHWI)", []float32{0, 1}},
	} {
		f, err := FilterBanksFrom(test.in, test.layout)
		if err != nil || f.String() != test.text || !slices.Equal(f.Data, test.data) || f.Validate() != nil {
			t.Errorf("%v %s: got %v %v, %v, want %s %v", test.in.Shape, test.layout, f, f.Data, err, test.text,
				test.data)
			continue
		}
		again, err := FilterBanksFrom(f.BanksArray(), OHWI)
		if err != nil || again.String() != test.text || !slices.Equal(again.Data, f.Data) {
			t.Errorf("%v: read again %v, %v", f, again, err)
		}
	}
	for _, a := range []Array{upTo(3), upTo(2, 3, 1, 1), upTo(1, 1, 1, 1, 1, 1, 1), upTo(0, 3, 1, 1, 2),
		upTo(2, 3, 0, 1, 2), {Shape: []int{2, 1, 1, 1, 1}}} {
		if _, err := FilterBanksFrom(a, OHWI); !errors.Is(err, ErrShape) {
			t.Errorf("FilterBanksFrom %v: error %v", a.Shape, err)
		}
	}
	if _, err := FilterBanksFrom(upTo(1, 1, 1, 1, 1), "IHWO"); !errors.Is(err, ErrFormat) {
		t.Errorf("layout IHWO: error %v", err)
	}
}

// TestArrayIn holds that what VolumeFrom reads comes out again, and where the numbers of a small volume stand.
func TestArrayIn(t *testing.T) {
	v := Volume{N: 1, H: 1, W: 3, D: 2, Data: []float32{0, 3, 1, 4, 2, 5}}
	if a, err := v.ArrayIn(NCHW); err != nil || !slices.Equal(a.Shape, []int{1, 2, 1, 3}) ||
		!slices.Equal(a.Data, upTo(6).Data) {
		t.Errorf("%v, %v", a, err)
	}
	for _, in := range []Array{upTo(2, 3, 4, 5), upTo(1, 2, 3, 4), upTo(2, 3, 4, 5, 6), upTo(1, 2, 3, 1, 1)} {
		for _, l := range []VolumeLayout{NHWC, NCHW} {
			v, err := VolumeFrom(in, l)
			if err != nil {
				t.Fatal(err)
			}
			if a, err := v.ArrayIn(l); err != nil || !slices.Equal(a.Shape, in.Shape) ||
				!slices.Equal(a.Data, in.Data) {
				t.Errorf("%v %s: %v, %v", in.Shape, l, a, err)
			}
		}
	}
	if _, err := v.ArrayIn("NCWH"); !errors.Is(err, ErrFormat) {
		t.Errorf("layout NCWH: %v, must be %v", err, ErrFormat)
	}
	if _, err := (Volume{N: 1}).ArrayIn(NHWC); !errors.Is(err, ErrShape) {
		t.Errorf("no volume: %v, must be %v", err, ErrShape)
	}
}
