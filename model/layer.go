package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/tensor"
)

// This file lowers what package host computes as a layer: Conv and ConvTranspose, and products with a constant matrix,
// which are layers of 1x1 filters.

// lowerConv lowers Conv and ConvTranspose, with the nodes behind it that a layer can compute.
func lowerConv(c *compiler, n *node) error {
	x, w := c.in(n, 0), c.in(n, 1)
	if x.rank() < 3 || x.rank() > 5 || w.rank() != x.rank() {
		return fmt.Errorf(
			"%w: %s of %s with filters %s, must have one to three places and equal ranks",
			ErrUnsupported,
			n.Op,
			x,
			w,
		)
	}
	if !isFloat(x.dtype) || !isFloat(w.dtype) {
		return fmt.Errorf("%w: %s of %v and %v, must be of floating point", ErrUnsupported, n.Op, x.dtype, w.dtype)
	}
	p, err := convProblem(n, x, w, c.padded[n.Inputs[0]])
	if err != nil {
		return err
	}
	if w.known == nil && c.net.options.VariableFilters {
		return c.variableLayer(n, x, w, p)
	}
	filters, err := c.filters(n, p, w, c.in(n, 2))
	if err != nil {
		return err
	}
	v := result(x.dtype, convShape(p, x.rank()), channelsLast(x.rank()))
	return c.layer([]*node{n}, x, p, filters, v, x.rank()-2, func(r *value) (*value, error) { return r, nil })
}

// convShape is the shape of a layer's V in ONNX's order.
func convShape(p conv.Problem, rank int) []int {
	places := []int{p.Z.Out, p.H.Out, p.W.Out}
	return append([]int{p.Batch, p.OutChannels}, places[3-(rank-2):]...)
}

// layer adds a layer of x, which is these nodes, with what can be fused behind them, and gives v to the last of all:
// the layer's V in ONNX's order, with so many axes behind its channels. as views a residual of v's shape as the layer
// reads it.
func (c *compiler) layer(
	nodes []*node,
	x *value,
	p conv.Problem,
	filters tensor.Filters,
	v *value,
	behind int,
	as func(*value) (*value, error),
) error {
	n := nodes[len(nodes)-1]
	t := c.tail(n, v, behind, filters)
	t.nodes = append(slices.Clone(nodes[:len(nodes)-1]), t.nodes...)
	volumes := []*value{x}
	if t.residual != nil {
		r, err := as(t.residual)
		if err != nil {
			return err
		}
		volumes = append(volumes, r)
	}
	p.Name = c.step(n, t, volumes)
	c.plan.layers = append(c.plan.layers, p)
	var on []host.Value
	for _, v := range volumes {
		volume, err := c.volume(v)
		if err != nil {
			return err
		}
		on = append(on, volume)
	}
	v.buffer = buffer{
		volume: c.b.Conv(on[0], p, t.filters, c.layerOptions(t), on[1:]...),
		count:  v.view.Count(),
		dims:   dims{p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels},
	}
	c.set(t.last, 0, v)
	return nil
}

// step names a layer after its node, and notes what it computes.
func (c *compiler) step(n *node, t tail, volumes []*value) string {
	name := strings.Map(func(r rune) rune {
		if r == '"' || r == '\n' || r == '\r' {
			return '\''
		}
		return r
	}, strings.ToValidUTF8(n.String(), "?"))
	c.doing[name] = doing{nodes: t.nodes, reads: volumes, layer: true}
	return name
}

func (c *compiler) layerOptions(t tail) host.LayerOptions {
	o := c.net.options
	return host.LayerOptions{
		Epilogue: t.epilogue,
		Slopes:   t.slopes,
		Exact:    o.Exact || t.last.whole,
		Whole:    t.last.whole,
		Tunings:  o.Tunings,
		Autotune: o.Autotune,
	}
}

// convProblem is the layer that a Conv or ConvTranspose is, with the padding of a Pad before it.
func convProblem(n *node, x, w *value, before padding) (conv.Problem, error) {
	groups, err := n.integer("group", 1)
	if err != nil {
		return conv.Problem{}, err
	}
	p := conv.Problem{
		Batch:       x.shape()[0],
		Groups:      groups,
		InChannels:  x.shape()[1],
		OutChannels: w.shape()[0],
		Transposed:  n.Op == "ConvTranspose",
	}
	if p.Transposed {
		p.OutChannels = w.shape()[1] * groups
	}
	fits := groups > 0 && w.shape()[1]*groups == p.InChannels
	if p.Transposed {
		fits = groups > 0 && w.shape()[0] == p.InChannels
	}
	if !fits {
		return p, fmt.Errorf("%w: %s of %s with filters %s in %d groups", ErrGraph, n.Op, x, w, groups)
	}
	axes, err := convAxes(n, x.shape()[2:], w.shape()[2:], before)
	if err != nil {
		return p, err
	}
	p.Padding, _ = before.layerPadding()
	one := conv.Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}
	p.Z, p.H, p.W = one, one, one
	for i, to := range []*conv.Axis{&p.W, &p.H, &p.Z}[:len(axes)] {
		*to = axes[len(axes)-1-i]
	}
	return conv.New(p)
}

