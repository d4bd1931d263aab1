package op

import (
	"fmt"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Cumulate adds a step that adds up the numbers of each row along an axis up to each of its places, without the number
// at the place itself where exclusive, and from the end of the row where reverse: ONNX's CumSum, of float32 or int32.
// The errors wrap [ErrType], [ErrShape], [ErrRank], [ErrView] and [ErrLong].
func Cumulate(p *exec.Plan, out, in Tensor, axis int, exclusive, reverse bool) error {
	if err := in.check(p, shaders.Float32, shaders.Int32); err != nil {
		return fmt.Errorf("cumulate: %w", err)
	}
	t := p.Operands[in.Operand].DType
	if err := out.check(p, t); err != nil {
		return fmt.Errorf("cumulate: %w", err)
	}
	r, err := sameRows([]int{axis}, in.View, out.View)
	if err != nil {
		return fmt.Errorf("cumulate: %w", err)
	}
	const passes = 9 // two, of one number a round, and as many rounds as there are threads
	k := shaders.CumulateOf(t, r.form(passes))
	if err := r.fits(k.Rows, passes); err != nil {
		return fmt.Errorf("cumulate: %w", err)
	}
	params := shaders.CumulateParams{
		Kept: shapeOf(r.kept[0].Shape), X: viewOf(r.kept[0]), V: viewOf(r.kept[1]),
		Rows: uint32(r.number), Count: uint32(r.count),
		Terms: lastStride(r.reduced[0]), Results: lastStride(r.reduced[1]),
	}
	if exclusive {
		params.Exclusive = 1
	}
	if reverse {
		params.Reverse = 1
	}
	p.Dispatch(k, shaders.Encode(params), workgroups(r.number, k.Lanes), uses(out, in)...)
	return nil
}

// lastStride is from one number of a merged axis to the next, 0 where there is but one.
func lastStride(v View) uint32 { return viewOf(v).Strides[shaders.MaxAxes-1] }
