package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
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
	return p.value.known != nil && slices.Max(p.value.numbers().float64s()) == 0 &&
		slices.Min(p.value.numbers().float64s()) == 0
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
