package main

import (
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// negative writes a network that gives 255 - 2x, with an input of this size, or an open one.
func negative(t *testing.T, h, w int64) string {
	t.Helper()
	value := func(name string) onnx.ValueInfo {
		return onnx.ValueInfo{Name: name, Type: onnx.Float, HasShape: true, Dims: []onnx.Dim{
			{Size: -1, Param: "N"}, {Size: 3}, {Size: h}, {Size: w},
		}}
	}
	m := onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17}, Graph: onnx.Graph{
		Name:    "negative",
		Inputs:  []onnx.ValueInfo{value("x")},
		Outputs: []onnx.ValueInfo{value("y")},
		Nodes: []onnx.Node{
			{Op: "Mul", Inputs: []string{"x", "minus two"}, Outputs: []string{"twice"}},
			{Op: "Add", Inputs: []string{"twice", "white"}, Outputs: []string{"y"}},
		},
		Initializers: []onnx.Tensor{
			onnx.FloatTensor("minus two", nil, []float32{-2}), onnx.FloatTensor("white", nil, []float32{255}),
		},
	}}
	path := filepath.Join(t.TempDir(), "negative.onnx")
	if err := m.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// photo writes one of 6x4 pixels.
func photo(t *testing.T) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 6, 4))
	for i := range 24 {
		img.SetRGBA(i%6, i/6, color.RGBA{uint8(40 * (i % 6)), uint8(30 * (i / 6)), 7, 255})
	}
	path := filepath.Join(t.TempDir(), "photo.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestStyle holds each pixel of what is painted: in the photo's size where the network's is open, else its middle.
func TestStyle(t *testing.T) {
	for _, c := range []struct {
		h, w      int64
		wide, cut int
	}{{-1, -1, 6, 0}, {4, 4, 4, 1}} {
		painted := filepath.Join(t.TempDir(), "painted.png")
		if err := run(negative(t, c.h, c.w), photo(t), painted); err != nil {
			t.Fatal(err)
		}
		v, err := tensor.ReadImageFile(painted)
		if err != nil || v.W != c.wide || v.H != 4 {
			t.Fatalf("%v, error %v, must be %dx4", v, err, c.wide)
		}
		for y := range v.H {
			for x := range v.W {
				for d, before := range []int{40 * (x + c.cut), 30 * y, 7} {
					want := float64(max(255-2*before, 0)) / 255
					if got := float64(v.At(x, y, d)); math.Abs(got-want) > 1e-6 {
						t.Errorf("pixel %d,%d, channel %d is %v, must be %v", x, y, d, got, want)
					}
				}
			}
		}
	}
}

// TestRefused holds that what cannot be painted is an error, and no file.
func TestRefused(t *testing.T) {
	painted := filepath.Join(t.TempDir(), "painted.png")
	for _, args := range [][2]string{
		{"none.onnx", photo(t)}, {"../digits/digits.onnx", photo(t)}, {negative(t, 4, 4), "none.png"},
	} {
		if err := run(args[0], args[1], painted); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	if _, err := os.Stat(painted); err == nil {
		t.Error("something was written")
	}
}
