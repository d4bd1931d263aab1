package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// lowerScatter lowers ScatterElements, which was called Scatter, and ScatterND: a copy of x, some of whose numbers
// become updates or are combined with them.
func lowerScatter(c *compiler, n *node) error {
	x, by, updates := c.in(n, 0), c.in(n, 1), c.in(n, 2)
	reduction, err := n.text("reduction", "none")
	if err != nil {
		return err
	}
	if updates.dtype != x.dtype || !isWhole(by.dtype) {
		return fmt.Errorf("%w: %s of %v %s by %v %s with %v %s", ErrGraph, n.Op, x.dtype, x, by.dtype, by,
			updates.dtype, updates)
	}
	_, ok := shaders.ScatterOf(reduction, dtypeOf(x.dtype))
	if _, _, narrow := rangeOf(x.dtype); !ok || narrow && reduction != "none" {
		return fmt.Errorf("%w: %s of %v with the reduction %q", ErrUnsupported, n.Op, x.dtype, reduction)
	}
	if updates.empty() || x.empty() {
		return c.moved(n, x)
	}
	steps := func(p *exec.Plan, by, updates, v op.Tensor) error {
		return op.ScatterND(p, reduction, by, updates, v)
	}
	if n.Op == "ScatterND" {
		if by, err = c.tuples(n, x, by, updates); err == nil {
			updates, err = c.contiguous(updates)
		}
	} else {
		steps, err = c.alongOneAxis(n, x, by, updates, reduction)
	}
	if err != nil {
		return err
	}
	to := result(x.dtype, x.shape(), ranked(x.view))
	reads := []*value{x, by, updates}
	err = c.apply(n.String(), call{
		reads:  reads,
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			if err := op.Copy(p, out[0], in[0]); err != nil {
				return err
			}
			return steps(p, in[1], in[2], out[0])
		},
		judge: c.reference(n, reads, 0),
	})
	c.set(n, 0, to)
	return err
}

// alongOneAxis are the steps of ScatterElements.
func (c *compiler) alongOneAxis(
	n *node, x, by, updates *value, reduction string,
) (func(p *exec.Plan, by, updates, v op.Tensor) error, error) {
	at, err := n.axisOf(0, x.rank())
	if err == nil {
		err = updatesFit(n, updates, by.shape())
	}
	if err == nil {
		err = c.indicesFit(n, by, x.shape()[at])
	}
	return func(p *exec.Plan, by, updates, v op.Tensor) error {
		return op.ScatterElements(p, reduction, by, updates, v, at)
	}, err
}

// tuples are the indices of ScatterND as its kernel takes them, held against the axes of x where they are known.
func (c *compiler) tuples(n *node, x, by, updates *value) (*value, error) {
	last := by.rank() - 1
	if last < 0 || by.shape()[last] > x.rank() || by.empty() {
		return nil, fmt.Errorf("%w: %s of %s by %s", ErrGraph, n.Op, x, by)
	}
	if err := updatesFit(n, updates, slices.Concat(by.shape()[:last], x.shape()[by.shape()[last]:])); err != nil {
		return nil, err
	}
	if by.known != nil {
		for i, index := range by.numbers().ints {
			if err := indexFits(index, x.shape()[i%by.shape()[last]]); err != nil {
				return nil, err
			}
		}
	}
	return c.contiguous(by)
}

// updatesFit checks the shape of what a node scatters.
func updatesFit(n *node, updates *value, shape []int) error {
	if !slices.Equal(updates.shape(), shape) {
		return fmt.Errorf("%w: %s of updates %s, must be of %v", ErrGraph, n.Op, updates, shape)
	}
	return nil
}
