package tensor

import (
	"errors"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestWriteImage holds that a picture which was written is read as it was, in whole steps of 1/255.
func TestWriteImage(t *testing.T) {
	rgb, err := NewVolume(1, 2, 3, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rgb.Data {
		rgb.Data[i] = float32(15*i) / 255
	}
	path := filepath.Join(t.TempDir(), "x.PNG")
	if err := WriteImageFile(path, rgb); err != nil {
		t.Fatal(err)
	}
	if back, err := ReadImageFile(path); err != nil || !slices.Equal(back.Data, rgb.Data) || back.W != 3 ||
		back.H != 2 {
		t.Errorf("%v %v, error %v, must be %v", back, back.Data, err, rgb.Data)
	}
	flat, err := NewVolume(1, 16, 16, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range flat.Data {
		flat.Data[i] = []float32{1, 0.5, 0}[i%3]
	}
	path = filepath.Join(t.TempDir(), "x.jpg")
	if err := WriteImageFile(path, flat); err != nil {
		t.Fatal(err)
	}
	back, err := ReadImageFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range back.Data {
		if math.Abs(float64(x-flat.Data[i])) > 0.02 {
			t.Fatalf("element %d is %v, must be near %v", i, x, flat.Data[i])
		}
	}
}

// TestImageOf holds that numbers are clipped and rounded to the nearest step, and gray stays gray.
func TestImageOf(t *testing.T) {
	inf := float32(math.Inf(1))
	v := Volume{
		N:    1,
		H:    1,
		W:    7,
		D:    1,
		Data: []float32{-inf, -0.1, 0.49 / 255, 0.51 / 255, 254.4 / 255, 254.6 / 255, inf},
	}
	img, err := ImageOf(v)
	if err != nil {
		t.Fatal(err)
	}
	gray, ok := img.(*image.Gray)
	if want := []uint8{0, 0, 0, 1, 254, 255, 255}; !ok || !slices.Equal(gray.Pix, want) {
		t.Errorf("%T %v, must be gray %v", img, gray.Pix, want)
	}
}

// TestImageRefused holds that what is no picture gives an error, and no file.
func TestImageRefused(t *testing.T) {
	pixel := func(n, z, d int, x float32) Volume {
		return Volume{N: n, Z: z, H: 1, W: 1, D: d, Data: slices.Repeat([]float32{x}, n*max(z, 1)*d)}
	}
	for _, c := range []struct {
		v    Volume
		name string
		err  error
	}{
		{pixel(1, 0, 2, 0), "x.png", ErrShape},
		{pixel(2, 0, 3, 0), "x.png", ErrShape},
		{pixel(1, 2, 3, 0), "x.png", ErrShape},
		{pixel(1, 0, 1, float32(math.NaN())), "x.png", ErrShape},
		{Volume{N: 1, H: 2, W: 1, D: 1}, "x.png", ErrShape},
		{pixel(1, 0, 1, 0), "x.gif", ErrFormat},
		{pixel(1, 0, 1, 0), "none/x.png", os.ErrNotExist},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := WriteImageFile(path, c.v); !errors.Is(err, c.err) {
			t.Errorf("%s of %v: error %v, must be %v", c.name, c.v, err, c.err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was written", c.name)
		}
	}
}
