package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// ResizeOptions are the attributes of ONNX's Resize (opset 19), by their names there.
type ResizeOptions struct {
	Mode string // nearest, linear or cubic
	// Coordinates is the coordinate_transformation_mode, or tf_half_pixel_for_nn of opset 11; "" is half_pixel.
	Coordinates               string
	NearestMode               string // "": round_prefer_floor
	CubicCoeffA               float64
	ExcludeOutside, Antialias bool
	Axes                      []ResizeAxis // those that are resized
	// Extrapolation is the word of what tf_crop_and_resize has outside of X, of X's type.
	Extrapolation uint32
}

// ResizeAxis is an axis and the scale from its size in X to that in V, which is V's over X's where sizes are given.
// The sizes need not be exactly apart by it. Begin and End are the region of interest, from 0 to 1, of
// tf_crop_and_resize.
type ResizeAxis struct {
	Axis       int
	Scale      float64
	Begin, End float64
}

// Resize computes v of x as ONNX's Resize does: both have as many axes, and those that are not resized have one size.
// Modes but nearest are of float32. Axes are resized one after the other, the one that shrinks most first, with
// scratch memory between them. The errors wrap [ErrShape], [ErrView], [ErrRank], [ErrType] or [ErrKernel].
func Resize(p *exec.Plan, x, v Tensor, o ResizeOptions) error {
	types := []shaders.DType{shaders.Float32}
	if o.Mode == "nearest" {
		types = append(types, shaders.Int32)
	}
	if err := x.check(p, types...); err != nil {
		return fmt.Errorf("resize: %w", err)
	}
	if err := v.check(p, p.Operands[x.Operand].DType); err != nil {
		return fmt.Errorf("resize: %w", err)
	}
	axes, err := o.order(x.Shape, v.Shape)
	if err != nil {
		return fmt.Errorf("resize: %w", err)
	}
	if len(axes) == 0 {
		return Copy(p, v, x)
	}
	from := x
	for i, a := range axes {
		to := v
		if i < len(axes)-1 {
			shape := slices.Clone(from.Shape)
			shape[a.Axis] = v.Shape[a.Axis]
			view := likeOrder(v.View, shape)
			to = view.Of(p.Add(exec.Operand{Name: "a resized axis", Role: exec.Scratch, Count: int64(view.Count()),
				DType: p.Operands[x.Operand].DType}))
		}
		table, err := o.table(a, from.Shape[a.Axis], to.Shape[a.Axis])
		if err != nil {
			return fmt.Errorf("resize: %w", err)
		}
		if err := resample(p, from, to, a.Axis, table, o.Extrapolation); err != nil {
			return fmt.Errorf("resize: %w", err)
		}
		from = to
	}
	return nil
}

// order are the axes that are resized, in the order in which that makes the fewest numbers.
func (o ResizeOptions) order(x, v []int) ([]ResizeAxis, error) {
	if len(x) != len(v) {
		return nil, fmt.Errorf("%w: %v to %v, must have as many axes", ErrShape, x, v)
	}
	rest := make([]bool, len(x))
	var axes []ResizeAxis
	for _, a := range o.Axes {
		if a.Axis < 0 || a.Axis >= len(x) || rest[a.Axis] {
			return nil, fmt.Errorf("%w: axis %d of %v, must be one of its axes, and once", ErrShape, a.Axis, x)
		}
		if !(a.Scale > 0) || math.IsInf(a.Scale, 1) || math.IsNaN(a.Begin-a.End) || math.IsInf(a.Begin-a.End, 0) {
			return nil, fmt.Errorf("%w: a scale of %g from %g to %g, must be a positive number, from and to one",
				ErrShape, a.Scale, a.Begin, a.End)
		}
		rest[a.Axis] = true
		if a.Scale != 1 || x[a.Axis] != v[a.Axis] || o.Coordinates == "tf_crop_and_resize" {
			axes = append(axes, a)
		}
	}
	for i := range x {
		if !rest[i] && x[i] != v[i] {
			return nil, fmt.Errorf("%w: %v to %v, where axis %d is not resized", ErrShape, x, v, i)
		}
	}
	slices.SortStableFunc(axes, func(a, b ResizeAxis) int { return v[a.Axis]*x[b.Axis] - v[b.Axis]*x[a.Axis] })
	return axes, nil
}

// likeOrder is a view without gaps whose axes stand in memory in the order of another view's.
func likeOrder(as View, shape []int) View {
	axes := make([]int, len(shape))
	for i := range axes {
		axes[i] = i
	}
	slices.SortStableFunc(axes, func(a, b int) int { return as.Strides[b] - as.Strides[a] })
	v := View{Shape: shape, Strides: make([]int, len(shape))}
	step := 1
	for _, axis := range slices.Backward(axes) {
		v.Strides[axis] = step
		step *= shape[axis]
	}
	return v
}

// tap is a number that one of V is mixed of: its place on the axis, or outside.
type tap struct {
	at     int
	weight float64
}

// outside is the place of a tap that stands for the number outside.
const outside = -1

// coordinate is where coordinate i of V's axis lies on X's, as Resize defines coordinate_transformation_mode.
func (o ResizeOptions) coordinate(a ResizeAxis, in, out, i int) (float64, error) {
	at, last, length := float64(i), float64(in-1), a.Scale*float64(in)
	one := math.Abs(length-1) < 1e-6
	half := (at+0.5)/a.Scale - 0.5
	switch o.Coordinates {
	case "half_pixel", "":
		return half, nil
	case "half_pixel_symmetric":
		return float64(in)/2*(1-float64(out)/length) + half, nil
	case "pytorch_half_pixel":
		if out == 1 {
			return 0, nil
		}
		return half, nil
	case "align_corners":
		if one {
			return 0, nil
		}
		return at * last / (length - 1), nil
	case "asymmetric":
		return at / a.Scale, nil
	case "tf_half_pixel_for_nn":
		return half + 0.5, nil
	case "tf_crop_and_resize":
		if out == 1 {
			return (a.Begin + a.End) * last / 2, nil
		}
		return a.Begin*last + at*(a.End-a.Begin)*last/float64(out-1), nil
	}
	return 0, fmt.Errorf("%w: coordinates %q", ErrKernel, o.Coordinates)
}

