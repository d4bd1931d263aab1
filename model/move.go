package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// This file lowers the operators that only move numbers: their outputs are views of their inputs, known or not.

// reshaped is a value by another shape, copied where its strides do not allow it.
func (c *compiler) reshaped(v *value, shape []int) (*value, error) {
	view, err := v.view.Reshape(shape...)
	if err == nil {
		return v.seen(view), nil
	}
	if v.known != nil {
		return knownAs(v.dtype, shape, v.numbers()), nil
	}
	alone, err := c.contiguous(v)
	if err != nil {
		return nil, err
	}
	to := alone.seen(op.Contiguous(shape...))
	to.flat = v
	return to, nil
}

// sized checks a shape that must have as many numbers as a value.
func sized(v *value, shape []int) error {
	want := 1
	for _, size := range shape {
		if size < 0 || size > 0 && want > (1<<40)/size {
			return fmt.Errorf("%w: shape %v", ErrGraph, shape)
		}
		want *= size
	}
	if has := v.view.Count(); has != want {
		return fmt.Errorf("%w: %s has %d numbers, shape %v has %d", ErrGraph, v, has, shape, want)
	}
	return nil
}

func lowerIdentity(c *compiler, n *node) error { return c.moved(n, c.in(n, 0)) }

// lowerDropout drops nothing, and the mask says so: at inference, or of a ratio of 0.
func lowerDropout(c *compiler, n *node) error {
	if training := c.in(n, 2); training != nil {
		on, err := c.ints(n, training)
		if err != nil {
			return err
		}
		ratio := []float32{0.5}
		if of := c.in(n, 1); of != nil {
			if ratio, err = c.floats(n, of); err != nil {
				return err
			}
		}
		if (len(on) != 1 || on[0] != 0) && (len(ratio) != 1 || ratio[0] != 0) {
			return fmt.Errorf("%w: Dropout in training mode by a ratio of %v", ErrUnsupported, ratio)
		}
	}
	x := c.in(n, 0)
	mask := numbers{ints: make([]int64, x.view.Count())}
	for i := range mask.ints {
		mask.ints[i] = 1
	}
	return c.moved(n, x, knownAs(onnx.Bool, x.shape(), mask))
}

func lowerReshape(c *compiler, n *node) error {
	x := c.in(n, 0)
	list, err := c.listed(n, 1, "shape")
	if err != nil {
		return err
	}
	zeros, err := n.integer("allowzero", 0)
	if err != nil {
		return err
	}
	shape, err := reshape(x.shape(), list, zeros == 1)
	if err != nil {
		return err
	}
	v, err := c.sizedAs(x, shape)
	if err != nil {
		return err
	}
	return c.moved(n, v)
}

// sizedAs is reshaped, of a shape that is not known to fit.
func (c *compiler) sizedAs(v *value, shape []int) (*value, error) {
	if err := sized(v, shape); err != nil {
		return nil, err
	}
	return c.reshaped(v, shape)
}

// reshape is what ONNX's Reshape makes of a shape: 0 is the size that the axis had, unless zeros are meant, and -1
// what is left over.
func reshape(from []int, list []int64, zeros bool) ([]int, error) {
	shape, open, known := make([]int, len(list)), -1, 1
	for i, size := range list {
		switch {
		case size == 0 && !zeros && i >= len(from), size < -1, size == -1 && open >= 0, size > 1<<40:
			return nil, fmt.Errorf("%w: shape %v of a tensor of %v", ErrGraph, list, from)
		case size == 0 && !zeros:
			shape[i] = from[i]
		default:
			shape[i] = int(size)
		}
		if size == -1 {
			open = i
		} else {
			known *= shape[i]
		}
	}
	if open < 0 {
		return shape, nil
	}
	count := 1
	for _, size := range from {
		count *= size
	}
	if known == 0 || count%known != 0 {
		return nil, fmt.Errorf(
			"%w: shape %v of a tensor of %v, whose %d numbers it does not divide",
			ErrGraph,
			list,
			from,
			count,
		)
	}
	shape[open] = count / known
	return shape, nil
}

