package model

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/op"
)

// This file lowers layers whose filters each run gives, or computes.

// variableLayer adds the layer of x that a Conv or ConvTranspose is, of filters on the device. Nothing is fused into
// it.
func (c *compiler) variableLayer(n *node, x, w *value, p conv.Problem) error {
	if q, ok := c.swapped(p); ok && c.in(n, 2) == nil {
		return c.swappedLayer(n, x, w, p, q)
	}
	read, volume, err := c.wholeVolume(x)
	if err != nil {
		return err
	}
	filters, err := c.arranged(w, p)
	if err != nil {
		return err
	}
	reads, others := []*value{read, ordered(w, p)}, []host.Value(nil)
	if bias := c.in(n, 2); bias != nil {
		if bias.view.Count() != p.OutChannels || !isFloat(bias.dtype) {
			return fmt.Errorf("%w: biases %s of %v for %d filters", ErrGraph, bias, bias.dtype, p.OutChannels)
		}
		if bias, err = c.contiguous(bias); err != nil {
			return err
		}
		reads, others = append(reads, bias), append(others, bias.buffer.volume)
	}
	p.Name = c.step(n, tail{nodes: []*node{n}}, nil)
	c.doing[p.Name] = doing{nodes: []*node{n}, reads: reads}
	c.plan.layers = append(c.plan.layers, p)
	v := result(x.dtype, convShape(p, x.rank()), channelsLast(x.rank()))
	v.buffer = buffer{
		volume: c.b.ConvFrom(volume, p, filters.buffer.volume, others...),
		count:  v.view.Count(),
		dims:   dims{p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels},
	}
	c.set(n, 0, v)
	return nil
}

// wholeVolume is a value alone in a buffer with its channels innermost, and the volume that it is.
func (c *compiler) wholeVolume(v *value) (*value, host.Value, error) {
	on, err := c.onDevice(v)
	if err != nil {
		return nil, host.Value{}, err
	}
	if wide, ok := standing(on); !ok || wide != on.shape()[1] {
		if on, err = c.copied(on, laidOut(v.shape(), channelsLast(v.rank()))); err != nil {
			return nil, host.Value{}, err
		}
	}
	return on, c.as(on.buffer, dimsOf(on.shape(), on.shape()[1])), nil
}

// arranged are a node's weights alone in a buffer, in the order (K, Z, H, W, D).
func (c *compiler) arranged(w *value, p conv.Problem) (*value, error) {
	on, err := c.onDevice(w)
	if err == nil && p.Transposed {
		on, err = c.contiguous(on)
	}
	if err != nil {
		return nil, err
	}
	by, err := filterOrder(on.view, p)
	if err != nil {
		return nil, err
	}
	if to := on.seen(by); !to.whole() {
		return c.copied(to, op.Contiguous(by.Shape...))
	}
	return on, nil
}

// ordered shows what arranged has by the order of axes that the node's weights have. That of a transposed layer has no
// name, so that nobody takes its numbers, which no view shows where there are groups, for the node's.
func ordered(w *value, p conv.Problem) *value {
	to := w.seen(laidOut(w.shape(), channelsLast(w.rank())))
	if p.Transposed {
		to.name = ""
	}
	return to
}

// swapped is the layer whose gradient with respect to its filters the layer p computes, where p's windows have more
// places than there are windows, as where p stands for such a gradient: taps and outputs change places, strides and
// dilations, images and channels. Of V, the gradient, p's algorithms would compute few numbers of long sums.
func (c *compiler) swapped(p conv.Problem) (q conv.Problem, ok bool) {
	taps, outputs := 1, 1
	for _, a := range p.Axes() {
		taps, outputs = taps*a.Filter, outputs*a.Out
	}
	if p.Transposed || p.Groups > 1 || p.Padding != conv.Zero || taps <= outputs {
		return q, false
	}
	swap := func(a conv.Axis) conv.Axis {
		return conv.Axis{In: a.In, Out: a.Filter, Filter: a.Out, Stride: a.Dilation, Dilation: a.Stride, Pad: a.Pad}
	}
	q, err := conv.New(conv.Problem{Batch: p.InChannels, Groups: 1, InChannels: p.Batch, OutChannels: p.OutChannels,
		Z: swap(p.Z), H: swap(p.H), W: swap(p.W)})
	if err != nil {
		return q, false
	}
	all, err := host.FilterGradients(c.b.Device(), q, host.LayerOptions{Exact: true})
	return q, err == nil && len(all) > 0
}

// swappedLayer adds the gradient with respect to the filters of q that the layer p of a Conv is.
func (c *compiler) swappedLayer(n *node, x, w *value, p, q conv.Problem) error {
	// Channels, then places, then images, which are the channels of q; and so with filters.
	order := channelsLast(x.rank())
	order[0], order[len(order)-1] = 1, 0
	read, err := c.laid(x, order)
	if err != nil {
		return err
	}
	dz, err := c.laid(w, order)
	if err != nil {
		return err
	}
	q.Name = c.step(n, tail{nodes: []*node{n}}, nil)
	c.doing[q.Name] = doing{nodes: []*node{n}, reads: []*value{read, dz}}
	p.Name = q.Name
	c.plan.layers = append(c.plan.layers, p)
	v := result(x.dtype, convShape(p, x.rank()), order)
	on := func(of *value, places [3]int, channels int) host.Value {
		return c.as(of.buffer, dims{q.Batch, places[0], places[1], places[2], channels})
	}
	v.buffer = buffer{
		volume: c.b.FilterGradientFrom(on(read, [3]int{q.Z.In, q.H.In, q.W.In}, q.InChannels), q,
			on(dz, [3]int{q.Z.Out, q.H.Out, q.W.Out}, q.OutChannels)),
		count: v.view.Count(),
	}
	// dW has its filters first, which are p's channels of V, and images last: as v is laid out.
	c.set(n, 0, v)
	return nil
}

// laid is a value alone in a buffer that it fills in the given order of axes.
func (c *compiler) laid(v *value, order []int) (*value, error) {
	on, err := c.onDevice(v)
	if err != nil {
		return nil, err
	}
	want := laidOut(v.shape(), order)
	same := on.view.Offset == 0 && on.buffer.count == on.view.Count()
	for i, size := range want.Shape {
		same = same && (size == 1 || on.view.Strides[i] == want.Strides[i])
	}
	if same {
		return on.seen(want), nil
	}
	return c.copied(on, want)
}
