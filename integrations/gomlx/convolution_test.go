package gomlx

import (
	"maps"
	"testing"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gpuconv/gpuconv/cpuref"
)

// Axes of layers: GoMLX's usual ones, PyTorch's, some that no framework has, and those of gradients.
var (
	last = func(n int) backends.ConvolveAxesConfig {
		places := indices(n + 2)[1 : n+1]
		kernel := indices(n)
		return backends.ConvolveAxesConfig{InputBatch: 0, InputChannels: n + 1, InputSpatial: places,
			KernelInputChannels: n, KernelOutputChannels: n + 1, KernelSpatial: kernel,
			OutputBatch: 0, OutputChannels: n + 1, OutputSpatial: places}
	}
	first = func(n int) backends.ConvolveAxesConfig {
		places := indices(n + 2)[2:]
		return backends.ConvolveAxesConfig{InputBatch: 0, InputChannels: 1, InputSpatial: places,
			KernelInputChannels: 1, KernelOutputChannels: 0, KernelSpatial: places,
			OutputBatch: 0, OutputChannels: 1, OutputSpatial: places}
	}
	turned = backends.ConvolveAxesConfig{InputBatch: 2, InputChannels: 0, InputSpatial: []int{3, 1},
		KernelInputChannels: 3, KernelOutputChannels: 1, KernelSpatial: []int{2, 0},
		OutputBatch: 1, OutputChannels: 2, OutputSpatial: []int{0, 3}}
	filterGradient = backends.ConvolveAxesConfig{InputBatch: 3, InputChannels: 0, InputSpatial: []int{1, 2},
		KernelInputChannels: 0, KernelOutputChannels: 3, KernelSpatial: []int{1, 2},
		OutputBatch: 2, OutputChannels: 3, OutputSpatial: []int{0, 1}}
)

// layer is a ConvGeneral with the dimensions of its input and its kernel.
type layer struct {
	name                  string
	input, kernel         []int
	axes                  backends.ConvolveAxesConfig
	strides               []int
	paddings              [][2]int
	dilations, kdilations []int
	groups, batchGroups   int
}

// graph is the layer alone. simplego is given it without groups of the batch, and with numbers for all axes: it panics
// where dilations of the kernel are left out, and takes groups of the batch for others.
func (c layer) graph() graph {
	return of(func(b backends.Builder, in []backends.Op) (backends.Op, error) {
		if b, ok := b.(*Builder); ok {
			return b.ConvGeneral(in[0], in[1], c.axes, c.strides, c.paddings, c.dilations, c.kdilations, c.groups,
				c.batchGroups)
		}
		n := len(c.axes.InputSpatial)
		paddings := c.paddings
		if paddings == nil {
			paddings = make([][2]int, n)
		}
		parts := []backends.Op{}
		for i := range max(c.batchGroups, 1) {
			x, err := part(b, in[0], c.input, c.axes.InputBatch, i, max(c.batchGroups, 1))
			if err != nil {
				return nil, err
			}
			w, err := part(b, in[1], c.kernel, c.axes.KernelOutputChannels, i, max(c.batchGroups, 1))
			if err != nil {
				return nil, err
			}
			v, err := b.ConvGeneral(x, w, c.axes, atLeastOnes(c.strides, n), paddings, atLeastOnes(c.dilations, n),
				atLeastOnes(c.kdilations, n), c.groups, 1)
			if err != nil {
				return nil, err
			}
			parts = append(parts, v)
		}
		return b.Concatenate(c.axes.OutputChannels, parts...)
	})
}

