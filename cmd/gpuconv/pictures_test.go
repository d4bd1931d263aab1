package main

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// port is an input of float32, or of another type.
func port(t onnx.DataType, shape ...int) model.Port {
	return model.Port{Name: "x", Type: t, Shape: shape, Ranked: true, Dims: make([]string, len(shape))}
}

// two is a picture of a dark pixel (10, 20, 30) and a bright one (200, 100, 50).
var two = tensor.Volume{N: 1, H: 1, W: 2, D: 3, Data: []float32{
	10. / 255, 20. / 255, 30. / 255, 200. / 255, 100. / 255, 50. / 255,
}}

// alike tells whether all numbers are within a millionth.
func alike(got, want []float32) bool {
	return slices.EqualFunc(
		got,
		want,
		func(x, y float32) bool { return math.Abs(float64(x-y)) <= 1e-6*math.Max(1, math.Abs(float64(y))) },
	)
}

// TestPictureInput holds what becomes of two pixels.
func TestPictureInput(t *testing.T) {
	for _, c := range []struct {
		flags pictureFlags
		port  model.Port
		shape []int
		want  []float32
	}{
		{pictureFlags{}, port(onnx.Float, 1, 3, 1, 2), []int{1, 3, 1, 2}, []float32{10, 200, 20, 100, 30, 50}},
		{pictureFlags{}, port(onnx.Float16, -1, 3, -1, -1), []int{1, 3, 1, 2}, []float32{10, 200, 20, 100, 30, 50}},
		{
			pictureFlags{channels: "bgr"},
			port(onnx.Float, 1, 3, 1, 2),
			[]int{1, 3, 1, 2},
			[]float32{30, 50, 20, 100, 10, 200},
		},
		// NCHW first: gray, and of another size
		{
			pictureFlags{},
			port(onnx.Float, 1, 1, 2, 3),
			[]int{1, 1, 2, 3},
			nil,
		},
		{
			pictureFlags{layout: "NHWC"},
			port(onnx.Float, 1, 1, 2, 3),
			[]int{1, 1, 2, 3},
			[]float32{10, 20, 30, 200, 100, 50},
		},
		{pictureFlags{}, port(onnx.Float, 1, 2, 3), []int{1, 2, 3}, nil},
		{pictureFlags{layout: "hwc"}, port(onnx.Float, 1, 2, 3), []int{1, 2, 3}, []float32{10, 20, 30, 200, 100, 50}},
		{pictureFlags{}, port(onnx.Float, 1, -1, 2, 3), []int{1, 1, 2, 3}, []float32{10, 20, 30, 200, 100, 50}},
		{
			pictureFlags{mean: "10,20,40", std: "2,5,10", scale: 3},
			port(onnx.Float, 3, 1, 2),
			[]int{3, 1, 2},
			[]float32{0, 285, 0, 48, -3, 3},
		},
		{
			pictureFlags{mean: "10,20,40", std: "2,5,10", scale: 3, channels: "bgr"},
			port(onnx.Float, 3, 1, 2),
			[]int{3, 1, 2},
			[]float32{-3, 3, 0, 48, 0, 285},
		},
		{
			pictureFlags{mean: "100", std: "50"},
			port(onnx.Float, 3, 1, 2),
			[]int{3, 1, 2},
			[]float32{-1.8, 2, -1.6, 0, -1.4, -1},
		},
		// 0.299 R + 0.587 G + 0.114 B
		{
			pictureFlags{},
			port(onnx.Float, 1, 1, 1, 2),
			[]int{1, 1, 1, 2},
			[]float32{18.15, 124.2},
		},
		{pictureFlags{channels: "gray", mean: "18.15"}, port(onnx.Float, -1, -1, 1, 2), nil, nil},
		{
			pictureFlags{channels: "gray", mean: "18.15", layout: "NCHW"},
			port(onnx.Float, -1, -1, 1, 2),
			[]int{1, 1, 1, 2},
			[]float32{0, 106.05},
		},
	} {
		if c.flags.scale == 0 {
			c.flags.scale = 1
		}
		if c.flags.mean == "" {
			c.flags.mean = "0"
		}
		if c.flags.std == "" {
			c.flags.std = "1"
		}
		o, err := c.flags.parse()
		if err != nil {
			t.Fatal(err)
		}
		a, err := o.input(two, c.port)
		if c.shape == nil {
			if !errors.As(err, &usageError{}) {
				t.Errorf("%+v to %v: error %v, must be about usage", c.flags, c.port, err)
			}
			continue
		}
		if err != nil || !slices.Equal(a.Shape, c.shape) || c.want != nil && !alike(a.Data, c.want) {
			t.Errorf(
				"%+v to %v: %v %v, error %v, must be %v %v",
				c.flags,
				c.port,
				a.Shape,
				a.Data,
				err,
				c.shape,
				c.want,
			)
		}
	}
}

// TestPictureOfWholeNumbers holds that an input of whole numbers gets the pixels as they are.
func TestPictureOfWholeNumbers(t *testing.T) {
	o := pictureOptions{mean: []float64{0}, std: []float64{1}, scale: 1}
	a, err := o.input(two, port(onnx.Uint8, 1, 3, 1, 2))
	if want := []int64{10, 200, 20, 100, 30, 50}; err != nil || a.Data != nil || !slices.Equal(a.Ints, want) {
		t.Errorf("%v, error %v, must be %v", a, err, want)
	}
}

