package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// This file lowers what picks numbers by indices, and what gives indices of the best ones.

// looked adds a node that reads these values and writes one of this type and shape.
func (c *compiler) looked(
	n *node,
	t onnx.DataType,
	shape []int,
	reads []*value,
	steps func(p *exec.Plan, in []op.Tensor, out op.Tensor) error,
) error {
	to := plain(t, shape)
	err := c.apply(n.String(), call{
		reads:  reads,
		writes: []*value{to},
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return steps(p, in, out[0]) },
		judge:  c.reference(n, reads, 0),
	})
	c.set(n, 0, to)
	return err
}

// byIndices are a node's first two inputs, of which the second has indices. Those that are known are held to the axis.
func (c *compiler) byIndices(n *node) (x, by *value, err error) {
	x, by = c.in(n, 0), c.in(n, 1)
	if x == nil || by == nil || !isWhole(by.dtype) {
		return nil, nil, fmt.Errorf("%w: %s of %v by %v", ErrGraph, n.Op, typeOf(x), typeOf(by))
	}
	return x, by, nil
}

// inRange refuses known indices that are not on an axis of this size.
func inRange(by *value, size int) error {
	if by.known == nil {
		return nil
	}
	for _, i := range by.numbers().ints {
		if i < int64(-size) || i >= int64(size) {
			return fmt.Errorf("%w: index %d into an axis of %d", ErrGraph, i, size)
		}
	}
	return nil
}

func lowerGather(c *compiler, n *node) error {
	x, by, err := c.byIndices(n)
	if err != nil {
		return err
	}
	axis, err := n.axisOf(0, x.rank())
	if err != nil {
		return err
	}
	if err := inRange(by, x.shape()[axis]); err != nil {
		return err
	}
	shape := slices.Concat(x.shape()[:axis], by.shape(), x.shape()[axis+1:])
	return c.looked(n, x.dtype, shape, []*value{x, by}, func(p *exec.Plan, in []op.Tensor, out op.Tensor) error {
		return op.Gather(p, in[0], in[1], out, axis)
	})
}

func lowerGatherElements(c *compiler, n *node) error {
	x, by, err := c.byIndices(n)
	if err != nil {
		return err
	}
	axis, err := n.axisOf(0, x.rank())
	if err != nil {
		return err
	}
	if err := inRange(by, x.shape()[axis]); err != nil {
		return err
	}
	reads := []*value{x, by}
	return c.looked(n, x.dtype, by.shape(), reads, func(p *exec.Plan, in []op.Tensor, out op.Tensor) error {
		return op.GatherElements(p, in[0], in[1], out, axis)
	})
}

func lowerGatherND(c *compiler, n *node) error {
	x, by, err := c.byIndices(n)
	if err != nil {
		return err
	}
	batch, err := n.integer("batch_dims", 0)
	if err != nil {
		return err
	}
	last := by.rank() - 1
	if last < 0 || batch < 0 || batch > last || batch+by.shape()[last] > x.rank() {
		return fmt.Errorf("%w: GatherND of %s by %s with %d batch axes", ErrGraph, x, by, batch)
	}
	shape := slices.Concat(by.shape()[:last], x.shape()[batch+by.shape()[last]:])
	return c.looked(n, x.dtype, shape, []*value{x, by}, func(p *exec.Plan, in []op.Tensor, out op.Tensor) error {
		return op.GatherND(p, in[0], in[1], out, batch)
	})
}

func lowerOneHot(c *compiler, n *node) error {
	by, values := c.in(n, 0), c.in(n, 2)
	if by == nil || values == nil || !isWhole(by.dtype) || values.view.Count() != 2 {
		return fmt.Errorf("%w: OneHot of %v, which must be whole numbers, with %s, which must be two", ErrUnsupported, typeOf(by), values)
	}
	depth := c.in(n, 1)
	if depth.known == nil {
		return c.unknown(n, depth)
	}
	list := depth.numbers().float64s()
	if len(list) != 1 || !(list[0] >= 1 && list[0] < 1<<31) {
		return fmt.Errorf("%w: OneHot of depth %v", ErrGraph, list)
	}
	axis, err := n.axisOf(-1, by.rank()+1)
	if err != nil {
		return err
	}
	shape := slices.Insert(slices.Clone(by.shape()), axis, int(list[0]))
	return c.looked(n, values.dtype, shape, []*value{by, values}, func(p *exec.Plan, in []op.Tensor, out op.Tensor) error {
		return op.OneHot(p, in[0], in[1], out, axis)
	})
}

// lowerTopK lowers TopK, which is sorted always.
func lowerTopK(c *compiler, n *node) error {
	x := c.in(n, 0)
	axis, err := n.axisOf(-1, x.rank())
	if err != nil {
		return err
	}
	var k int64
	if v := c.in(n, 1); v != nil {
		list, err := c.ints(n, v)
		if err != nil {
			return err
		}
		if len(list) == 1 {
			k = list[0]
		}
	} else if given, err := n.integer("k", 0); err == nil {
		k = int64(given)
	}
	largest, err := n.integer("largest", 1)
	if err != nil {
		return err
	}
	if k < 1 || k > int64(x.shape()[axis]) {
		return fmt.Errorf("%w: TopK of %d along axis %d of %s", ErrGraph, k, axis, x)
	}
	shape := slices.Clone(x.shape())
	shape[axis] = int(k)
	writes := []*value{plain(x.dtype, shape), plain(onnx.Int64, shape)}
	err = c.apply(n.String(), call{
		reads:  []*value{x},
		writes: writes,
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			return op.TopK(p, in[0], out[0], out[1], axis, largest != 0)
		},
		judge: c.reference(n, []*value{x}, 0, 1),
	})
	for i, v := range writes {
		c.set(n, i, v)
	}
	return err
}
