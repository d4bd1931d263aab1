package model

import (
	"fmt"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
)

// lowerLRN lowers local response normalization, x / (bias + alpha/size * the sum of squares of size neighbouring
// channels)^beta: the sum is a pool whose windows lie along the channels.
func lowerLRN(c *compiler, n *node) error {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	size, err := n.integer("size", 0)
	if err != nil {
		return err
	}
	if size < 1 || x.rank() < 2 {
		return fmt.Errorf("%w: LRN of %s over %d channels", ErrGraph, x, size)
	}
	var by [3]float32
	for i, name := range []string{"alpha", "beta", "bias"} {
		if by[i], err = n.float(name, []float32{1e-4, 0.75, 1}[i]); err != nil {
			return err
		}
	}
	l := localResponse{size, by[0], by[1], by[2]}
	to := result(x.dtype, x.shape(), ranked(x.view))
	err = c.apply(n.String(), call{
		reads:  []*value{x},
		writes: []*value{to},
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return l.plan(p, in[0], out[0]) },
		judge:  c.reference(n, []*value{x}, 0),
	})
	c.set(n, 0, to)
	return err
}

type localResponse struct {
	size              int
	alpha, beta, bias float32
}

// plan adds the steps.
func (l localResponse) plan(p *exec.Plan, x, v op.Tensor) error {
	squares, sums := between(p, "the squares", x), between(p, "the sums of squares", x)
	if err := op.Pointwise(p, "mul", 0, 0, squares, x, x); err != nil {
		return err
	}
	in, err := alongChannels(squares)
	if err != nil {
		return err
	}
	out, err := alongChannels(sums)
	if err != nil {
		return err
	}
	window := op.PoolOptions{
		Kind:     op.SumPool,
		Window:   []int{l.size},
		PadBegin: []int{(l.size - 1) / 2},
		PadEnd:   []int{l.size / 2},
	}
	if err := op.Pool(p, in, out, nil, window); err != nil {
		return err
	}
	scaled, divisor := between(p, "what is raised", x), between(p, "the divisors", x)
	if err := op.Pointwise(p, "scale", l.alpha/float32(l.size), l.bias, scaled, sums); err != nil {
		return err
	}
	exponent := op.Contiguous(1).Of(constant(p, "the exponent", l.beta))
	if err := op.Pointwise(p, "pow", 0, 0, divisor, scaled, exponent); err != nil {
		return err
	}
	return op.Pointwise(p, "div", 0, 0, v, x, divisor)
}

// alongChannels is a tensor as a pool over its channels has it: images, places, channels.
func alongChannels(t op.Tensor) (op.Tensor, error) {
	// What stands between kernels fills its buffer, so that its places are one axis in either layout.
	order := append(append([]int{0}, upFrom(2, t.Rank())...), 1)
	view, err := t.Permute(order...)
	if err != nil {
		return t, err
	}
	places := 1
	for _, size := range t.Shape[2:] {
		places *= size
	}
	view, err = view.Reshape(t.Shape[0], places, t.Shape[1])
	return view.Of(t.Operand), err
}
