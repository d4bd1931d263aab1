package op

import (
	"errors"
	"fmt"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// ErrKernel is about a kernel that is not in the table of shaders for tensors of these types.
var ErrKernel = errors.New("no such kernel")

// Pointwise adds a step that computes out number by number: a kernel of the table in shaders/expressions.go, of one to
// three tensors, each of which broadcasts to the shape of out. Alpha and beta are what its expression asks for. The
// errors wrap [ErrKernel], [ErrType], [ErrShape], [ErrRank] and [ErrView].
func Pointwise(p *exec.Plan, kernel string, alpha, beta float32, out Tensor, in ...Tensor) error {
	types, views := make([]shaders.DType, len(in)), make([]View, len(in))
	for i, t := range in {
		if err := t.check(p, shaders.Float32, shaders.Int32); err != nil {
			return fmt.Errorf("%s: %w", kernel, err)
		}
		var err error
		types[i] = p.Operands[t.Operand].DType
		if views[i], err = Broadcast(t.View, out.Shape); err != nil {
			return fmt.Errorf("%s: %w", kernel, err)
		}
	}
	flat, row, ok := shaders.PointwiseOf(kernel, types...)
	if !ok {
		return fmt.Errorf("%w: %s of %v", ErrKernel, kernel, types)
	}
	if err := out.check(p, row.Gives(types...)); err != nil {
		return fmt.Errorf("%s: %w", kernel, err)
	}
	merged, err := Merge(append(views, out.View)...)
	if err != nil {
		return fmt.Errorf("%s: %w", kernel, err)
	}
	shape := merged[len(in)].Shape
	if len(shape) < 2 {
		row = flat
	}
	params := shaders.PointwiseParams{Shape: shapeOf(shape), Alpha: alpha, Beta: beta, Outputs: uint32(out.Count())}
	for i, to := range []*shaders.View{&params.X, &params.Y, &params.Z}[:len(in)] {
		*to = viewOf(merged[i])
	}
	params.V = viewOf(merged[len(in)])
	p.Threads(row, shaders.Encode(params), int64(out.Count()), int64(row.Threads*row.Each), uses(out, in...)...)
	return nil
}

// uses are the operands that a kernel reads, and behind them the one that it writes.
func uses(out Tensor, in ...Tensor) (all []exec.Use) {
	for _, t := range in {
		all = append(all, exec.Whole(t.Operand))
	}
	return append(all, exec.Whole(out.Operand))
}