// convolutions are layers in what they differ.
var convolutions = []layer{
	{name: "plain", input: []int{2, 5, 6, 3}, kernel: []int{3, 2, 3, 4}, axes: last(2)},
	{name: "1D", input: []int{2, 3, 9}, kernel: []int{4, 3, 3}, axes: first(1), strides: []int{2},
		paddings: [][2]int{{2, 1}}},
	{name: "3D", input: []int{1, 4, 5, 3, 2}, kernel: []int{2, 3, 1, 2, 3}, axes: last(3), strides: []int{1, 2, 1},
		paddings: [][2]int{{1, 0}, {0, 2}, {0, 0}}},
	{name: "axes", input: []int{3, 6, 2, 5}, kernel: []int{3, 4, 2, 3}, axes: turned, strides: []int{1, 2},
		paddings: [][2]int{{1, 1}, {0, 1}}},
	{name: "dilated", input: []int{1, 9, 8, 2}, kernel: []int{3, 2, 2, 3}, axes: last(2), kdilations: []int{2, 3},
		paddings: [][2]int{{2, 2}, {0, 1}}},
	{name: "cut off", input: []int{1, 9, 8, 2}, kernel: []int{3, 2, 2, 3}, axes: last(2),
		paddings: [][2]int{{-2, 1}, {0, -3}}},
	{name: "groups", input: []int{2, 5, 5, 6}, kernel: []int{3, 3, 2, 9}, axes: last(2), groups: 3,
		paddings: [][2]int{{1, 1}, {1, 1}}},
	{name: "depthwise", input: []int{2, 4, 6, 5}, kernel: []int{8, 1, 3, 2}, axes: first(2), groups: 4,
		strides: []int{2, 1}},
	{name: "groups of the batch", input: []int{6, 5, 4, 2}, kernel: []int{2, 3, 2, 9}, axes: last(2), batchGroups: 3},
	{name: "groups of the batch, axes", input: []int{3, 6, 4, 5}, kernel: []int{3, 6, 2, 3}, axes: turned,
		batchGroups: 2},
	{name: "transposed", input: []int{2, 4, 3, 3}, kernel: []int{3, 2, 3, 4}, axes: last(2), dilations: []int{2, 3},
		paddings: [][2]int{{1, 2}, {1, 0}}},
	{name: "transposed, zeros added", input: []int{1, 3, 4, 2}, kernel: []int{2, 3, 2, 2}, axes: last(2),
		dilations: []int{2, 1}, paddings: [][2]int{{3, 4}, {2, 5}}},
	{name: "transposed, cut off", input: []int{1, 6, 7, 2}, kernel: []int{2, 2, 2, 2}, axes: last(2),
		dilations: []int{2, 2}, paddings: [][2]int{{-2, -1}, {0, -3}}},
	{name: "transposed, strides, dilations, groups", input: []int{2, 4, 5, 4}, kernel: []int{2, 3, 2, 6},
		axes: last(2), dilations: []int{3, 2}, kdilations: []int{2, 1}, strides: []int{2, 3}, groups: 2,
		paddings: [][2]int{{2, 1}, {1, 1}}},
	{name: "transposed 1D, axes", input: []int{2, 3, 4}, kernel: []int{4, 3, 2}, axes: first(1), dilations: []int{2}},
	{name: "transposed, groups of the batch", input: []int{4, 3, 4, 2}, kernel: []int{2, 2, 2, 6}, axes: last(2),
		batchGroups: 2, dilations: []int{2, 2}},
	{name: "gradient of filters", input: []int{6, 9, 8, 3}, kernel: []int{6, 4, 7, 5}, axes: filterGradient,
		kdilations: []int{2, 1}, paddings: [][2]int{{1, 0}, {0, 1}}},
	{name: "one tap", input: []int{1, 1, 1, 3}, kernel: []int{1, 1, 3, 2}, axes: last(2)},
}

// TestConvGeneral holds convolutions within the bound of float32 sums, against simplego in float64, with filters that
// change from run to run.
func TestConvGeneral(t *testing.T) {
	ours, theirs := open(t, ""), other(t)
	for _, c := range convolutions {
		t.Run(c.name, func(t *testing.T) {
			g := c.graph()
			taps := product(c.kernel) / c.kernel[c.axes.KernelOutputChannels]
			for seed := range uint64(2) {
				x, w := reals(seed, c.input...), reals(seed+10, c.kernel...)
				got := run(t, ours, g, dtypes.Float32, x, w)
				want := run(t, theirs, g, dtypes.Float64, x, w)
				size := run(t, theirs, g, dtypes.Float64, x.abs(), w.abs())
				near(t, got, want, func(o, i int) float64 { return cpuref.Bound(taps, size.flat[o][i]) })
				onGPU(t, got.report, 1)
			}
		})
	}
}

// TestConvGeneralElsewhere holds that what the GPU does not compute is computed, and that the report says so.
func TestConvGeneralElsewhere(t *testing.T) {
	ours, theirs := open(t, ""), other(t)
	for _, c := range convolutions {
		t.Run(c.name, func(t *testing.T) {
			g := c.graph()
			x, w := reals(1, c.input...), reals(2, c.kernel...)
			got := run(t, ours, g, dtypes.Float64, x, w)
			near(t, got, run(t, theirs, g, dtypes.Float64, x, w), func(o, i int) float64 { return 1e-12 })
			want := map[Elsewhere]int{{"ConvGeneral", "data type Float64"}: 1}
			if got.report.OnGPU() != 0 || !maps.Equal(got.report.Elsewhere, want) {
				t.Errorf("%s, must be ConvGeneral elsewhere", got.report)
			}
		})
	}
}
