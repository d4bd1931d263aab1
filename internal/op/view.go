package op

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// What is wrong with tensors: the errors of this package wrap one of these.
var (
	ErrRank  = errors.New("too many axes")
	ErrShape = errors.New("shapes that do not fit")
	ErrView  = errors.New("no view")
	ErrType  = errors.New("a data type that does not fit")
)

// View is how kernels see a tensor: some numbers of an operand of 32-bit words. The number at coordinates c stands at
// Offset + the sum of c[i] * Strides[i]. Strides are 0 or more, and 0 where all coordinates of an axis are one number.
type View struct {
	Shape, Strides []int
	Offset         int
}

// Tensor is a view of an operand of a plan, which is its index there.
type Tensor struct {
	Operand int
	View
}

// Contiguous is a view of all numbers in the order of memory, the last axis the quickest.
func Contiguous(shape ...int) View {
	v := View{Shape: slices.Clone(shape), Strides: make([]int, len(shape))}
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		v.Strides[i] = step
		step *= shape[i]
	}
	return v
}

// Of is the view of an operand.
func (v View) Of(operand int) Tensor { return Tensor{operand, v} }

// Rank is the number of axes.
func (v View) Rank() int { return len(v.Shape) }

// Count is how many numbers a view has: 1 without axes.
func (v View) Count() int { return product(v.Shape) }

func product(sizes []int) int {
	n := 1
	for _, size := range sizes {
		n *= size
	}
	return n
}

// IsContiguous reports whether the numbers stand one behind the other, in their order, from Offset on.
func (v View) IsContiguous() bool {
	step := 1
	for i := len(v.Shape) - 1; i >= 0; i-- {
		if v.Shape[i] != 1 && v.Strides[i] != step {
			return false
		}
		step *= v.Shape[i]
	}
	return true
}

// Permute gives a view whose axis i is axis axes[i] of v, as ONNX's Transpose. The error wraps [ErrView].
func (v View) Permute(axes ...int) (View, error) {
	to := View{Offset: v.Offset}
	seen := make([]bool, v.Rank())
	for _, axis := range axes {
		if axis < 0 || axis >= v.Rank() || seen[axis] {
			return View{}, fmt.Errorf("%w: axes %v of %v, must be each of its axes once", ErrView, axes, v.Shape)
		}
		seen[axis] = true
		to.Shape, to.Strides = append(to.Shape, v.Shape[axis]), append(to.Strides, v.Strides[axis])
	}
	if len(axes) != v.Rank() {
		return View{}, fmt.Errorf("%w: axes %v of %v, must be each of its axes once", ErrView, axes, v.Shape)
	}
	return to, nil
}

// Slice gives the coordinates first, first + step and so on of an axis, count of them. The error wraps [ErrView].
func (v View) Slice(axis, first, count, step int) (View, error) {
	if axis < 0 || axis >= v.Rank() {
		return View{}, fmt.Errorf("%w: axis %d of %v, must be one of its axes", ErrView, axis, v.Shape)
	}
	size := v.Shape[axis]
	if first < 0 || count < 0 || step < 1 || first > size || count > 0 && (size-1-first)/step < count-1 ||
		count > 0 && first == size {
		return View{}, fmt.Errorf("%w: %d coordinates from %d on in steps of %d of axis %d of %v, must be among them",
			ErrView, count, first, step, axis, v.Shape)
	}
	to := View{slices.Clone(v.Shape), slices.Clone(v.Strides), v.Offset + first*v.Strides[axis]}
	to.Shape[axis] = count
	to.Strides[axis] *= step
	return to, nil
}

// Reshape gives the same numbers in the same order by another shape. The error wraps [ErrShape] where that has more or
// fewer numbers, and [ErrView] where strides do not allow it: what is copied to a contiguous view has every shape.
func (v View) Reshape(shape ...int) (View, error) {
	if product(shape) != v.Count() || slices.ContainsFunc(shape, func(size int) bool { return size < 0 }) {
		return View{},
			fmt.Errorf("%w: %v has %d numbers, %v has %d", ErrShape, v.Shape, v.Count(), shape, product(shape))
	}
	to := View{Shape: slices.Clone(shape), Strides: make([]int, len(shape)), Offset: v.Offset}
	if v.Count() == 0 {
		return to, nil
	}
	from := merge(v)[0]
	axis := len(shape) - 1
	for i := from.Rank() - 1; i >= 0; i-- {
		size, stride := from.Shape[i], from.Strides[i]
		for ; axis >= 0 && size > 1; axis-- {
			if size%shape[axis] != 0 {
				return View{}, fmt.Errorf("%w: %v with strides %v has no shape %v without a copy",
					ErrView, v.Shape, v.Strides, shape)
			}
			to.Strides[axis] = stride
			size /= shape[axis]
			stride *= shape[axis]
		}
	}
	return to, nil
}

// Broadcast gives a view of a wider shape, whose axes are counted from the last one on: an axis of size 1, and one
// that v lacks, has its one number at all coordinates (ONNX's multidirectional broadcasting). The error wraps
// [ErrShape].
func Broadcast(v View, shape []int) (View, error) {
	missing := len(shape) - v.Rank()
	to := View{Shape: slices.Clone(shape), Strides: make([]int, len(shape)), Offset: v.Offset}
	for i := range v.Shape {
		at := i + missing
		switch {
		case missing < 0 || v.Shape[i] != 1 && v.Shape[i] != shape[at]:
			return View{}, fmt.Errorf("%w: %v does not broadcast to %v", ErrShape, v.Shape, shape)
		case v.Shape[i] != 1:
			to.Strides[at] = v.Strides[i]
		}
	}
	return to, nil
}

