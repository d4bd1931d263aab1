package host_test

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// resized is a tensor whose axes are resized one after the other.
type resized struct {
	op.ResizeOptions
	x, v  []int
	order []int // of axes in memory
	gap   int
	dtype shaders.DType
	other int // so many numbers of X are not equal, one after the other, where it is not 0
}

// The killers of resample.wgsl: along each axis, of nearest and of weights that float32 has exactly, with numbers
// outside of X, with numbers that float32 does not have, with equal numbers, and with outer ones that are equal. One
// fills the folded grid.
func init() {
	linear := op.ResizeOptions{Mode: "linear"}
	crop := op.ResizeOptions{Mode: "linear", Coordinates: "tf_crop_and_resize", Extrapolation: math.Float32bits(-77)}
	nearest := op.ResizeOptions{Mode: "nearest", Coordinates: "asymmetric", NearestMode: "floor"}
	third := op.ResizeOptions{Mode: "linear", Coordinates: "asymmetric"}
	axis := func(o op.ResizeOptions, axes ...op.ResizeAxis) op.ResizeOptions {
		o.Axes = axes
		return o
	}
	cubic := op.ResizeOptions{Mode: "cubic", Coordinates: "asymmetric", CubicCoeffA: -0.5}
	float, order := shaders.Float32, []int{0, 1, 2, 3, 4, 5, 6}
	for _, r := range []resized{
		{axis(linear, op.ResizeAxis{Axis: 2, Scale: 2}), []int{2, 3, 5, 7}, []int{2, 3, 10, 7}, []int{0, 2, 3, 1}, 1,
			float, 0},
		{axis(linear, op.ResizeAxis{Axis: 2, Scale: 4}, op.ResizeAxis{Axis: 3, Scale: 0.5}),
			[]int{2, 3, 5, 6}, []int{2, 3, 20, 3}, order[:4], 2, float, 0},
		{axis(linear, op.ResizeAxis{Axis: 1, Scale: 2}), []int{2, 3, 2, 3, 2, 2, 3}, []int{2, 6, 2, 3, 2, 2, 3}, order,
			1, float, 0},
		{axis(crop, op.ResizeAxis{Axis: 0, Scale: 1, Begin: -0.5, End: 1.5}), []int{5, 9}, []int{5, 9}, order[:2], 0,
			float, 0},
		{axis(nearest, op.ResizeAxis{Axis: 1, Scale: 1.5}), []int{3, 8, 5}, []int{3, 12, 5}, []int{2, 0, 1}, 1,
			shaders.Int32, 0},
		{axis(nearest, op.ResizeAxis{Axis: 1, Scale: 2}), []int{128, 60}, []int{128, 120}, order[:2], 0, float, 0},
		{axis(third, op.ResizeAxis{Axis: 0, Scale: 3}), []int{4, 3}, []int{12, 3}, order[:2], 0, float, 1},
		{axis(cubic, op.ResizeAxis{Axis: 0, Scale: 0.5}), []int{12}, []int{6}, order[:1], 0, float, 3},
	} {
		killers[shaders.Resampling] = append(killers[shaders.Resampling],
			tensorKiller(fmt.Sprintf("%v to %v, %s", r.x, r.v, r.Mode), r.build))
	}
}

func (r resized) build(c *tensorCase) error {
	numbers := whole(op.Contiguous(r.x...).Count(), 1000)
	for i := range numbers {
		switch {
		case r.other > 0:
			numbers[i] = float64(float32(0.1)) * float64(1+i%r.other)
		case r.dtype == shaders.Int32:
			numbers[i] += 1 << 30
		}
	}
	want, from := numbers, r.x
	for _, a := range r.Axes {
		to := append([]int{}, from...)
		to[a.Axis] = r.v[a.Axis]
		want, from = r.along(a, want, from, to), to
	}
	x := c.input(r.dtype, permuted(r.x, r.gap, r.order...), numbers)
	v := c.output(r.dtype, permuted(r.v, 2*r.gap, r.order...), want, 0)
	return op.Resize(&c.plan, x, v, r.ResizeOptions)
}

// along resizes one axis, coordinate by coordinate.
func (r resized) along(a op.ResizeAxis, numbers []float64, from, to []int) (v []float64) {
	last := float64(from[a.Axis] - 1)
	for i := range op.Contiguous(to...).Count() {
		at := coordinates(to, i)
		o := float64(at[a.Axis])
		x := (o+0.5)/a.Scale - 0.5
		switch r.Coordinates {
		case "asymmetric":
			x = o / a.Scale
		case "tf_crop_and_resize":
			x = a.Begin*last + o*(a.End-a.Begin)*last/float64(to[a.Axis]-1)
			if x < 0 || x > last {
				v = append(v, float64(math.Float32frombits(r.Extrapolation)))
				continue
			}
		}
		number := func(x float64) float64 {
			at[a.Axis] = int(max(0, min(x, last)))
			return numbers[broadcastPlace(from, at)]
		}
		below := math.Floor(x)
		w := x - below
		if r.Mode == "nearest" || r.other > 0 {
			w = 0
		}
		v = append(v, (1-w)*number(below)+w*number(below+1))
	}
	return v
}
