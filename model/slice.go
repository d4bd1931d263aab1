package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
)

// cut is what a Slice takes of an axis: count coordinates from first on, in steps that may go backwards.
type cut struct{ first, count, step int }

// lowerSlice gives a view where steps go forwards, and else a copy of what a view that goes backwards would show.
func lowerSlice(c *compiler, n *node) error {
	x := c.in(n, 0)
	cuts, err := c.cuts(n, x)
	if err != nil {
		return err
	}
	view, turned := x.view, []int{}
	for i, cut := range cuts {
		if cut.step < 0 { // the same coordinates, from the last one on
			cut.first += (cut.count - 1) * cut.step
			cut.step = -cut.step
			if cut.count == 0 {
				cut.first = 0
			}
			turned = append(turned, i)
		}
		if view, err = view.Slice(i, cut.first, cut.count, cut.step); err != nil {
			return fmt.Errorf("%w: Slice of %s: %w", ErrGraph, x, err)
		}
	}
	v := x.seen(view)
	if len(turned) > 0 && !v.empty() {
		if v, err = c.turned(v, turned); err != nil {
			return err
		}
	}
	return c.moved(n, v)
}

// cuts are what a Slice takes of each axis.
func (c *compiler) cuts(n *node, x *value) ([]cut, error) {
	cuts := make([]cut, x.rank())
	for i, size := range x.shape() {
		cuts[i] = cut{0, size, 1}
	}
	var lists [4][]int64
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		list, err := c.listed(n, 1+i, name)
		if err != nil {
			return nil, err
		}
		lists[i] = list
	}
	starts, ends, along, steps := lists[0], lists[1], lists[2], lists[3]
	if along == nil {
		for i := range starts {
			along = append(along, int64(i))
		}
	}
	if steps == nil {
		steps = slices.Repeat([]int64{1}, len(starts))
	}
	if len(ends) != len(starts) || len(along) != len(starts) || len(steps) != len(starts) {
		return nil, fmt.Errorf("%w: Slice from %v to %v along %v by %v", ErrGraph, starts, ends, along, steps)
	}
	list, err := axes(along, x.rank())
	if err != nil {
		return nil, err
	}
	for i, at := range list {
		if steps[i] == 0 {
			return nil, fmt.Errorf("%w: Slice by a step of 0", ErrGraph)
		}
		cuts[at] = cutOf(int64(x.shape()[at]), starts[i], ends[i], steps[i])
	}
	return cuts, nil
}

// cutOf is what ONNX's Slice takes of an axis of this size: starts and ends below 0 are counted from behind, and all
// are held to the axis.
func cutOf(size, start, end, step int64) cut {
	low, high := int64(0), size
	if step < 0 {
		low, high = -1, size-1
	}
	held := func(at int64) int64 {
		if at < 0 {
			at = max(at, -1<<62) + size
		}
		return min(max(at, low), high)
	}
	step = min(max(step, -1<<40), 1<<40)
	start, end = held(start), held(end)
	count := (end - start + step - sign(step)) / step
	if count <= 0 {
		return cut{0, 0, 1}
	}
	return cut{int(start), int(count), int(step)}
}

func sign(i int64) int64 {
	if i < 0 {
		return -1
	}
	return 1
}

// turned is a value with some axes the other way round.
func (c *compiler) turned(v *value, backwards []int) (*value, error) {
	if v.known != nil {
		n := v.numbers()
		flat := op.Contiguous(v.shape()...)
		return knownAs(v.dtype, v.shape(), numbers{
			floats: reversed(n.floats, flat, backwards),
			ints:   reversed(n.ints, flat, backwards),
		}), nil
	}
	axes := make([]op.Axis, v.rank())
	for i := range axes {
		axes[i] = op.Axis{Step: 1}
		if slices.Contains(backwards, i) {
			axes[i] = op.Axis{Start: v.shape()[i] - 1, Step: -1}
		}
	}
	to := &value{name: v.name, dtype: v.dtype, view: laidOut(v.shape(), ranked(v.view)), origins: v.origins}
	return to, c.apply(fmt.Sprintf("%s the other way round", v), call{
		reads:  []*value{v},
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			return remapped(p, out[0], in[0], axes, op.Constant, 0)
		},
		judge: func(in, out []*array) (cpuref.Report, error) {
			turned := *in[0]
			turned.Data = reversed(turned.Data, op.Contiguous(turned.Shape...), backwards)
			return operators.Check(*out[0], operators.Result{Array: turned})
		},
	})
}

// reversed are numbers in ONNX's order, with some axes the other way round.
func reversed[T any](data []T, v op.View, backwards []int) []T {
	if data == nil {
		return nil
	}
	to := make([]T, len(data))
	for i := range data {
		at, rest := 0, i
		for axis, stride := range v.Strides {
			c := rest / stride
			rest %= stride
			if slices.Contains(backwards, axis) {
				c = v.Shape[axis] - 1 - c
			}
			at += c * stride
		}
		to[i] = data[at]
	}
	return to
}
