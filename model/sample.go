package model

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
)

// This file lowers what reads a tensor between its numbers.

// sampling are these operators.
var sampling = map[string]lowering{
	"GridSample": {lower: lowerGridSample},
	"DeformConv": {lower: lowerDeformConv},
}

func lowerGridSample(c *compiler, n *node) error {
	x, grid := c.in(n, 0), c.in(n, 1)
	if err := cmp.Or(floating(n, x), floating(n, grid)); err != nil {
		return err
	}
	mode, err := n.text("mode", "linear")
	if err != nil {
		return err
	}
	if modern, ok := map[string]string{"bilinear": "linear", "bicubic": "cubic"}[mode]; ok { // until opset 19
		mode = modern
	}
	outside, err := n.text("padding_mode", "zeros")
	if err != nil {
		return err
	}
	align, err := n.integer("align_corners", 0)
	if err != nil {
		return err
	}
	if x.rank() < 3 || grid.rank() != x.rank() {
		return fmt.Errorf("%w: GridSample of %s by %s", ErrGraph, x, grid)
	}
	o := op.SampleOptions{Mode: mode, Padding: outside, AlignCorners: align != 0}
	shape := append(slices.Clone(x.shape()[:2]), grid.shape()[1:grid.rank()-1]...)
	to := result(x.dtype, shape, ranked(x.view))
	reads := []*value{x, grid}
	err = c.apply(n.String(), call{
		reads:  reads,
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			return op.GridSample(p, in[0], in[1], out[0], o)
		},
		judge: c.reference(n, reads, 0),
	})
	c.set(n, 0, to)
	return err
}

func lowerDeformConv(c *compiler, n *node) error {
	x, w := c.in(n, 0), c.in(n, 1)
	if err := cmp.Or(floating(n, x), floating(n, w), floating(n, c.in(n, 2))); err != nil {
		return err
	}
	if x.rank() != 4 || w.rank() != 4 {
		return fmt.Errorf("%w: DeformConv of %s with filters %s, must have two places", ErrUnsupported, x, w)
	}
	p, err := convProblem(n, x, w, padding{})
	if err != nil {
		return err
	}
	o := op.DeformOptions{
		Stride:   [2]int{p.H.Stride, p.W.Stride},
		Dilation: [2]int{p.H.Dilation, p.W.Dilation},
		PadBegin: [2]int{p.H.Pad, p.W.Pad},
		Groups:   p.Groups,
	}
	if o.OffsetGroups, err = n.integer("offset_group", 1); err != nil {
		return err
	}
	reads := []*value{x, w, c.in(n, 2)}
	at := [2]int{-1, -1} // of bias and mask among what is read
	for i := range at {
		if v := c.in(n, 3+i); v != nil {
			at[i], reads = len(reads), append(reads, v)
		}
	}
	to := result(x.dtype, convShape(p, 4), channelsLast(4))
	err = c.apply(n.String(), call{
		reads:  reads,
		writes: []*value{to},
		plan: func(plan *exec.Plan, in, out []op.Tensor) error {
			var beside [2]*op.Tensor
			for i, k := range at {
				if k >= 0 {
					beside[i] = &in[k]
				}
			}
			return op.DeformConv(plan, in[0], in[1], in[2], beside[0], beside[1], out[0], o)
		},
		judge: c.reference(n, reads, 0),
	})
	c.set(n, 0, to)
	return err
}