// TestPictureSize holds which size a picture gets, and that --crop keeps its proportions.
func TestPictureSize(t *testing.T) {
	wide, err := tensor.NewVolume(1, 4, 8, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range wide.Data {
		wide.Data[i] = float32(i/3%8) / 8 // columns
	}
	columns := func(o pictureOptions, p model.Port) ([]float32, error) {
		o.mean, o.std, o.scale = []float64{0}, []float64{255}, 8
		a, err := o.input(wide, p)
		if err != nil {
			return nil, err
		}
		return a.Data[:a.Shape[3]], nil
	}
	for _, c := range []struct {
		o    pictureOptions
		port model.Port
		want []float32
	}{
		{pictureOptions{}, port(onnx.Float, 1, 3, -1, -1), []float32{0, 1, 2, 3, 4, 5, 6, 7}},
		{pictureOptions{crop: true}, port(onnx.Float, 1, 3, 4, 4), []float32{2, 3, 4, 5}},
		{pictureOptions{crop: true, width: 4, height: 4}, port(onnx.Float, 1, 3, -1, -1), []float32{2, 3, 4, 5}},
		{pictureOptions{width: 8, height: 4}, port(onnx.Float, 1, 3, 4, 8), []float32{0, 1, 2, 3, 4, 5, 6, 7}},
	} {
		if got, err := columns(c.o, c.port); err != nil || !alike(got, c.want) {
			t.Errorf("%+v to %v: %v, error %v, must be %v", c.o, c.port, got, err, c.want)
		}
	}
	got, err := columns(pictureOptions{}, port(onnx.Float, 1, 3, 2, 4))
	if err != nil || len(got) != 4 || got[0] > 1.5 || got[3] < 5.5 {
		t.Errorf("squeezed to %v, error %v, must go from about 0.5 to 6.5", got, err)
	}
	if _, err := columns(pictureOptions{width: 5, height: 4}, port(onnx.Float, 1, 3, 4, 4)); !errors.As(
		err,
		&usageError{},
	) {
		t.Errorf("--size 5x4 for an input of 4x4: error %v", err)
	}
}

// TestPictureOutput holds what pixels become of an output's numbers.
func TestPictureOutput(t *testing.T) {
	for _, c := range []struct {
		o    pictureOptions
		a    tensor.Array
		want []float32
	}{
		{
			pictureOptions{},
			tensor.Array{Shape: []int{1, 3, 1, 2}, Data: []float32{10, 200, 20, 100, 30, 50}},
			two.Data,
		},
		{
			pictureOptions{channels: "bgr"},
			tensor.Array{Shape: []int{3, 1, 2}, Data: []float32{30, 50, 20, 100, 10, 200}},
			two.Data,
		},
		{
			pictureOptions{layout: tensor.NHWC},
			tensor.Array{Shape: []int{1, 1, 2, 3}, Data: []float32{10, 20, 30, 200, 100, 50}},
			two.Data,
		},
		{pictureOptions{}, tensor.Array{Shape: []int{1, 1, 1, 2}, Ints: []int64{51, 255}}, []float32{0.2, 1}},
		{
			pictureOptions{mean: []float64{1, 2, 3}},
			tensor.Array{Shape: []int{1, 1, 1, 2}, Data: []float32{51, 255}},
			[]float32{0.2, 1},
		},
	} {
		before := slices.Clone(c.a.Data)
		v, err := c.o.output(c.a)
		if err != nil || !alike(v.Data, c.want) || !slices.Equal(before, c.a.Data) {
			t.Errorf("%+v of %v: %v, error %v, must be %v, and the array as it was", c.o, c.a, v.Data, err, c.want)
		}
	}
	for _, shape := range [][]int{{1, 10}, {2, 3, 1, 1}, {1, 2, 5, 5}, {4, 5, 6}} {
		n := 1
		for _, size := range shape {
			n *= size
		}
		if _, err := (pictureOptions{}).output(tensor.Array{Shape: shape, Data: make([]float32, n)}); !errors.As(
			err,
			&usageError{},
		) {
			t.Errorf("%v as a picture: error %v", shape, err)
		}
	}
}

// TestPictureFlags holds that flags which make no sense are refused by name.
func TestPictureFlags(t *testing.T) {
	good := pictureFlags{mean: "0", std: "1", scale: 1}
	for _, change := range []func(*pictureFlags){
		func(f *pictureFlags) { f.mean = "1,2" },
		func(f *pictureFlags) { f.mean = "a" },
		func(f *pictureFlags) { f.mean = "NaN" },
		func(f *pictureFlags) { f.std = "1,0,1" },
		func(f *pictureFlags) { f.scale = math.Inf(1) },
		func(f *pictureFlags) { f.size = "5" },
		func(f *pictureFlags) { f.size = "0x5" },
		func(f *pictureFlags) { f.channels = "rgba" },
		func(f *pictureFlags) { f.layout = "WHCN" },
	} {
		f := good
		change(&f)
		if _, err := f.parse(); !errors.As(err, &usageError{}) {
			t.Errorf("%+v: error %v", f, err)
		}
	}
	if _, err := good.parse(); err != nil {
		t.Error(err)
	}
}

// TestAsInts holds that numbers which float32 does not hold exactly are refused.
func TestAsInts(t *testing.T) {
	a, err := asInts(tensor.Array{Shape: []int{3}, Data: []float32{-3, 0, 1 << 24}})
	if err != nil || !slices.Equal(a.Ints, []int64{-3, 0, 1 << 24}) || a.Data != nil {
		t.Errorf("%v, %v", a, err)
	}
	for _, x := range []float32{0.5, float32(math.NaN()), float32(math.Inf(1)), 1<<24 + 2, -1e30} {
		if _, err := asInts(tensor.Array{Shape: []int{1}, Data: []float32{x}}); !errors.Is(err, model.ErrInput) {
			t.Errorf("%v: error %v, must be %v", x, err, model.ErrInput)
		}
	}
}
