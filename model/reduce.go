package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// This file lowers what makes one number of each row along some axes, or of each row's numbers others.

// along gives tensors, and axes, in the order in which the first one has its axes in memory, so that as many as can be
// become one. All have one rank.
func along(axes []int, tensors ...op.Tensor) ([]int, []op.Tensor, error) {
	order := ranked(tensors[0].View)
	turned := make([]op.Tensor, len(tensors))
	for i, t := range tensors {
		view, err := t.Permute(order...)
		if err != nil {
			return nil, nil, err
		}
		turned[i] = view.Of(t.Operand)
	}
	var to []int
	for i, axis := range order {
		if slices.Contains(axes, axis) {
			to = append(to, i)
		}
	}
	return to, turned, nil
}

// kept is a shape with the size 1 along the axes.
func kept(shape, axes []int) []int {
	to := slices.Clone(shape)
	for _, axis := range axes {
		to[axis] = 1
	}
	return to
}

// without is a shape without the axes.
func without(shape, axes []int) []int {
	to := []int{}
	for i, size := range shape {
		if !slices.Contains(axes, i) {
			to = append(to, size)
		}
	}
	return to
}

// reductions are ONNX's Reduce operators by their kernels.
var reductions = map[string]string{
	"ReduceSum": "sum", "ReduceMean": "mean", "ReduceMax": "max", "ReduceMin": "min", "ReduceProd": "prod",
	"ReduceL1": "l1", "ReduceL2": "l2", "ReduceSumSquare": "sum_square", "ReduceLogSum": "log_sum",
	"ReduceLogSumExp": "log_sum_exp", "GlobalAveragePool": "mean", "GlobalMaxPool": "max",
}

func lowerReduce(c *compiler, n *node) error {
	x := c.in(n, 0)
	over, keep, err := c.reductionOf(n, x)
	if err != nil {
		return err
	}
	if len(over) == 0 {
		return c.moved(n, x)
	}
	return c.reduce(n, x, over, keep, func(p *exec.Plan, out, in op.Tensor, axes []int) error {
		return op.Reduce(p, reductions[n.Op], out, in, axes)
	})
}

// reductionOf are the axes of a Reduce operator, given or all, and whether they are kept with the size 1.
func (c *compiler) reductionOf(n *node, x *value) (over []int, keep bool, err error) {
	list, err := c.listed(n, 1, "axes")
	if err != nil {
		return nil, false, err
	}
	keeps, err := n.integer("keepdims", 1)
	if err != nil {
		return nil, false, err
	}
	none, err := n.integer("noop_with_empty_axes", 0)
	if err != nil {
		return nil, false, err
	}
	if len(list) == 0 && none == 0 {
		for i := range x.rank() {
			list = append(list, int64(i))
		}
	}
	over, err = axes(list, x.rank())
	return over, keeps != 0, err
}

// reduce adds a node whose output has one number for each row of x along the axes. steps add what computes it, of
// tensors of one rank.
func (c *compiler) reduce(
	n *node,
	x *value,
	over []int,
	keep bool,
	steps func(p *exec.Plan, out, in op.Tensor, axes []int) error,
) error {
	long := plain(x.dtype, kept(x.shape(), over))
	if n.Op == "ArgMax" || n.Op == "ArgMin" {
		long.dtype = onnx.Int64
	}
	err := c.apply(n.String(), call{
		reads:  []*value{x},
		writes: []*value{long},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			axes, turned, err := along(over, in[0], out[0])
			if err != nil {
				return err
			}
			return steps(p, turned[1], turned[0], axes)
		},
		judge: c.reshapedReference(n, x, keep, over),
	})
	if err != nil {
		return err
	}
	if !keep {
		if long, err = c.reshaped(long, without(x.shape(), over)); err != nil {
			return err
		}
	}
	c.set(n, 0, long)
	return nil
}

// lowerGlobalPool reduces all places.
func lowerGlobalPool(c *compiler, n *node) error {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	power, err := n.integer("p", 2)
	if err != nil {
		return err
	}
	if x.rank() < 3 || power < 1 {
		return fmt.Errorf("%w: %s of %s with p of %d", ErrGraph, n.Op, x, power)
	}
	return c.reduce(n, x, upFrom(2, x.rank()), true, func(p *exec.Plan, out, in op.Tensor, axes []int) error {
		if n.Op != "GlobalLpPool" {
			return op.Reduce(p, reductions[n.Op], out, in, axes)
		}
		raised, sums := between(p, "the powers", in), between(p, "the sums of powers", out)
		if err := powers(p, in, raised, float32(power)); err != nil {
			return err
		}
		if err := op.Reduce(p, "sum", sums, raised, axes); err != nil {
			return err
		}
		return powers(p, sums, out, 1/float32(power))
	})
}

