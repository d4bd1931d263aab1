package op

import (
	"errors"
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// mixes are the numbers that a table makes of an axis of the numbers 1, 2, 4 and so on. Outside is -1.
func mixes(table [][]tap) (all []float64) {
	for _, taps := range table {
		sum := 0.0
		for _, t := range taps {
			sum += t.weight * math.Pow(2, float64(t.at))
		}
		if taps[0].at == outside {
			sum = -1
		}
		all = append(all, sum)
	}
	return all
}

// TestResizeTables holds tables against what ONNX's definitions of Resize give by hand.
func TestResizeTables(t *testing.T) {
	for name, c := range map[string]struct {
		o       ResizeOptions
		a       ResizeAxis
		in, out int
		want    []float64
	}{
		"nearest up": {ResizeOptions{Mode: "nearest"}, ResizeAxis{Scale: 2}, 2, 4, []float64{1, 1, 2, 2}},
		"prefer floor": {ResizeOptions{Mode: "nearest", Coordinates: "asymmetric"}, ResizeAxis{Scale: 2}, 3, 6,
			[]float64{1, 1, 2, 2, 4, 4}},
		"prefer ceil": {ResizeOptions{Mode: "nearest", Coordinates: "asymmetric",
			NearestMode: "round_prefer_ceil"}, ResizeAxis{Scale: 2}, 3, 6, []float64{1, 2, 2, 4, 4, 4}},
		"floor": {ResizeOptions{Mode: "nearest", Coordinates: "asymmetric", NearestMode: "floor"},
			ResizeAxis{Scale: 1.5}, 4, 6, []float64{1, 1, 2, 4, 4, 8}},
		"ceil": {ResizeOptions{Mode: "nearest", Coordinates: "asymmetric", NearestMode: "ceil"},
			ResizeAxis{Scale: 1.5}, 4, 6, []float64{1, 2, 4, 4, 8, 8}},
		"for nn": {ResizeOptions{Mode: "nearest", Coordinates: "tf_half_pixel_for_nn",
			NearestMode: "floor"}, ResizeAxis{Scale: 0.5}, 4, 2, []float64{2, 8}},
		"linear up": {ResizeOptions{Mode: "linear"}, ResizeAxis{Scale: 2}, 3, 6,
			[]float64{1, 1.25, 1.75, 2.5, 3.5, 4}},
		"linear down": {ResizeOptions{Mode: "linear"}, ResizeAxis{Scale: 0.5}, 4, 2, []float64{1.5, 6}},
		"corners": {ResizeOptions{Mode: "linear", Coordinates: "align_corners"}, ResizeAxis{Scale: 5.0 / 3},
			3, 5, []float64{1, 1.5, 2, 3, 4}},
		"corner": {ResizeOptions{Mode: "linear", Coordinates: "align_corners"},
			ResizeAxis{Scale: 1.0 / 49}, 49, 1, []float64{1}},
		"pytorch's one": {ResizeOptions{Mode: "linear", Coordinates: "pytorch_half_pixel"},
			ResizeAxis{Scale: 0.25}, 4, 1, []float64{1}},
		"pytorch": {ResizeOptions{Mode: "linear", Coordinates: "pytorch_half_pixel"},
			ResizeAxis{Scale: 0.5}, 4, 2, []float64{1.5, 6}},
		"symmetric": {ResizeOptions{Mode: "linear", Coordinates: "half_pixel_symmetric"},
			ResizeAxis{Scale: 0.625}, 4, 2, []float64{1.7, 5.2}},
		"crop": {ResizeOptions{Mode: "linear", Coordinates: "tf_crop_and_resize"},
			ResizeAxis{Scale: 1, Begin: -0.5, End: 1}, 5, 4, []float64{-1, 1, 4, 16}},
		"crop of one": {ResizeOptions{Mode: "linear", Coordinates: "tf_crop_and_resize"},
			ResizeAxis{Scale: 0.2, Begin: 0.5, End: 1}, 5, 1, []float64{8}},
		"cubic at numbers": {ResizeOptions{Mode: "cubic", Coordinates: "asymmetric", CubicCoeffA: -0.75},
			ResizeAxis{Scale: 0.5}, 4, 2, []float64{1, 4}},
		"cubic between": {ResizeOptions{Mode: "cubic", CubicCoeffA: -0.5}, ResizeAxis{Scale: 0.25}, 4, 1,
			[]float64{(9*(2+4) - (1 + 8)) / 16.0}},
		"cubic, outside": {ResizeOptions{Mode: "cubic", CubicCoeffA: -0.5, ExcludeOutside: true},
			ResizeAxis{Scale: 0.5}, 2, 1, []float64{1.5}},
		"linear, outside": {ResizeOptions{Mode: "linear", ExcludeOutside: true}, ResizeAxis{Scale: 2}, 2, 4,
			[]float64{1, 1.25, 1.75, 2}},
		"antialias": {ResizeOptions{Mode: "linear", Antialias: true}, ResizeAxis{Scale: 0.5}, 4, 2,
			[]float64{(1*1 + 3*1 + 3*2 + 1*4) / 8.0, (1*2 + 3*4 + 3*8 + 1*8) / 8.0}},
		"antialias up": {ResizeOptions{Mode: "linear", Antialias: true}, ResizeAxis{Scale: 2}, 2, 4,
			[]float64{1, 1.25, 1.75, 2}},
		"antialias, outside": {ResizeOptions{Mode: "linear", Antialias: true, ExcludeOutside: true},
			ResizeAxis{Scale: 0.5}, 2, 1, []float64{1.5}},
	} {
		table, err := c.o.table(c.a, c.in, c.out)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, got := range mixes(table) {
			if len(table) != len(c.want) || math.Abs(got-c.want[i]) > 1e-12 {
				t.Errorf("%s: %v, must be %v", name, mixes(table), c.want)
				break
			}
		}
	}
}

func TestResizeErrors(t *testing.T) {
	var p exec.Plan
	x := p.Add(exec.Operand{Name: "x", Role: exec.Input, Count: 12, DType: shaders.Float32})
	i := p.Add(exec.Operand{Name: "i", Role: exec.Input, Count: 12, DType: shaders.Int32})
	v := p.Add(exec.Operand{Name: "v", Role: exec.Output, Count: 12, DType: shaders.Float32})
	two := []ResizeAxis{{Axis: 1, Scale: 0.5}}
	for name, c := range map[string]struct {
		x, v Tensor
		o    ResizeOptions
		want error
	}{
		"mode": {Contiguous(3, 4).Of(x), Contiguous(3, 2).Of(v), ResizeOptions{Mode: "area", Axes: two},
			ErrKernel},
		"coordinates": {Contiguous(3, 4).Of(x), Contiguous(3, 2).Of(v),
			ResizeOptions{Mode: "linear", Coordinates: "corner", Axes: two}, ErrKernel},
		"rounding": {Contiguous(3, 4).Of(x), Contiguous(3, 2).Of(v),
			ResizeOptions{Mode: "nearest", NearestMode: "up", Axes: two}, ErrKernel},
		"ranks": {Contiguous(12).Of(x), Contiguous(3, 2).Of(v), ResizeOptions{Mode: "linear", Axes: two},
			ErrShape},
		"other axes": {Contiguous(3, 4).Of(x), Contiguous(2, 2).Of(v), ResizeOptions{Mode: "linear", Axes: two},
			ErrShape},
		"no axis": {Contiguous(3, 4).Of(x), Contiguous(3, 2).Of(v),
			ResizeOptions{Mode: "linear", Axes: []ResizeAxis{{Axis: 2, Scale: 1}}}, ErrShape},
		"no scale": {Contiguous(3, 4).Of(x), Contiguous(3, 2).Of(v),
			ResizeOptions{Mode: "linear", Axes: []ResizeAxis{{Axis: 1}}}, ErrShape},
		"types": {Contiguous(3, 4).Of(i), Contiguous(3, 2).Of(v), ResizeOptions{Mode: "nearest", Axes: two},
			ErrType},
		"whole": {Contiguous(3, 4).Of(i), Contiguous(3, 2).Of(v), ResizeOptions{Mode: "linear", Axes: two},
			ErrType},
		"nothing": {Contiguous(3, 4).Of(x), Contiguous(3, 2).Of(v), ResizeOptions{Mode: "linear", Axes: two}, nil},
	} {
		if err := Resize(&p, c.x, c.v, c.o); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, must wrap %v", name, err, c.want)
		}
	}
}
