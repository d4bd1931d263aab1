package op

import (
	"fmt"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Link is a function of a chain: a kernel of the table in shaders/expressions.go with what its expression asks for,
// and where it finds what it reads. A number is one of the chain's tensors, shaders.Before what the link before gives.
type Link struct {
	Kernel      string
	Alpha, Beta float32
	From        []int
}

// Chain adds a step that computes out number by number by several kernels, one after the other, to the bits that they
// give as steps of [Pointwise] of their own. Each tensor broadcasts to the shape of out, and the first links read the
// first of them. There may be shaders.MostLinks links and shaders.MostInputs tensors, and no kernel may be of words.
// The errors wrap [ErrKernel], [ErrType], [ErrShape], [ErrRank] and [ErrView].
func Chain(p *exec.Plan, links []Link, out Tensor, in ...Tensor) error {
	views := make([]View, len(in))
	for i, t := range in {
		if err := t.check(p, shaders.Float32, shaders.Int32); err != nil {
			return fmt.Errorf("chain: %w", err)
		}
		var err error
		if views[i], err = Broadcast(t.View, out.Shape); err != nil {
			return fmt.Errorf("chain: %w", err)
		}
	}
	rows, gives, err := chainRows(p, links, in)
	if err != nil {
		return err
	}
	if err := out.check(p, gives); err != nil {
		return fmt.Errorf("chain: %w", err)
	}
	merged, err := Merge(append(views, out.View)...)
	if err != nil {
		return fmt.Errorf("chain: %w", err)
	}
	shape := merged[len(in)].Shape
	row, ok := shaders.NewChain(rows, len(shape) < 2)
	if !ok || len(row.Inputs()) != len(in) {
		return fmt.Errorf("%w: a chain of %v for %d tensors", ErrKernel, links, len(in))
	}
	params := shaders.ChainParams{Shape: shapeOf(shape), V: viewOf(merged[len(in)]), Outputs: uint32(out.Count())}
	for i, to := range []*shaders.View{&params.X0, &params.X1, &params.X2, &params.X3, &params.X4,
		&params.X5}[:len(in)] {
		*to = viewOf(merged[i])
	}
	for i, l := range links {
		to := []*[4]float32{&params.First, &params.Second, &params.Third, &params.Fourth}[i/2]
		to[2*(i%2)], to[2*(i%2)+1] = l.Alpha, l.Beta
	}
	p.Threads(row, shaders.Encode(params), int64(out.Count()), int64(row.Threads*row.Each), uses(out, in...)...)
	return nil
}

// chainRows are the links by the types that they read, and the type that the last one gives.
func chainRows(p *exec.Plan, links []Link, in []Tensor) (rows []shaders.Link, gives shaders.DType, err error) {
	if len(links) > shaders.MostLinks || len(in) > shaders.MostInputs {
		return nil, "", fmt.Errorf("%w: a chain of %d links and %d tensors, must be %d and %d at most", ErrKernel,
			len(links), len(in), shaders.MostLinks, shaders.MostInputs)
	}
	for _, l := range links {
		var types []shaders.DType
		for _, from := range l.From {
			switch {
			case from == shaders.Before:
				types = append(types, gives)
			case from < 0 || from >= len(in):
				return nil, "", fmt.Errorf("%w: a chain whose %s reads tensor %d of %d", ErrKernel, l.Kernel, from,
					len(in))
			default:
				types = append(types, p.Operands[in[from].Operand].DType)
			}
		}
		row, _, ok := shaders.PointwiseOf(l.Kernel, types...)
		if !ok {
			return nil, "", fmt.Errorf("%w: %s of %v", ErrKernel, l.Kernel, types)
		}
		gives = row.Gives(types...)
		rows = append(rows, shaders.Link{Kernel: l.Kernel, In: row.In, From: l.From})
	}
	return rows, gives, nil
}