// convAxes are a node's places, the outermost first.
func convAxes(n *node, in, filter []int, before padding) ([]conv.Axis, error) {
	w, err := windows(n, len(in), filter)
	if err != nil {
		return nil, err
	}
	for i := range before.begins[min(2, len(before.begins)):] {
		w.begins[i] += before.begins[2+i]
		w.ends[i] += before.ends[2+i]
	}
	axes := make([]conv.Axis, len(in))
	for i := range axes {
		a := conv.Axis{In: in[i], Filter: filter[i], Stride: w.strides[i], Dilation: w.dilations[i], Pad: w.begins[i]}
		if n.Op == "ConvTranspose" {
			a, err = w.transposed(a, i)
		} else {
			a, err = w.forward(a, i)
		}
		if err != nil {
			return nil, err
		}
		axes[i] = a
	}
	return axes, nil
}

// forward completes an axis of Conv.
func (w window) forward(a conv.Axis, i int) (conv.Axis, error) {
	switch w.auto {
	case "SAME_UPPER", "SAME_LOWER":
		return a.Same(w.auto == "SAME_UPPER")
	case "VALID":
		a.Pad, w.ends = 0, make([]int, len(w.ends))
	}
	if a.Filter < 1 || a.Stride < 1 || a.Dilation < 1 {
		return a, fmt.Errorf(
			"%w: filter %d, stride %d, dilation %d of axis %d",
			ErrGraph,
			a.Filter,
			a.Stride,
			a.Dilation,
			i,
		)
	}
	span := a.In + a.Pad + w.ends[i] - a.Extent()
	if span < 0 {
		return a, fmt.Errorf("%w: a filter of %d taps, dilated to %d, on %d padded inputs of axis %d",
			ErrGraph, a.Filter, a.Extent(), a.In+a.Pad+w.ends[i], i)
	}
	a.Out = span/a.Stride + 1
	return a, nil
}

// transposed completes an axis of ConvTranspose.
func (w window) transposed(a conv.Axis, i int) (conv.Axis, error) {
	full := (a.In-1)*a.Stride + a.Extent() + w.extra[i]
	a.Out = full - a.Pad - w.ends[i]
	switch {
	case w.sizes != nil:
		a.Out = w.sizes[i]
		total := max(full-a.Out, 0)
		if a.Pad = total - total/2; w.auto == "SAME_UPPER" {
			a.Pad = total / 2
		}
	case w.auto == "SAME_UPPER" || w.auto == "SAME_LOWER":
		return a.SameTransposed(w.auto == "SAME_UPPER")
	case w.auto == "VALID":
		a.Pad, a.Out = 0, full
	}
	return a, nil
}

// window is how a Conv, ConvTranspose or pool slides, by axis.
type window struct {
	strides, dilations, begins, ends []int
	auto                             string
	extra, sizes                     []int // output_padding and output_shape of ConvTranspose
}

// windows reads a node's attributes for so many axes, and holds kernel_shape, if it is there, against the filters,
// where these are given.
func windows(n *node, rank int, filter []int) (w window, err error) {
	ones := slices.Repeat([]int{1}, rank)
	read := func(name string, count int, otherwise []int) []int {
		list, e := n.integers(name)
		if list == nil || e != nil {
			err = cmp.Or(err, e)
			return otherwise
		}
		if len(list) != count {
			err = cmp.Or(
				err,
				fmt.Errorf("%w: attribute %q has %d numbers, must have %d", ErrGraph, name, len(list), count),
			)
			return otherwise
		}
		all := make([]int, count)
		for i, v := range list {
			if v < 0 || v > conv.MaxSize {
				err = cmp.Or(
					err,
					fmt.Errorf("%w: attribute %q has %d, must be from 0 to %d", ErrUnsupported, name, v, conv.MaxSize),
				)
			}
			all[i] = int(v)
		}
		return all
	}
	w.strides, w.dilations = read("strides", rank, ones), read("dilations", rank, ones)
	pads := read("pads", 2*rank, make([]int, 2*rank))
	w.begins, w.ends = pads[:rank], pads[rank:]
	w.extra, w.sizes = read("output_padding", rank, make([]int, rank)), read("output_shape", rank, nil)
	kernel := read("kernel_shape", rank, filter)
	if err == nil && filter != nil && !slices.Equal(kernel, filter) {
		err = fmt.Errorf("%w: kernel_shape %v of filters of %v", ErrGraph, kernel, filter)
	}
	if err == nil {
		w.auto, err = n.text("auto_pad", "NOTSET")
	}
	return w, err
}

