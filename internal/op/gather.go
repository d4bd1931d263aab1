package op

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Gather computes v of x as ONNX's Gather (opset 13) does: along the axis v has the axes of indices, and there the
// numbers of x that these name. Indices are int32, from -n to n - 1 on an axis of n; others give numbers from
// anywhere. x and v are of one type. The errors wrap [ErrShape], [ErrView], [ErrRank] or [ErrType].
func Gather(p *exec.Plan, x, indices, v Tensor, axis int) error {
	if axis < 0 || axis >= x.Rank() {
		return fmt.Errorf("gather: %w: axis %d of %v, must be one of its axes", ErrShape, axis, x.Shape)
	}
	none, behind := make([]int, indices.Rank()), make([]int, x.Rank()-axis-1)
	l := lookup{
		x: View{slices.Concat(x.Shape[:axis], indices.Shape, x.Shape[axis+1:]),
			slices.Concat(x.Strides[:axis], none, x.Strides[axis+1:]), x.Offset},
		indices: slices.Concat(make([]int, axis), indices.Strides, behind),
		sizes:   x.Shape[axis : axis+1], steps: x.Strides[axis : axis+1],
	}
	return l.add(p, "gather", x, indices, v)
}

// GatherElements computes v of x as ONNX's GatherElements (opset 13) does: indices, of v's shape, name the coordinate
// on the axis, and the others are v's. It is as [Gather] else.
func GatherElements(p *exec.Plan, x, indices, v Tensor, axis int) error {
	if axis < 0 || axis >= x.Rank() || indices.Rank() != x.Rank() {
		return fmt.Errorf("gather elements: %w: axis %d of %v by indices %v, must be one of its axes", ErrShape, axis,
			x.Shape, indices.Shape)
	}
	for i, size := range indices.Shape {
		if i != axis && size > x.Shape[i] {
			return fmt.Errorf("gather elements: %w: indices %v into %v along axis %d", ErrShape, indices.Shape,
				x.Shape, axis)
		}
	}
	l := lookup{
		x:       View{indices.Shape, slices.Clone(x.Strides), x.Offset},
		indices: indices.Strides, sizes: x.Shape[axis : axis+1], steps: x.Strides[axis : axis+1],
	}
	l.x.Strides[axis] = 0
	return l.add(p, "gather elements", x, indices, v)
}

// GatherND computes v of x as ONNX's GatherND (opset 13) does: behind batch axes that x and indices share, the last
// axis of indices has coordinates on the next axes of x. It is as [Gather] else.
func GatherND(p *exec.Plan, x, indices, v Tensor, batch int) error {
	last := indices.Rank() - 1
	if last < 0 || batch < 0 || batch > last || batch+indices.Shape[last] > x.Rank() ||
		!slices.Equal(x.Shape[:batch], indices.Shape[:batch]) {
		return fmt.Errorf("gather ND: %w: indices %v into %v behind %d axes of both", ErrShape, indices.Shape, x.Shape,
			batch)
	}
	end := batch + indices.Shape[last]
	none, behind := make([]int, last-batch), make([]int, x.Rank()-end)
	l := lookup{
		x: View{slices.Concat(indices.Shape[:last], x.Shape[end:]),
			slices.Concat(x.Strides[:batch], none, x.Strides[end:]), x.Offset},
		indices: slices.Concat(indices.Strides[:last], behind), step: indices.Strides[last],
		sizes: x.Shape[batch:end], steps: x.Strides[batch:end],
	}
	return l.add(p, "gather ND", x, indices, v)
}

// lookup is what the numbers of V are looked up by.
type lookup struct {
	x            View  // of V's shape, in place along the axes that are looked up
	indices      []int // the strides of the first index, likewise
	step         int   // from one of a number's indices to the next
	sizes, steps []int // of the axes of X that are looked up
}

func (l lookup) add(p *exec.Plan, name string, x, indices, v Tensor) error {
	if err := x.check(p, shaders.Float32, shaders.Int32); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := indices.check(p, shaders.Int32); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := v.check(p, p.Operands[x.Operand].DType); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(l.sizes) > shaders.MaxAxes {
		return fmt.Errorf("%s: %w: indices of %d axes, must be %d at most", name, ErrRank, len(l.sizes),
			shaders.MaxAxes)
	}
	merged, err := Merge(l.x, View{l.x.Shape, l.indices, indices.Offset}, v.View)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	k := shaders.Gathering
	params := shaders.LookupParams{
		Shape: shapeOf(merged[0].Shape), X: viewOf(merged[0]), Index: viewOf(merged[1]), V: viewOf(merged[2]),
		Outputs: uint32(v.Count()), Lookups: uint32(len(l.sizes)), IndexStep: uint32(l.step),
	}
	for i := range l.sizes {
		params.Sizes[i], params.Steps[i] = uint32(l.sizes[i]), uint32(l.steps[i])
	}
	p.Threads(k, shaders.Encode(params), int64(v.Count()), int64(k.Threads), uses(v, x, indices)...)
	return nil
}

// OneHot computes v as ONNX's OneHot (opset 11) does: along the axis, which indices lack, it has the second of two
// values at the coordinate that an index names, and the first at others. Indices are int32, and one below 0 counts
// from the end; values and v are of one type. The errors are those of [Gather].
func OneHot(p *exec.Plan, indices, values, v Tensor, axis int) error {
	if axis < 0 || axis >= v.Rank() || indices.Rank() != v.Rank()-1 || values.Rank() != 1 || values.Shape[0] != 2 {
		return fmt.Errorf("one hot: %w: indices %v and values %v for axis %d of %v", ErrShape, indices.Shape,
			values.Shape, axis, v.Shape)
	}
	along := slices.Repeat([]int{1}, v.Rank())
	along[axis] = v.Shape[axis]
	at := View{slices.Insert(slices.Clone(indices.Shape), axis, 1),
		slices.Insert(slices.Clone(indices.Strides), axis, 0), indices.Offset}
	scratch := func(name string) Tensor {
		return Contiguous(v.Shape...).Of(p.Add(exec.Operand{Name: name, Role: exec.Scratch, Count: int64(v.Count()),
			DType: shaders.Int32}))
	}
	named, fromEnd, either := scratch("indices from the start"), scratch("indices from the end"), scratch("indices")
	for _, to := range []Tensor{named, fromEnd} {
		first := 0
		if to.Operand == fromEnd.Operand {
			first = -v.Shape[axis]
		}
		if err := Pointwise(p, "equal", 0, 0, to, at.Of(indices.Operand), counted(p, first, along)); err != nil {
			return fmt.Errorf("one hot: %w", err)
		}
	}
	if err := Pointwise(p, "or", 0, 0, either, named, fromEnd); err != nil {
		return fmt.Errorf("one hot: %w", err)
	}
	off, on := View{Offset: values.Offset}, View{Offset: values.Offset + values.Strides[0]}
	return Pointwise(p, "where", 0, 0, v, either, on.Of(values.Operand), off.Of(values.Operand))
}

// counted is a constant of whole numbers from first on.
func counted(p *exec.Plan, first int, shape []int) Tensor {
	view := Contiguous(shape...)
	fill := func() ([]uint32, error) {
		words := make([]uint32, view.Count())
		for i := range words {
			words[i] = uint32(int32(first + i))
		}
		return words, nil
	}
	return view.Of(p.Add(exec.Operand{Name: "whole numbers", Role: exec.Constant, Count: int64(view.Count()),
		DType: shaders.Int32, Fill: fill}))
}
