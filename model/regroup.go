package model

import "fmt"

// This file lowers the operators that move numbers between channels and places.

// blockSize reads the size of the blocks of a DepthToSpace or SpaceToDepth.
func blockSize(n *node, x *value) (int, error) {
	size, err := n.integer("blocksize", 0)
	if err != nil {
		return 0, err
	}
	if size < 1 || x.rank() != 4 {
		return 0, fmt.Errorf("%w: %s of %s with blocks of %d", ErrGraph, n.Op, x, size)
	}
	return size, nil
}

// lowerDepthToSpace takes channels for the places of blocks: DCR has a block's place first in a channel's number, CRD
// the output's channel.
func lowerDepthToSpace(c *compiler, n *node) error {
	x := c.in(n, 0)
	b, err := blockSize(n, x)
	if err != nil {
		return err
	}
	mode, err := n.text("mode", "DCR")
	if err != nil {
		return err
	}
	s := x.shape()
	if s[1]%(b*b) != 0 || mode != "DCR" && mode != "CRD" {
		return fmt.Errorf("%w: DepthToSpace of %s in blocks of %d, mode %q", ErrGraph, x, b, mode)
	}
	k := s[1] / (b * b)
	split, order := []int{s[0], b, b, k, s[2], s[3]}, []int{0, 3, 4, 1, 5, 2}
	if mode == "CRD" {
		split, order = []int{s[0], k, b, b, s[2], s[3]}, []int{0, 1, 4, 2, 5, 3}
	}
	return c.regroup(n, x, split, order, []int{s[0], k, s[2] * b, s[3] * b}, []int{0, 2, 3, 4, 5, 1})
}

// lowerSpaceToDepth is its inverse, in DCR's order.
func lowerSpaceToDepth(c *compiler, n *node) error {
	x := c.in(n, 0)
	b, err := blockSize(n, x)
	if err != nil {
		return err
	}
	s := x.shape()
	if s[2]%b != 0 || s[3]%b != 0 {
		return fmt.Errorf("%w: SpaceToDepth of %s in blocks of %d", ErrGraph, x, b)
	}
	split := []int{s[0], s[1], s[2] / b, b, s[3] / b, b}
	to := []int{s[0], s[1] * b * b, s[2] / b, s[3] / b}
	return c.regroup(n, x, split, []int{0, 3, 5, 1, 2, 4}, to, []int{0, 4, 5, 1, 2, 3})
}

// regroup splits axes, changes their order, and joins them to the last shape. Where this takes a copy it has the given
// order of axes in memory, which leaves channels innermost.
func (c *compiler) regroup(n *node, x *value, split, order, shape, memory []int) error {
	v, err := c.reshaped(x, split)
	if err != nil {
		return err
	}
	view, err := v.view.Permute(order...)
	if err != nil {
		return err
	}
	v = v.seen(view)
	if _, err := view.Reshape(shape...); err != nil && v.known == nil {
		if v, err = c.copied(v, laidOut(view.Shape, memory)); err != nil {
			return err
		}
	}
	if v, err = c.reshaped(v, shape); err != nil {
		return err
	}
	return c.moved(n, v)
}
