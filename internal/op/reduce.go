package op

import (
	"fmt"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Reduce adds steps that make one number of each row that in has along the axes: ONNX's Reduce operators. The kernel
// is sum, mean, max, min or prod of float32 or int32, where the mean of int32 loses its fraction, and of float32 also
// l1, l2, sum_square, log_sum or log_sum_exp. Out is in's shape without the axes, or with the size 1 there. Rows that
// are long while there are few are reduced in parts first. The errors wrap [ErrKernel], [ErrType], [ErrShape],
// [ErrRank] and [ErrView], and [ErrLong] of log_sum_exp.
func Reduce(p *exec.Plan, kernel string, out, in Tensor, axes []int) error {
	if kernel == "log_sum_exp" {
		return softmax(p, kernel, out, in, axes)
	}
	if err := in.check(p, shaders.Float32, shaders.Int32); err != nil {
		return fmt.Errorf("%s: %w", kernel, err)
	}
	t := p.Operands[in.Operand].DType
	if err := out.check(p, t); err != nil {
		return fmt.Errorf("%s: %w", kernel, err)
	}
	r, err := reducedRows(out.View, in.View, axes)
	if err != nil {
		return fmt.Errorf("%s: %w", kernel, err)
	}
	form := r.form(1)
	k, first, second, ok := shaders.ReductionOf(kernel, t, form)
	if !ok {
		return fmt.Errorf("%w: %s of %s", ErrKernel, kernel, t)
	}
	splits := r.splits(form)
	if splits == 1 {
		r.reduce(p, k, out.Operand, in.Operand, 1, r.count)
		return nil
	}
	parts := p.Add(exec.Operand{
		Name: "parts of rows", Role: exec.Scratch, Count: int64(splits) * int64(r.number), DType: t,
	})
	alone := Contiguous(r.kept[0].Shape...)
	r.halfway(alone).reduce(p, first, parts, in.Operand, splits, r.count)
	rest := rows{
		kept: []View{alone, r.kept[1]}, reduced: []View{{Shape: []int{splits}, Strides: []int{r.number}}},
		count: splits, number: r.number,
	}
	second.Rows = rest.form(1)
	rest.reduce(p, second, out.Operand, parts, 1, r.count)
	return nil
}

// reducedRows are the rows of in, and by the kept axes the numbers of out.
func reducedRows(out, in View, axes []int) (rows, error) {
	v, err := spreadBack(out, in.Shape, axes)
	if err != nil {
		return rows{}, err
	}
	return rowsOf(axes, in, v)
}

// halfway are the same rows, whose results go elsewhere.
func (r rows) halfway(v View) rows {
	r.kept = []View{r.kept[0], v}
	return r
}

// splits is in how many parts rows are reduced: in so many that there is work for many workgroups, and that each
// thread's is not too much.
func (r rows) splits(form shaders.Rows) int {
	const workgroups, shortest = 64, 64 // and numbers of a thread
	now := (r.number + int(form.Lanes) - 1) / int(form.Lanes)
	numbers := r.count / int(form.Threads/form.Lanes)
	return max(1, min((workgroups+now-1)/now, numbers/shortest), (r.rounds(form)+most-1)/most)
}

// reduce adds one step.
func (r rows) reduce(p *exec.Plan, k shaders.ReduceAxes, out, in, splits, divisor int) {
	params := shaders.ReduceAxesParams{
		Kept: shapeOf(r.kept[0].Shape), Reduced: shapeOf(r.reduced[0].Shape),
		X: viewOf(r.kept[0]), Terms: viewOf(r.reduced[0]), V: viewOf(r.kept[1]),
		Outputs: uint32(r.number), Rows: uint32(r.number * splits), Count: uint32(r.count),
		Length: uint32((r.count + splits - 1) / splits), Divisor: uint32(divisor),
	}
	p.Dispatch(k, shaders.Encode(params), workgroups(r.number*splits, k.Lanes), exec.Whole(in), exec.Whole(out))
}

// workgroups is how many take so many rows.
func workgroups(rows int, lanes uint32) int64 { return (int64(rows) + int64(lanes) - 1) / int64(lanes) }
