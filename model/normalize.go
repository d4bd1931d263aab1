package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// This file lowers the normalizations that find mean and variance in what they are given.

// normalization is one of them, over axes of x.
type normalization struct {
	x              *value
	over           []int
	scale, bias    *value // of x's rank, or nil
	within, beside float32
	statistics     bool // the node's outputs 1 and 2 are written too
	apart          bool // scale and bias are applied in a step of their own
}

// normalize adds the node. as is the shape that its output has, which may be x's before it was split into groups.
func (c *compiler) normalize(n *node, o normalization, as []int) error {
	if o.scale != nil && o.bias == nil {
		o.bias = knownAs(onnx.Float, slices.Repeat([]int{1}, o.x.rank()), numbers{floats: []float32{0}})
	}
	if err := c.straighten(&o); err != nil {
		return err
	}
	reads := []*value{o.x}
	if o.scale != nil {
		reads = append(reads, o.scale, o.bias)
	}
	writes, outputs := []*value{result(o.x.dtype, o.x.shape(), ranked(o.x.view))}, []int{0}
	if o.statistics {
		row := kept(o.x.shape(), o.over)
		writes, outputs = append(writes, plain(onnx.Float, row), plain(onnx.Float, row)), []int{0, 1, 2}
	}
	err := c.apply(n.String(), call{
		reads:  reads,
		writes: writes,
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return o.plan(p, in, out) },
		judge:  c.normalizedReference(n, reads, as, outputs),
	})
	if err != nil {
		return err
	}
	if writes[0], err = c.reshaped(writes[0], as); err != nil {
		return err
	}
	for i, v := range writes {
		c.set(n, i, v)
	}
	return nil
}

// straighten copies x where its rows, or those of what goes with it, are several axes, and are one in another order of
// memory, as of a cropped volume, or of groups of channels that are innermost. The kernel goes through them three
// times, and axis by axis that takes longer than to copy x. Where it is the scale that has several, as one for each
// channel of a group, it is applied in a step of its own.
func (c *compiler) straighten(o *normalization) error {
	x, bare := onceOnDevice(o.x), *o
	bare.scale, bare.bias = nil, nil
	for _, of := range []normalization{*o, bare} {
		for i, view := range []op.View{x, laidOut(x.Shape, ranked(x)), op.Contiguous(x.Shape...)} {
			if !of.straight(view) {
				continue
			}
			var err error
			if i > 0 {
				o.x, err = c.copied(o.x, view)
			}
			o.apart = of.scale == nil && o.scale != nil
			return err
		}
	}
	return nil
}

// straight tells whether rows of x by this view are one axis, those of what is written and goes with it too.
func (o normalization) straight(x op.View) bool {
	views, order := []op.View{x, laidOut(x.Shape, ranked(x))}, ranked(x)
	if o.statistics {
		order = upFrom(0, x.Rank())
	}
	for _, v := range []*value{o.scale, o.bias} {
		if v == nil {
			continue
		}
		view, err := op.Broadcast(onceOnDevice(v), x.Shape)
		if err != nil {
			return false // which the kernel says too
		}
		views = append(views, view)
	}
	for i, v := range views {
		row := op.View{}
		for _, axis := range order {
			if slices.Contains(o.over, axis) {
				row.Shape, row.Strides = append(row.Shape, v.Shape[axis]), append(row.Strides, v.Strides[axis])
			}
		}
		views[i] = row
	}
	merged, err := op.Merge(views...)
	return err == nil && merged[0].Rank() < 2
}

// onceOnDevice is how a value is seen there: what the host knows is uploaded in ONNX's order.
func onceOnDevice(v *value) op.View {
	if v.known != nil {
		return op.Contiguous(v.shape()...)
	}
	return v.view
}

func (o normalization) plan(p *exec.Plan, in, out []op.Tensor) error {
	if o.apart {
		return o.planApart(p, in, out)
	}
	for i := range in {
		view, err := op.Broadcast(in[i].View, o.x.shape())
		if err != nil {
			return err
		}
		in[i] = view.Of(in[i].Operand)
	}
	over, order := o.over, append([]op.Tensor{in[0], out[0]}, in[1:]...)
	if !o.statistics { // which are written in the order of the rows
		var err error
		if over, order, err = along(o.over, order...); err != nil {
			return err
		}
	}
	by := op.Normalization{Within: o.within, Beside: o.beside}
	if len(order) > 2 {
		by.Scale, by.Bias = &order[2], &order[3]
	}
	if o.statistics {
		by.Mean, by.Inverse = &out[1], &out[2]
	}
	return op.Normalize(p, order[1], order[0], over, by)
}