// filters are a node's weights as a layer's filters, which must be known.
func (c *compiler) filters(n *node, p conv.Problem, w, bias *value) (tensor.Filters, error) {
	if _, err := c.floats(n, w); err != nil {
		return tensor.Filters{}, err
	}
	f := tensor.Filters{
		Banks: 1,
		K:     p.OutChannels,
		Z:     p.Z.Filter,
		H:     p.H.Filter,
		W:     p.W.Filter,
		D:     p.InChannels / p.Groups,
		Bias:  make([]float32, p.OutChannels),
	}
	by, err := filterOrder(w.seen(op.Contiguous(w.shape()...)).view, p)
	if err != nil {
		return f, err
	}
	f.Data = w.numbers().gather(by).floats
	if bias != nil {
		b, err := c.floats(n, bias)
		if err != nil {
			return f, err
		}
		if len(b) != p.OutChannels {
			return f, fmt.Errorf("%w: %d biases for %d filters", ErrGraph, len(b), p.OutChannels)
		}
		f.Bias = slices.Clone(b)
	}
	return f, nil
}

// filterOrder is the view of ONNX's weights that gives them in the order (K, Z, H, W, D). Conv's are (K, D, places),
// ConvTranspose's (groups x D, K / groups, places).
func filterOrder(w op.View, p conv.Problem) (op.View, error) {
	places := w.Shape[2:]
	if !p.Transposed {
		order := append([]int{0}, channelsLast(w.Rank())[1:]...)
		return w.Permute(order...)
	}
	by, err := w.Reshape(append([]int{p.Groups, p.InChannels / p.Groups, w.Shape[1]}, places...)...)
	if err != nil {
		return by, err
	}
	order := []int{0, 2}
	for i := range places {
		order = append(order, 3+i)
	}
	return by.Permute(append(order, 1)...)
}

// volume is a value with its channels innermost, as layers read it: in place where it stands so, also among the
// channels of a wider volume, else copied.
func (c *compiler) volume(v *value) (host.Value, error) {
	v, err := c.onDevice(v)
	if err != nil {
		return host.Value{}, err
	}
	if wide, ok := standing(v); ok {
		volume := c.as(v.buffer, dimsOf(v.shape(), wide))
		if channels := v.shape()[1]; wide != channels {
			return c.b.Channels(volume, v.view.Offset, v.view.Offset+channels), nil
		}
		return volume, nil
	}
	if v, err = c.copied(v, laidOut(v.shape(), channelsLast(v.rank()))); err != nil {
		return host.Value{}, err
	}
	return c.as(v.buffer, dimsOf(v.shape(), v.shape()[1])), nil
}

// dimsOf are those of a volume of so many channels.
func dimsOf(shape []int, channels int) dims {
	d := dims{shape[0], 1, 1, 1, channels}
	copy(d[4-len(shape[2:]):], shape[2:])
	return d
}

// as is a buffer as a volume of these dims.
func (c *compiler) as(b buffer, d dims) host.Value {
	if b.dims == d {
		return b.volume
	}
	return c.b.Reshape(b.volume, d[0], d[1], d[2], d[3], d[4])
}

// standing tells whether a value's channels are innermost in its buffer, and how many channels a pixel has there.
func standing(v *value) (wide int, ok bool) {
	shape := v.shape()
	pixels := v.view.Count() / shape[1]
	wide = v.buffer.count / pixels
	if wide*pixels != v.buffer.count || v.view.Offset+shape[1] > wide {
		return 0, false
	}
	wider := slices.Clone(shape)
	wider[1] = wide
	want := laidOut(wider, channelsLast(v.rank()))
	for i, size := range shape {
		if size > 1 && v.view.Strides[i] != want.Strides[i] {
			return 0, false
		}
	}
	return wide, true
}
