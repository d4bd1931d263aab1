package gomlx

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/shapeinference"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// convolution is what a ConvGeneral computes, complete.
type convolution struct {
	input, kernel                     shapes.Shape
	axes                              backends.ConvolveAxesConfig
	strides                           []int
	paddings                          [][2]int
	inputDilations, kernelDilations   []int
	channelGroups, batchGroups, ranks int
}

// ConvGeneral is a convolution. The GPU computes those of one to three spatial axes.
func (b *Builder) ConvGeneral(input, kernel backends.Op, axes backends.ConvolveAxesConfig, strides []int,
	paddings [][2]int, inputDilations, kernelDilations []int, channelGroups, batchGroups int) (backends.Op, error) {
	v, err := b.values(input, kernel)
	if err != nil {
		return nil, fmt.Errorf("ConvGeneral: %w", err)
	}
	c := convolution{
		input:           v[0].shape,
		kernel:          v[1].shape,
		axes:            axes.Clone(),
		ranks:           len(axes.InputSpatial),
		strides:         atLeastOnes(strides, len(axes.InputSpatial)),
		inputDilations:  atLeastOnes(inputDilations, len(axes.InputSpatial)),
		kernelDilations: atLeastOnes(kernelDilations, len(axes.InputSpatial)),
		paddings:        slices.Clone(paddings),
		channelGroups:   max(channelGroups, 1),
		batchGroups:     max(batchGroups, 1),
	}
	if paddings == nil {
		c.paddings = make([][2]int, c.ranks)
	}
	if err := caught(c.check); err != nil {
		return nil, fmt.Errorf("ConvGeneral: %w", err)
	}
	n := &node{op: backends.OpTypeConvGeneral, gpu: c.onGPU}
	n.elsewhere = func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
		return one(c.elsewhere(on, in[0], in[1]))
	}
	if c.ranks < 1 || c.ranks > 3 {
		n.why = fmt.Sprintf("%d spatial axes, must be from 1 to 3", c.ranks)
	}
	return b.add(n, input, kernel)
}

// check reports what does not fit together.
func (c convolution) check() error {
	_, err := shapeinference.ConvGeneralOp(c.input, c.kernel, c.axes, c.strides, c.paddings, c.inputDilations,
		c.kernelDilations, c.channelGroups, c.batchGroups)
	return err
}

// atLeastOnes are numbers with 1 for those below, and for all where there are none.
func atLeastOnes(list []int, n int) []int {
	if len(list) == 0 {
		return slices.Repeat([]int{1}, n)
	}
	to := slices.Clone(list)
	for i := range to {
		to[i] = max(to[i], 1)
	}
	return to
}

// elsewhere adds the convolution to a builder of simplego. Groups of the batch are convolutions of their own there.
func (c convolution) elsewhere(on backends.Builder, input, kernel backends.Op) (backends.Op, error) {
	whole := func(x, k backends.Op) (backends.Op, error) {
		return on.ConvGeneral(x, k, c.axes, c.strides, c.paddings, c.inputDilations, c.kernelDilations,
			c.channelGroups, 1)
	}
	if c.batchGroups == 1 {
		return whole(input, kernel)
	}
	if c.channelGroups > 1 {
		return nil, fmt.Errorf("%d groups of channels and %d of the batch, must be groups of one of them",
			c.channelGroups, c.batchGroups)
	}
	images, filters := c.input.Dimensions[c.axes.InputBatch], c.kernel.Dimensions[c.axes.KernelOutputChannels]
	if images%c.batchGroups != 0 || filters%c.batchGroups != 0 {
		return nil, fmt.Errorf("%d images and %d filters in %d groups of the batch, must be multiples of that", images,
			filters, c.batchGroups)
	}
	var parts []backends.Op
	for g := range c.batchGroups {
		x, err := part(on, input, c.input.Dimensions, c.axes.InputBatch, g, c.batchGroups)
		if err != nil {
			return nil, err
		}
		k, err := part(on, kernel, c.kernel.Dimensions, c.axes.KernelOutputChannels, g, c.batchGroups)
		if err != nil {
			return nil, err
		}
		v, err := whole(x, k)
		if err != nil {
			return nil, err
		}
		parts = append(parts, v)
	}
	return on.Concatenate(c.axes.OutputChannels, parts...)
}

// part is the g-th of so many equal parts of x along an axis.
func part(on backends.Builder, x backends.Op, dims []int, axis, g, of int) (backends.Op, error) {
	starts, limits := make([]int, len(dims)), slices.Clone(dims)
	size := dims[axis] / of
	starts[axis], limits[axis] = g*size, (g+1)*size
	return on.Slice(x, starts, limits, slices.Repeat([]int{1}, len(dims)))
}