// planApart normalizes first, and then applies scale and bias.
func (o normalization) planApart(p *exec.Plan, in, out []op.Tensor) error {
	bare, middle := o, out[0]
	bare.apart, bare.scale, bare.bias = false, nil, nil
	middle.Operand = p.Add(exec.Operand{
		Name: "x, normalized", Role: exec.Scratch, Count: int64(out[0].Count()), DType: dtypeOf(onnx.Float),
	})
	if err := bare.plan(p, in[:1:1], append([]op.Tensor{middle}, out[1:]...)); err != nil {
		return err
	}
	return formula{{name: "affine"}}.plan(p, append([]op.Tensor{middle}, in[1:]...), out[0])
}

// perChannel is a value of one axis, or of one number, as one that broadcasts along axis 1 of a rank.
func (c *compiler) perChannel(v *value, channels, rank int) (*value, error) {
	if v == nil || v.view.Count() != channels {
		return nil, fmt.Errorf("%w: %s for %d channels", ErrGraph, v, channels)
	}
	return c.reshaped(v, append([]int{1, channels}, slices.Repeat([]int{1}, rank-2)...))
}

func lowerInstanceNormalization(c *compiler, n *node) (err error) {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	if x.rank() < 3 {
		return fmt.Errorf("%w: InstanceNormalization of %s", ErrGraph, x)
	}
	o := normalization{x: x, over: upFrom(2, x.rank())}
	if o.within, err = n.float("epsilon", 1e-5); err != nil {
		return err
	}
	for i, to := range []**value{&o.scale, &o.bias} {
		if *to, err = c.perChannel(c.in(n, 1+i), x.shape()[1], x.rank()); err != nil {
			return err
		}
	}
	return c.normalize(n, o, x.shape())
}

func lowerLayerNormalization(c *compiler, n *node) (err error) {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	axis, err := n.axisOf(-1, x.rank())
	if err != nil {
		return err
	}
	o := normalization{x: x, over: upFrom(axis, x.rank()), scale: c.in(n, 1), bias: c.in(n, 2)}
	o.statistics = len(n.Outputs) > 1
	if o.within, err = n.float("epsilon", 1e-5); err != nil {
		return err
	}
	return c.normalize(n, o, x.shape())
}

func lowerGroupNormalization(c *compiler, n *node) (err error) {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	groups, err := n.integer("num_groups", 0)
	if err != nil {
		return err
	}
	if x.rank() < 3 || groups < 1 || x.shape()[1]%groups != 0 {
		return fmt.Errorf("%w: GroupNormalization of %s in %d groups", ErrGraph, x, groups)
	}
	each := x.shape()[1] / groups
	split, err := c.reshaped(x, slices.Concat([]int{x.shape()[0], groups, each}, x.shape()[2:]))
	if err != nil {
		return err
	}
	o := normalization{x: split, over: upFrom(2, split.rank())}
	if o.within, err = n.float("epsilon", 1e-5); err != nil {
		return err
	}
	ones := slices.Repeat([]int{1}, x.rank()-2)
	for i, to := range []**value{&o.scale, &o.bias} {
		v, shape := c.in(n, 1+i), slices.Concat([]int{1, groups, each}, ones)
		if v != nil && c.net.opset < 21 { // one for each group
			shape[2] = 1
		}
		if v == nil || sized(v, shape) != nil {
			return fmt.Errorf("%w: GroupNormalization of %s in %d groups with scale or bias %s", ErrGraph, x, groups,
				v)
		}
		if *to, err = c.reshaped(v, shape); err != nil {
			return err
		}
	}
	return c.normalize(n, o, x.shape())
}

// lowerMeanVariance is MeanVarianceNormalization, which adds 1e-9 to the deviation.
func lowerMeanVariance(c *compiler, n *node) error {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	list, err := n.integers("axes")
	if err != nil {
		return err
	}
	if list == nil {
		list = []int64{0, 2, 3}
	}
	over, err := axes(list, x.rank())
	if err != nil {
		return err
	}
	return c.normalize(n, normalization{x: x, over: over, beside: 1e-9}, x.shape())
}
