package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// This file lowers operators that ONNX had as experimental ones until its opset 10, and that networks of the time
// have: ImageScaler, Crop and, with pointwise.go, Affine.

// lowerImageScaler is scale * x + bias, with a bias for each channel.
func lowerImageScaler(c *compiler, n *node) error {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	by, err := n.float("scale", 1)
	if err != nil {
		return err
	}
	bias, _, err := n.attribute("bias", onnx.KindFloats)
	if err != nil {
		return err
	}
	if x.rank() != 4 || len(bias.Floats) != x.shape()[1] {
		return fmt.Errorf("%w: ImageScaler of %s with %d biases", ErrGraph, x, len(bias.Floats))
	}
	shape := []int{x.shape()[1], 1, 1}
	scale := knownAs(onnx.Float, []int{1}, numbers{floats: []float32{by}})
	shift := knownAs(onnx.Float, shape, numbers{floats: bias.Floats})
	to := result(x.dtype, x.shape(), ranked(x.view))
	err = c.apply(n.String(), call{
		reads:  []*value{x, scale, shift},
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			return formula{{name: "affine"}}.plan(p, in, out[0])
		},
		judge: c.reference(n, []*value{x}, 0),
	})
	c.set(n, 0, to)
	return err
}

// lowerCrop cuts the border off an image: left, top, right, bottom. With the attribute scale, a height and a width, it
// cuts off what is left of these instead.
func lowerCrop(c *compiler, n *node) error {
	x := c.in(n, 0)
	border, err := n.integers("border")
	if err != nil {
		return err
	}
	scale, err := n.integers("scale")
	if err != nil {
		return err
	}
	if x.rank() != 4 || len(border) != 4 || slices.Min(border) < 0 || scale != nil && len(scale) != 2 {
		return fmt.Errorf("%w: Crop of %s by border %v and scale %v", ErrGraph, x, border, scale)
	}
	view := x.view
	for i := range 2 {
		first, size := border[1-i], int64(x.shape()[2+i])-border[1-i]-border[3-i]
		if scale != nil {
			size = scale[i]
		}
		if view, err = view.Slice(2+i, int(first), int(size), 1); err != nil || size < 1 {
			return fmt.Errorf("%w: Crop of %s by border %v and scale %v", ErrGraph, x, border, scale)
		}
	}
	return c.moved(n, x.seen(view))
}