func lowerFlatten(c *compiler, n *node) error {
	x := c.in(n, 0)
	at, err := n.integer("axis", 1)
	if err != nil {
		return err
	}
	if at < 0 {
		at += x.rank()
	}
	if at < 0 || at > x.rank() {
		return fmt.Errorf("%w: axis %d of %s", ErrGraph, at, x)
	}
	shape := []int{1, 1}
	for i, size := range x.shape() {
		if i < at {
			shape[0] *= size
		} else {
			shape[1] *= size
		}
	}
	v, err := c.reshaped(x, shape)
	if err != nil {
		return err
	}
	return c.moved(n, v)
}

func lowerSqueeze(c *compiler, n *node) error {
	x := c.in(n, 0)
	list, err := c.listed(n, 1, "axes")
	if err != nil {
		return err
	}
	drop, err := axes(list, x.rank())
	if err != nil {
		return err
	}
	view := op.View{Offset: x.view.Offset}
	for i, size := range x.shape() {
		gone := slices.Contains(drop, i)
		if gone && size != 1 {
			return fmt.Errorf("%w: axis %d of %s, must be of size 1 to be squeezed", ErrGraph, i, x)
		}
		if gone || list == nil && size == 1 {
			continue
		}
		view.Shape, view.Strides = append(view.Shape, size), append(view.Strides, x.view.Strides[i])
	}
	return c.moved(n, x.seen(view))
}

func lowerUnsqueeze(c *compiler, n *node) error {
	x := c.in(n, 0)
	list, err := c.listed(n, 1, "axes")
	if err != nil {
		return err
	}
	add, err := axes(list, x.rank()+len(list))
	if err != nil {
		return err
	}
	view := op.View{Offset: x.view.Offset}
	for i, from := 0, 0; i < x.rank()+len(list); i++ {
		if slices.Contains(add, i) {
			view.Shape, view.Strides = append(view.Shape, 1), append(view.Strides, 0)
			continue
		}
		view.Shape, view.Strides = append(view.Shape, x.shape()[from]), append(view.Strides, x.view.Strides[from])
		from++
	}
	return c.moved(n, x.seen(view))
}

func lowerTranspose(c *compiler, n *node) error {
	x := c.in(n, 0)
	list, err := n.integers("perm")
	if err != nil {
		return err
	}
	order, err := axes(list, x.rank())
	if err != nil {
		return err
	}
	if list == nil {
		for i := range x.rank() {
			order = append(order, x.rank()-1-i)
		}
	}
	view, err := x.view.Permute(order...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGraph, err)
	}
	return c.moved(n, x.seen(view))
}

func lowerExpand(c *compiler, n *node) error {
	x := c.in(n, 0)
	list, err := c.ints(n, c.in(n, 1))
	if err != nil {
		return err
	}
	to := make([]int, len(list))
	for i, size := range list {
		if size < 0 || size > 1<<40 {
			return fmt.Errorf("%w: shape %v to expand to", ErrGraph, list)
		}
		to[i] = int(size)
	}
	shape, err := op.BroadcastShape(x.shape(), to)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGraph, err)
	}
	view, err := op.Broadcast(x.view, shape)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGraph, err)
	}
	return c.moved(n, x.seen(view))
}

func lowerSplit(c *compiler, n *node) error {
	x := c.in(n, 0)
	at, err := n.axisOf(0, x.rank())
	if err != nil {
		return err
	}
	sizes, err := c.listed(n, 1, "split")
	if err != nil {
		return err
	}
	if sizes == nil {
		sizes = shares(int64(x.shape()[at]), int64(len(n.Outputs)))
	}
	if len(sizes) != len(n.Outputs) {
		return fmt.Errorf("%w: Split into %v for %d outputs", ErrGraph, sizes, len(n.Outputs))
	}
	var parts []*value
	first := 0
	for _, size := range sizes {
		view, err := x.view.Slice(at, first, int(size), 1)
		if err != nil {
			return fmt.Errorf("%w: Split of %s into %v: %w", ErrGraph, x, sizes, err)
		}
		parts, first = append(parts, x.seen(view)), first+int(size)
	}
	if first != x.shape()[at] {
		return fmt.Errorf("%w: Split of %s into %v, must be all of axis %d", ErrGraph, x, sizes, at)
	}
	return c.moved(n, parts...)
}

// shares divides a size, the last share being what is left.
func shares(size, count int64) (all []int64) {
	each := (size + count - 1) / count
	for range count {
		now := min(each, size)
		all, size = append(all, now), size-now
	}
	return all
}
