package op

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// ScatterElements changes v as ONNX's ScatterElements (opset 18) does: indices, of the shape of updates, name the
// coordinate on the axis, and the others are the update's own. The kernel is the reduction: none, add, mul, max or
// min. Updates that meet do so in the order of the axis. Indices are int32, from -n to n - 1 on an axis of n; others
// change numbers anywhere. updates and v are of one type. The errors wrap [ErrShape], [ErrView], [ErrRank] or
// [ErrType].
func ScatterElements(p *exec.Plan, kernel string, indices, updates, v Tensor, axis int) error {
	if axis < 0 || axis >= v.Rank() || indices.Rank() != v.Rank() || !slices.Equal(indices.Shape, updates.Shape) {
		return fmt.Errorf("scatter elements: %w: axis %d of %v by indices %v and updates %v", ErrShape, axis, v.Shape,
			indices.Shape, updates.Shape)
	}
	for i, size := range indices.Shape {
		if i != axis && size > v.Shape[i] {
			return fmt.Errorf("scatter elements: %w: indices %v into %v along axis %d", ErrShape, indices.Shape,
				v.Shape, axis)
		}
	}
	but := func(of []int) []int { return slices.Delete(slices.Clone(of), axis, axis+1) }
	shape := but(indices.Shape)
	l := lines{
		index:  View{shape, but(indices.Strides), indices.Offset},
		update: View{shape, but(updates.Strides), updates.Offset},
		v:      View{shape, but(v.Strides), v.Offset},
		sizes:  v.Shape[axis : axis+1], steps: v.Strides[axis : axis+1],
		updates: indices.Shape[axis], indexNext: indices.Strides[axis], updateNext: updates.Strides[axis],
	}
	return l.add(p, "scatter elements", kernel, indices, updates, v)
}

// ScatterND changes v as ONNX's ScatterND (opset 18) does: the last axis of indices has coordinates on the first axes
// of v, and updates have what comes to each of these places. indices and updates are contiguous. It is as
// [ScatterElements] else; updates that meet do so in the order of the indices.
func ScatterND(p *exec.Plan, kernel string, indices, updates, v Tensor) error {
	last := indices.Rank() - 1
	if last < 0 || indices.Shape[last] > v.Rank() ||
		!slices.Equal(updates.Shape, slices.Concat(indices.Shape[:last], v.Shape[indices.Shape[last]:])) {
		return fmt.Errorf("scatter ND: %w: indices %v and updates %v into %v", ErrShape, indices.Shape, updates.Shape,
			v.Shape)
	}
	if !indices.IsContiguous() || !updates.IsContiguous() {
		return fmt.Errorf("scatter ND: %w: indices with strides %v and updates with strides %v, must be contiguous",
			ErrView, indices.Strides, updates.Strides)
	}
	end := indices.Shape[last]
	run := Contiguous(v.Shape[end:]...)
	l := lines{
		index:  View{run.Shape, make([]int, run.Rank()), indices.Offset},
		update: View{run.Shape, run.Strides, updates.Offset},
		v:      View{run.Shape, v.Strides[end:], v.Offset},
		sizes:  v.Shape[:end], steps: v.Strides[:end], step: 1,
		updates: product(indices.Shape[:last]), indexNext: end, updateNext: run.Count(),
	}
	return l.add(p, "scatter ND", kernel, indices, updates, v)
}

// lines are updates, those in one line that may meet.
type lines struct {
	index, update, v View  // of the first of each line, all of the shape of the lines
	sizes, steps     []int // of the axes of V that are looked up
	step             int   // from one of an update's indices to the next
	updates          int   // of a line
	indexNext        int   // from one update's indices to the next one's
	updateNext       int   // from one update to the next
}

// add adds as many steps, one behind the other, as keep each thread below the rounds of loops that it may have.
func (l lines) add(p *exec.Plan, name, kernel string, indices, updates, v Tensor) error {
	if err := v.check(p, shaders.Float32, shaders.Int32); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := indices.check(p, shaders.Int32); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := updates.check(p, p.Operands[v.Operand].DType); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	k, ok := shaders.ScatterOf(kernel, p.Operands[v.Operand].DType)
	if !ok {
		return fmt.Errorf("%s: %w: no kernel for %q of %s", name, ErrType, kernel, p.Operands[v.Operand].DType)
	}
	if len(l.sizes) > shaders.MaxAxes {
		return fmt.Errorf("%s: %w: indices of %d axes, must be %d at most", name, ErrRank, len(l.sizes),
			shaders.MaxAxes)
	}
	merged, err := Merge(l.index, l.update, l.v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	params := shaders.ScatterParams{
		Shape: shapeOf(merged[0].Shape), V: viewOf(merged[2]),
		Outputs: uint32(l.v.Count()), Lookups: uint32(len(l.sizes)), IndexStep: uint32(l.step),
		IndexNext: uint32(l.indexNext), UpdateNext: uint32(l.updateNext),
	}
	for i := range l.sizes {
		params.Sizes[i], params.Steps[i] = uint32(l.sizes[i]), uint32(l.steps[i])
	}
	each := most / (len(l.sizes) + 2)
	for first := 0; first < l.updates; first += each {
		index, update := merged[0], merged[1]
		index.Offset += first * l.indexNext
		update.Offset += first * l.updateNext
		params.Index, params.Update = viewOf(index), viewOf(update)
		params.Updates = uint32(min(each, l.updates-first))
		p.Threads(k, shaders.Encode(params), int64(params.Outputs), int64(k.Threads), uses(v, indices, updates)...)
	}
	return nil
}