// onGPU adds the convolution to a network: as Conv, or where the input is dilated as ConvTranspose, which is the same
// with its filters the other way round.
func (c convolution) onGPU(to *network, in []string) (string, error) {
	a := c.axes
	x := to.transposed(in[0], append([]int{a.InputBatch, a.InputChannels}, a.InputSpatial...))
	w := to.transposed(in[1], append([]int{a.KernelOutputChannels, a.KernelInputChannels}, a.KernelSpatial...))
	places := at(c.input.Dimensions, a.InputSpatial)
	groups := c.channelGroups
	if c.batchGroups > 1 {
		groups = c.batchGroups
		x = c.groupsOfBatch(to, x, places)
	}
	var v string
	if slices.Max(c.inputDilations) > 1 {
		v = c.transposed(to, x, w, places, groups)
	} else {
		v = c.forward(to, x, w, groups)
	}
	return to.transposed(v, inverse(append([]int{a.OutputBatch, a.OutputChannels}, a.OutputSpatial...))), nil
}

// groupsOfBatch has the groups of the batch as groups of channels: (G*N, C, places) as (N, G*C, places).
func (c convolution) groupsOfBatch(to *network, x string, places []int) string {
	g, channels := c.batchGroups, c.input.Dimensions[c.axes.InputChannels]
	images := c.input.Dimensions[c.axes.InputBatch] / g
	x = to.reshaped(x, slices.Concat([]int{g, images, channels}, places)...)
	order := indices(3 + len(places))
	order[0], order[1] = 1, 0
	return to.reshaped(to.transposed(x, order), slices.Concat([]int{images, g * channels}, places)...)
}

// forward is a Conv of x, (N, C, places), and filters of (K, C, places). What paddings below 0 cut off is cut off
// before.
func (c convolution) forward(to *network, x, w string, groups int) string {
	begins, ends := make([]int, c.ranks+2), make([]int, c.ranks+2)
	pads := make([]int, 2*c.ranks)
	for i, p := range c.paddings {
		begins[2+i], ends[2+i] = min(p[0], 0), min(p[1], 0)
		pads[i], pads[c.ranks+i] = max(p[0], 0), max(p[1], 0)
	}
	return to.node("Conv", attributes{"strides": c.strides, "dilations": c.kernelDilations, "pads": pads,
		"group": groups}, to.padded(x, begins, ends, 0), w)
}

// transposed is a ConvTranspose whose strides are the dilations of the input. Of its output, strides take some.
func (c convolution) transposed(to *network, x, w string, places []int, groups int) string {
	taps := at(c.kernel.Dimensions, c.axes.KernelSpatial)
	filters, depth := c.kernel.Dimensions[c.axes.KernelOutputChannels],
		c.kernel.Dimensions[c.axes.KernelInputChannels]
	w = to.reversed(w, slices.Concat([]int{filters, depth}, taps), indices(c.ranks + 2)[2:])
	// ONNX's filters are (C, K in a group, places): C and K change places in each group.
	w = to.reshaped(w, slices.Concat([]int{groups, filters / groups, depth}, taps)...)
	order := indices(3 + c.ranks)
	order[1], order[2] = 2, 1
	w = to.reshaped(to.transposed(w, order), slices.Concat([]int{groups * depth, filters / groups}, taps)...)
	begins, ends := make([]int, c.ranks+2), make([]int, c.ranks+2)
	pads, now := make([]int, 2*c.ranks), make([]int, c.ranks+2)
	for i, p := range c.paddings {
		reach := (taps[i] - 1) * c.kernelDilations[i]
		full := (places[i]-1)*c.inputDilations[i] + 1 + reach
		cut := [2]int{reach - p[0], reach - p[1]} // of the full output; below 0 zeros are added
		// ConvTranspose cuts off itself, unless nothing were left then.
		if mine := [2]int{max(cut[0], 0), max(cut[1], 0)}; full-mine[0]-mine[1] > 0 {
			pads[i], pads[c.ranks+i] = mine[0], mine[1]
		}
		begins[2+i], ends[2+i] = pads[i]-cut[0], pads[c.ranks+i]-cut[1]
		now[2+i] = full - cut[0] - cut[1]
	}
	now[0], now[1] = c.images(), filters
	v := to.node("ConvTranspose", attributes{"strides": c.inputDilations, "dilations": c.kernelDilations, "pads": pads,
		"group": groups}, x, w)
	v = to.padded(v, begins, ends, 0)
	if slices.Max(c.strides) > 1 {
		v = to.sliced(v, make([]int, len(now)), now, append([]int{1, 1}, c.strides...))
	}
	return v
}

// images is how many the output has.
func (c convolution) images() int { return c.input.Dimensions[c.axes.InputBatch] / c.batchGroups }
