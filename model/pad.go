package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
)

// padding is what a Pad puts around a tensor, by axis. Numbers below 0 cut off.
type padding struct {
	begins, ends []int
	mode         string
	value        *value // of the mode constant; nil is 0
}

// padding reads a node's padding.
func (c *compiler) padding(n *node) (p padding, err error) {
	x := c.in(n, 0)
	name := "pads"
	if c.net.opset < 2 {
		name = "paddings"
	}
	list, err := c.listed(n, 1, name)
	if err != nil {
		return p, err
	}
	if p.mode, err = n.text("mode", "constant"); err != nil {
		return p, err
	}
	p.value = c.in(n, 2)
	if by, err := n.float("value", 0); err != nil || by != 0 {
		p.value = knownAs(x.dtype, nil, numbers{floats: []float32{by}})
	}
	along := make([]int, x.rank())
	for i := range along {
		along[i] = i
	}
	if v := c.in(n, 3); v != nil {
		given, err := c.ints(n, v)
		if err != nil {
			return p, err
		}
		if along, err = axes(given, x.rank()); err != nil {
			return p, err
		}
	}
	p.begins, p.ends = make([]int, x.rank()), make([]int, x.rank())
	if len(list) != 2*len(along) {
		return p, fmt.Errorf("%w: %d pads for %d axes of %s", ErrGraph, len(list), len(along), x)
	}
	for i, at := range along {
		for k, to := range []*int{&p.begins[at], &p.ends[at]} {
			by := list[i+k*len(along)]
			if by > conv.MaxSize || by < -conv.MaxSize {
				return p, fmt.Errorf("%w: a pad of %d", ErrGraph, by)
			}
			*to = int(by)
		}
	}
	return p, nil
}

// zero tells whether the padding is of zeros.
func (p padding) zero() bool {
	if p.mode != "constant" || p.value == nil {
		return p.mode == "constant"
	}
	return p.value.known != nil && !slices.ContainsFunc(p.value.numbers().float64s(),
		func(v float64) bool { return v != 0 })
}

// layerPadding is the padding of layers that does what a Pad's mode does.
func (p padding) layerPadding() (conv.Padding, bool) {
	mode, ok := map[string]conv.Padding{
		"constant": conv.Zero,
		"reflect":  conv.Reflect,
		"edge":     conv.Replicate,
		"wrap":     conv.Circular,
	}[p.mode]
	return mode, ok && (mode != conv.Zero || p.zero())
}

// placesAlone tells whether nothing is put around images and channels, and nothing is cut off.
func (p padding) placesAlone() bool {
	return len(p.begins) > 2 && p.begins[0]|p.begins[1]|p.ends[0]|p.ends[1] == 0 &&
		min(slices.Min(p.begins), slices.Min(p.ends)) >= 0
}

// fusePadding leaves a Pad to the convolution that is all that reads it. The convolution then reads what was padded.
func (c *compiler) fusePadding(n *node, p padding) bool {
	next, _ := c.follower(n)
	mode, ok := p.layerPadding()
	if !ok || !p.placesAlone() || next == nil || next.Op != "Conv" || next.Inputs[0] != n.Outputs[0] {
		return false
	}
	w, err := windows(next, len(p.begins)-2, nil)
	if err != nil || w.auto != "NOTSET" || mode != conv.Zero && slices.Max(w.begins)+slices.Max(w.ends) > 0 {
		return false
	}
	for i, size := range c.in(n, 0).shape()[2:] {
		most := max(p.begins[2+i], p.ends[2+i])
		if mode == conv.Reflect && most > size-1 || mode == conv.Circular && most > size {
			return false
		}
	}
	c.padded[n.Outputs[0]] = p
	c.set(n, 0, c.in(n, 0))
	return true
}

// lowerPad is a copy by a map of each axis, where no convolution pads.
func lowerPad(c *compiler, n *node) error {
	x := c.in(n, 0)
	p, err := c.padding(n)
	if err != nil {
		return err
	}
	if x.known == nil && c.fusePadding(n, p) {
		return nil
	}
	outside := op.Outside(p.mode)
	if !slices.Contains([]op.Outside{op.Constant, op.Edge, op.Reflect, op.Wrap}, outside) {
		return fmt.Errorf("%w: mode %q of Pad", ErrGraph, p.mode)
	}
	word := uint32(0)
	if p.value != nil {
		if p.value.known == nil {
			return c.unknown(n, p.value)
		}
		words, err := p.value.numbers().words()
		if err != nil || len(words) != 1 || p.value.dtype != x.dtype {
			return fmt.Errorf("%w: Pad of %v with %s of %v, error %v", ErrGraph, x.dtype, p.value, p.value.dtype, err)
		}
		word = words[0]
	}
	shape, maps := slices.Clone(x.shape()), make([]op.Axis, x.rank())
	for i := range shape {
		shape[i] += p.begins[i] + p.ends[i]
		maps[i] = op.Axis{Start: -p.begins[i], Step: 1}
		if shape[i] < 1 {
			return fmt.Errorf("%w: Pad of %s by %v and %v", ErrGraph, x, p.begins, p.ends)
		}
	}
	return c.remap(n, x, shape, maps, outside, word)
}

// remap adds a node whose output is a copy by maps of its input's axes.
func (c *compiler) remap(n *node, x *value, shape []int, maps []op.Axis, outside op.Outside, word uint32) error {
	to := result(x.dtype, shape, ranked(x.view))
	err := c.apply(n.String(), call{
		reads:  []*value{x},
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			return remapped(p, out[0], in[0], maps, outside, word)
		},
		judge: c.reference(n, []*value{x}, 0),
	})
	c.set(n, 0, to)
	return err
}

// remapped adds the copy's step, with the axes in the order in which the output has them in memory.
func remapped(p *exec.Plan, out, in op.Tensor, maps []op.Axis, outside op.Outside, word uint32) error {
	order := ranked(out.View)
	turned := make([]op.Axis, len(maps))
	for i, axis := range order {
		turned[i] = maps[axis]
	}
	var err error
	if out.View, err = out.Permute(order...); err != nil {
		return err
	}
	if in.View, err = in.Permute(order...); err != nil {
		return err
	}
	return op.Map(p, out, in, turned, outside, word)
}

// lowerTile repeats a tensor along its axes.
func lowerTile(c *compiler, n *node) error {
	x := c.in(n, 0)
	times, err := c.ints(n, c.in(n, 1))
	if err != nil {
		return err
	}
	if c.net.opset < 6 || len(times) != x.rank() {
		return fmt.Errorf("%w: Tile of %s by %v at opset %d", ErrUnsupported, x, times, c.net.opset)
	}
	shape, maps := slices.Clone(x.shape()), make([]op.Axis, x.rank())
	for i := range shape {
		if times[i] < 1 || times[i] > conv.MaxSize {
			return fmt.Errorf("%w: Tile of %s by %v", ErrGraph, x, times)
		}
		shape[i] *= int(times[i])
		maps[i] = op.Axis{Step: 1}
	}
	return c.remap(n, x, shape, maps, op.Wrap, 0)
}
