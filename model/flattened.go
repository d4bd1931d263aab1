package model

import (
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// This file lowers products of flattened images with a constant matrix, which end most networks of convolutions. ONNX
// flattens images channel by channel, and here channels are innermost, so that each image would be copied first. The
// product is a layer over the images as they are, whose filters are as large as they.

// flattened is the node that flattens images into x, the first input of a product, where that copies them. ok is false
// of all other products.
func (c *compiler) flattened(n *node, x *value) (by *node, ok bool) {
	images := x.flat
	if images == nil || x.rank() != 2 || images.rank() < 3 || images.rank() > 5 ||
		x.shape()[0] != images.shape()[0] || !isFloat(images.dtype) {
		return nil, false
	}
	if _, ok := standing(images); !ok {
		return nil, false
	}
	i := slices.IndexFunc(c.net.nodes, func(m *node) bool {
		return len(m.Outputs) == 1 && m.Outputs[0] == n.Inputs[0] && m.Inputs[0] == images.name
	})
	if i < 0 {
		return nil, false
	}
	return c.net.nodes[i], true
}

// overImages adds the layer that such a product is: of the images that x was flattened from, times the matrix w of
// depth x width, and a bias for each column.
func (c *compiler) overImages(n, by *node, x *value, w, bias []float32, width int) error {
	images := x.flat
	shape := images.shape()
	p := conv.Problem{Batch: shape[0], Groups: 1, InChannels: shape[1], OutChannels: width}
	one := conv.Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}
	p.Z, p.H, p.W = one, one, one
	for i, to := range []*conv.Axis{&p.W, &p.H, &p.Z}[:len(shape)-2] {
		size := shape[len(shape)-1-i]
		*to = conv.Axis{In: size, Out: 1, Filter: size, Stride: 1, Dilation: 1}
	}
	p, err := conv.New(p)
	if err != nil {
		return err
	}
	f := tensor.Filters{Banks: 1, K: width, Z: p.Z.Filter, H: p.H.Filter, W: p.W.Filter, D: p.InChannels,
		Data: make([]float32, len(w)), Bias: bias}
	if f.Bias == nil {
		f.Bias = make([]float32, width)
	}
	places := p.Z.Filter * p.H.Filter * p.W.Filter
	for i, weight := range w {
		d, k := i/width, i%width
		f.Data[(k*places+d%places)*p.InChannels+d/places] = weight
	}
	v := plain(x.dtype, []int{shape[0], width})
	return c.layer([]*node{by, n}, images, p, f, v, 0, func(r *value) (*value, error) {
		return c.reshaped(r, []int{shape[0], width, 1})
	})
}