// table has for each coordinate of V's axis as many taps on X's.
func (o ResizeOptions) table(a ResizeAxis, in, out int) ([][]tap, error) {
	table := make([][]tap, out)
	for i := range table {
		x, err := o.coordinate(a, in, out, i)
		if err != nil {
			return nil, err
		}
		beyond := o.Coordinates == "tf_crop_and_resize" && (x < 0 || x > float64(in-1))
		x = max(-mostPadded, min(x, mostPadded))
		if table[i], err = o.taps(a.Scale, in, x); err != nil {
			return nil, err
		}
		if beyond {
			table[i][0].at = outside
		}
	}
	return table, nil
}

// taps are those of coordinate x: of the numbers around it, those beyond the ends are the ends' own, or left out.
func (o ResizeOptions) taps(scale float64, in int, x float64) ([]tap, error) {
	held := func(i int) int { return max(0, min(i, in-1)) }
	var kernel func(float64) float64
	reach := 1.0
	switch o.Mode {
	case "nearest":
		i, err := o.nearest(x)
		return []tap{{held(i), 1}}, err
	case "linear":
		kernel = func(d float64) float64 { return max(0, 1-math.Abs(d)) }
	case "cubic":
		kernel, reach = o.cubic, 2
	default:
		return nil, fmt.Errorf("%w: mode %q, must be nearest, linear or cubic", ErrKernel, o.Mode)
	}
	stretch := 1.0
	if o.Antialias {
		stretch = min(scale, 1)
	}
	half := int(math.Ceil(reach / stretch)) // taps on each side
	first := int(math.Ceil(x)) - half       // whole numbers are the right neighbours, as in ONNX
	taps, sum := make([]tap, 2*half), 0.0
	for k := range taps {
		i := first + k
		taps[k] = tap{held(i), kernel((float64(i) - x) * stretch)}
		if o.ExcludeOutside && held(i) != i {
			taps[k].weight = 0
		}
		sum += taps[k].weight
	}
	if (o.ExcludeOutside || o.Antialias) && sum != 0 {
		for k := range taps {
			taps[k].weight /= sum
		}
	}
	return taps, nil
}

// nearest rounds a coordinate.
func (o ResizeOptions) nearest(x float64) (int, error) {
	switch o.NearestMode {
	case "round_prefer_floor", "":
		return int(math.Ceil(x - 0.5)), nil
	case "round_prefer_ceil":
		return int(math.Floor(x + 0.5)), nil
	case "floor":
		return int(math.Floor(x)), nil
	case "ceil":
		return int(math.Ceil(x)), nil
	}
	return 0, fmt.Errorf("%w: nearest_mode %q", ErrKernel, o.NearestMode)
}

// cubic is the weight of a number at some distance (Keys, "Cubic convolution interpolation", 1981).
func (o ResizeOptions) cubic(d float64) float64 {
	a := o.CubicCoeffA
	switch d = math.Abs(d); {
	case d <= 1:
		return ((a+2)*d-(a+3))*d*d + 1
	case d < 2:
		return ((a*d-5*a)*d+8*a)*d - 4*a
	}
	return 0
}

// resampleStrip is how many coordinates a thread computes: enough for the cost of finding its line to be small.
const resampleStrip = 8

// resample adds the step that mixes the numbers of one axis by a table.
func resample(p *exec.Plan, x, v Tensor, axis int, table [][]tap, beyond uint32) error {
	k := shaders.Resampling
	around := func(of View) View {
		of.Shape, of.Strides = slices.Clone(of.Shape), slices.Clone(of.Strides)
		of.Shape[axis] = 1
		return of
	}
	merged, err := Merge(around(x.View), around(v.View))
	if err != nil {
		return err
	}
	params := shaders.ResampleParams{
		Outside: beyond, Size: uint32(len(table)), Taps: uint32(len(table[0])), Strip: resampleStrip,
		VStep: uint32(v.Strides[axis]),
		Lines: uint32(merged[0].Count()), Around: shapeOf(merged[0].Shape), X: viewOf(merged[0]), V: viewOf(merged[1]),
	}
	if params.Taps > maxRounds/(2*resampleStrip) {
		return fmt.Errorf("%w: %d numbers are mixed to one, must be %d at most", ErrShape, params.Taps,
			maxRounds/(2*resampleStrip))
	}
	blocks := ceilDiv(int(params.Lines), int(k.Threads))
	params.Blocks = uint32(blocks)
	words := make([]uint32, 0, 2*len(table)*len(table[0]))
	for _, taps := range table {
		for _, t := range taps {
			step := uint32(shaders.ResampleOutside)
			if t.at != outside {
				step = uint32(t.at * x.Strides[axis])
			}
			words = append(words, step, math.Float32bits(float32(t.weight)))
		}
	}
	constant := p.Add(exec.Operand{
		Name: "a table of weights", Role: exec.Constant, Count: int64(len(words)), DType: shaders.Float32,
		Fill: func() ([]uint32, error) { return words, nil },
	})
	workgroups := int64(blocks) * int64(ceilDiv(len(table), resampleStrip))
	p.Dispatch(k, shaders.Encode(params), workgroups, exec.Whole(x.Operand), exec.Whole(constant),
		exec.Whole(v.Operand))
	return nil
}