// upFrom are the whole numbers from first on, up to the one before end.
func upFrom(first, end int) (all []int) {
	for i := first; i < end; i++ {
		all = append(all, i)
	}
	return all
}

func lowerExtreme(c *compiler, n *node) error {
	x := c.in(n, 0)
	axis, keep, last, err := extremeOf(n, x)
	if err != nil {
		return err
	}
	kernel := map[string]string{"ArgMax": "largest", "ArgMin": "smallest"}[n.Op]
	return c.reduce(n, x, []int{axis}, keep, func(p *exec.Plan, out, in op.Tensor, axes []int) error {
		return op.Extreme(p, kernel, out, in, axes[0], last)
	})
}

// extremeOf is the axis of an ArgMax or ArgMin, whether it is kept, and whether the last of equals is taken.
func extremeOf(n *node, x *value) (axis int, keep, last bool, err error) {
	if axis, err = n.axisOf(0, x.rank()); err != nil {
		return 0, false, false, err
	}
	keeps, err := n.integer("keepdims", 1)
	if err != nil {
		return 0, false, false, err
	}
	lasts, err := n.integer("select_last_index", 0)
	return axis, keeps != 0, lasts != 0, err
}

// lowerSoftmax lowers Softmax, LogSoftmax and Hardmax: over one axis, until opset 12 over all from one on.
func lowerSoftmax(c *compiler, n *node) error {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	first := -1
	if c.net.opset < 13 {
		first = 1
	}
	axis, err := n.axisOf(first, x.rank())
	if err != nil {
		return err
	}
	over := []int{axis}
	if c.net.opset < 13 {
		over = upFrom(axis, x.rank())
	}
	kernel := map[string]func(*exec.Plan, op.Tensor, op.Tensor, []int) error{
		"Softmax": op.Softmax, "LogSoftmax": op.LogSoftmax, "Hardmax": op.Hardmax,
	}[n.Op]
	return c.rows(n, x, over,
		func(p *exec.Plan, out, in op.Tensor, axes []int) error { return kernel(p, out, in, axes) })
}

// rows adds a node whose output has a number for each one of x, computed row by row along the axes.
func (c *compiler) rows(
	n *node,
	x *value,
	over []int,
	steps func(p *exec.Plan, out, in op.Tensor, axes []int) error,
) error {
	to := result(x.dtype, x.shape(), ranked(x.view))
	err := c.apply(n.String(), call{
		reads:  []*value{x},
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			axes, turned, err := along(over, in[0], out[0])
			if err != nil {
				return err
			}
			return steps(p, turned[1], turned[0], axes)
		},
		judge: c.reference(n, []*value{x}, 0),
	})
	c.set(n, 0, to)
	return err
}

func lowerCumulate(c *compiler, n *node) error {
	x := c.in(n, 0)
	axis, exclusive, reverse, err := c.cumulationOf(n, x)
	if err != nil {
		return err
	}
	return c.rows(n, x, []int{axis}, func(p *exec.Plan, out, in op.Tensor, axes []int) error {
		return op.Cumulate(p, out, in, axes[0], exclusive, reverse)
	})
}

// cumulationOf is the axis of a CumSum, whether each sum leaves its own number out, and whether it goes from the end.
func (c *compiler) cumulationOf(n *node, x *value) (axis int, exclusive, reverse bool, err error) {
	list, err := c.ints(n, c.in(n, 1))
	if err != nil {
		return 0, false, false, err
	}
	over, err := axes(list, x.rank())
	if err != nil || len(over) != 1 {
		return 0, false, false, fmt.Errorf("%w: CumSum along %v, error %v", ErrGraph, list, err)
	}
	excludes, err := n.integer("exclusive", 0)
	if err != nil {
		return 0, false, false, err
	}
	reverses, err := n.integer("reverse", 0)
	return over[0], excludes != 0, reverses != 0, err
}
