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
