package op

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// TopK computes the largest, or smallest, numbers of each row of x along an axis, the best first, as ONNX's TopK
// (opset 11) does: as many as v and indices have there. Of equal numbers that of the lower index is first; NaN is the
// largest number. Indices are int32, and x and v of one type. It takes a step for each power of 2 below the length of
// a row. The errors wrap [ErrShape], [ErrView], [ErrRank] or [ErrType].
func TopK(p *exec.Plan, x, v, indices Tensor, axis int, largest bool) error {
	if err := x.check(p, shaders.Float32, shaders.Int32); err != nil {
		return fmt.Errorf("top k: %w", err)
	}
	t := topK{dtype: p.Operands[x.Operand].DType, largest: largest}
	if err := v.check(p, t.dtype); err != nil {
		return fmt.Errorf("top k: %w", err)
	}
	if err := indices.check(p, shaders.Int32); err != nil {
		return fmt.Errorf("top k: %w", err)
	}
	if axis < 0 || axis >= x.Rank() || !slices.Equal(v.Shape, indices.Shape) || v.Rank() != x.Rank() ||
		v.Shape[axis] > x.Shape[axis] {
		return fmt.Errorf("top k: %w: %v and %v of axis %d of %v", ErrShape, v.Shape, indices.Shape, axis, x.Shape)
	}
	along := slices.Repeat([]int{1}, x.Rank())
	along[axis] = x.Shape[axis]
	numbers := counted(p, 0, along)
	numbered, err := Broadcast(numbers.View, x.Shape)
	if err != nil {
		return fmt.Errorf("top k: %w", err)
	}
	from := ranking{x, numbered.Of(numbers.Operand), axis}
	for run, length, k := 1, x.Shape[axis], v.Shape[axis]; ; {
		kept := min(2*run, k)
		pairs := ceilDiv(length, 2*run)
		next := (pairs-1)*kept + min(length-(pairs-1)*2*run, kept)
		to := ranking{v, indices, axis}
		if pairs > 1 {
			shape := slices.Clone(x.Shape)
			shape[axis] = next
			view := likeOrder(v.View, shape)
			scratch := func(name string, dtype shaders.DType) Tensor {
				return view.Of(p.Add(exec.Operand{Name: name, Role: exec.Scratch, Count: int64(view.Count()),
					DType: dtype}))
			}
			to = ranking{scratch("sorted numbers", t.dtype), scratch("their indices", shaders.Int32), axis}
		}
		if err := t.merge(p, from, to, run, length, kept); err != nil {
			return fmt.Errorf("top k: %w", err)
		}
		if pairs == 1 {
			return nil
		}
		from, run, length = to, kept, next
	}
}

// topK is what all steps have.
type topK struct {
	dtype   shaders.DType
	largest bool
}

// ranking are numbers and their indices, in rows along an axis.
type ranking struct {
	numbers, indices Tensor
	axis             int
}

// firsts are the views of the first number and the first index of each row.
func (r ranking) firsts() []View {
	var all []View
	for _, v := range []View{r.numbers.View, r.indices.View} {
		v.Shape = slices.Clone(v.Shape)
		v.Shape[r.axis] = 1
		all = append(all, v)
	}
	return all
}

// merge adds a step that makes one run of each two.
func (t topK) merge(p *exec.Plan, from, to ranking, run, length, kept int) error {
	merged, err := Merge(append(from.firsts(), to.firsts()...)...)
	if err != nil {
		return err
	}
	k, rows := shaders.Sorting, merged[0].Count()
	params := shaders.TopKParams{
		Rows: shapeOf(merged[0].Shape), X: viewOf(merged[0]), XIndex: viewOf(merged[1]), V: viewOf(merged[2]),
		VIndex:  viewOf(merged[3]),
		Outputs: uint32(rows * length), Length: uint32(length), Run: uint32(run), Half: 1 << (bits.Len(uint(run)) - 1),
		Kept:  uint32(kept),
		XStep: uint32(from.numbers.Strides[from.axis]), XIndexStep: uint32(from.indices.Strides[from.axis]),
		VStep: uint32(to.numbers.Strides[to.axis]), VIndexStep: uint32(to.indices.Strides[to.axis]),
	}
	if t.dtype == shaders.Int32 {
		params.Whole = 1
	}
	if !t.largest {
		params.Smallest = 1
	}
	p.Threads(k, shaders.Encode(params), int64(rows)*int64(length), int64(k.Threads),
		exec.Whole(from.numbers.Operand), exec.Whole(from.indices.Operand), exec.Whole(to.numbers.Operand),
		exec.Whole(to.indices.Operand))
	return nil
}