// BroadcastShape is the shape that all shapes broadcast to. The error wraps [ErrShape].
func BroadcastShape(shapes ...[]int) ([]int, error) {
	var to []int
	for _, shape := range shapes {
		wide, narrow := slices.Clone(to), shape
		if len(shape) > len(to) {
			wide, narrow = slices.Clone(shape), to
		}
		for i := range narrow {
			at := &wide[len(wide)-len(narrow)+i]
			switch {
			case *at == 1:
				*at = narrow[i]
			case narrow[i] != 1 && narrow[i] != *at:
				return nil, fmt.Errorf("%w: %v and %v do not broadcast to one shape", ErrShape, to, shape)
			}
		}
		to = wide
	}
	return to, nil
}

// Merge gives views of the same numbers in the same order by as few axes as can be: those of size 1 are left out, and
// axes become one where in all views the outer one goes on where the inner one ends. All views have one shape before
// and after. The error wraps [ErrShape] where they have not, and [ErrRank] where more axes are left than kernels
// count.
func Merge(views ...View) ([]View, error) {
	for _, v := range views {
		if !slices.Equal(v.Shape, views[0].Shape) {
			return nil, fmt.Errorf("%w: %v and %v, must be equal", ErrShape, views[0].Shape, v.Shape)
		}
	}
	merged := merge(views...)
	if len(merged) > 0 && merged[0].Rank() > shaders.MaxAxes {
		return nil, fmt.Errorf("%w: %v has %d that do not merge, must be %d at most",
			ErrRank, views[0].Shape, merged[0].Rank(), shaders.MaxAxes)
	}
	return merged, nil
}

// merge is Merge for views that have one shape, with any number of axes left.
func merge(views ...View) []View {
	to := make([]View, len(views))
	for n, v := range views {
		to[n].Offset = v.Offset
	}
	if len(views) == 0 {
		return to
	}
	for i, size := range views[0].Shape {
		if size == 1 {
			continue
		}
		last := to[0].Rank() - 1
		joins := last >= 0
		for n := range views {
			joins = joins && to[n].Strides[last] == size*views[n].Strides[i]
		}
		for n, v := range views {
			if joins {
				to[n].Shape[last] *= size
				to[n].Strides[last] = v.Strides[i]
			} else {
				to[n].Shape, to[n].Strides = append(to[n].Shape, size), append(to[n].Strides, v.Strides[i])
			}
		}
	}
	return to
}

// check reports a tensor that kernels could not read or write: one without numbers, one of 2^32 numbers or more, and
// one that is not inside of its operand. The errors wrap [ErrShape], [ErrView], and [ErrType] where its operand has
// none of the types.
func (t Tensor) check(p *exec.Plan, types ...shaders.DType) error {
	if t.Operand < 0 || t.Operand >= len(p.Operands) {
		return fmt.Errorf("%w: operand %d, the plan has %d", ErrView, t.Operand, len(p.Operands))
	}
	o := p.Operands[t.Operand]
	if len(t.Strides) != len(t.Shape) || t.Offset < 0 {
		return fmt.Errorf("%w: shape %v, strides %v, offset %d of %s", ErrView, t.Shape, t.Strides, t.Offset, o.Name)
	}
	count, last := int64(1), int64(t.Offset)
	for i, size := range t.Shape {
		size, stride := int64(size), int64(t.Strides[i])
		if size < 1 || size > math.MaxUint32/count {
			return fmt.Errorf("%w: %v of %s, must be of 1 to 2^32-1 numbers", ErrShape, t.Shape, o.Name)
		}
		if stride < 0 || size > 1 && stride > (math.MaxUint32-min(last, math.MaxUint32))/(size-1) {
			return fmt.Errorf("%w: strides %v of %v of %s", ErrView, t.Strides, t.Shape, o.Name)
		}
		count, last = count*size, last+(size-1)*stride
	}
	if last >= min(o.Count, math.MaxUint32) {
		return fmt.Errorf("%w: the last number of %v is number %d of %s, which has %d",
			ErrView, t.Shape, last, o.Name, o.Count)
	}
	if !slices.Contains(types, o.DType) {
		return fmt.Errorf("%w: %s is %s, must be %v", ErrType, o.Name, o.DType, types)
	}
	return nil
}

// shapeOf is a shape as kernels count with it. It has [shaders.MaxAxes] axes at most.
func shapeOf(shape []int) shaders.Shape {
	to := shaders.Shape{Rank: uint32(len(shape))}
	for i := range to.Sizes {
		to.Sizes[i] = 1
	}
	lastAxes(to.Sizes[:], shape)
	return to
}

// viewOf is a view as kernels find numbers by it. It has [shaders.MaxAxes] axes at most.
func viewOf(v View) shaders.View {
	to := shaders.View{Offset: uint32(v.Offset)}
	lastAxes(to.Strides[:], v.Strides)
	return to
}

// lastAxes sets the last of the axes.
func lastAxes(to []uint32, from []int) {
	for i, n := range from {
		to[len(to)-len(from)+i] = uint32(n)
	}
}
