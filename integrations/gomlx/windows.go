package gomlx

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gpuconv/gpuconv/onnx"
)

// windows is what a ReduceWindow computes, complete: numbers for each axis.
type windows struct {
	kind                                backends.ReduceOpType
	dims, size, strides, base, dilation []int
	paddings                            [][2]int
}

// ReduceWindow reduces the windows that slide over x. The GPU computes sums, maxima and minima of windows that slide
// along one to three axes.
func (b *Builder) ReduceWindow(x backends.Op, kind backends.ReduceOpType, size, strides, base, dilations []int,
	paddings [][2]int) (backends.Op, error) {
	v, err := b.values(x)
	if err != nil {
		return nil, fmt.Errorf("ReduceWindow: %w", err)
	}
	rank := v[0].shape.Rank()
	w := windows{kind: kind, dims: v[0].shape.Dimensions, size: atLeastOnes(size, rank), base: atLeastOnes(base, rank),
		dilation: atLeastOnes(dilations, rank), strides: slices.Clone(strides), paddings: slices.Clone(paddings)}
	if len(strides) == 0 {
		w.strides = slices.Clone(w.size)
	}
	if len(paddings) == 0 {
		w.paddings = make([][2]int, rank)
	}
	n := &node{op: backends.OpTypeReduceWindow, gpu: w.onGPU}
	if v[0].shape.DType == dtypes.Bool {
		n.gpu = w.truthOnGPU
	}
	n.folds = kind == backends.ReduceOpMin || v[0].shape.DType == dtypes.Bool // a part of it
	n.elsewhere = func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
		return one(on.ReduceWindow(in[0], kind, w.size, w.strides, w.base, w.dilation, w.paddings))
	}
	switch along := w.along(); {
	case kind != backends.ReduceOpSum && kind != backends.ReduceOpMax && kind != backends.ReduceOpMin:
		n.why = fmt.Sprintf("windows that are reduced by %s, must be by Sum, Max or Min", kind)
	case len(along) > 3:
		n.why = fmt.Sprintf("windows slide along %d axes, must be 3 at most", len(along))
	}
	return b.add(n, x)
}

// along are the axes along which windows are more than single numbers one after the other.
func (w windows) along() (axes []int) {
	for i := range w.size {
		if w.size[i] > 1 || w.strides[i] > 1 || w.paddings[i] != [2]int{} || w.base[i] > 1 {
			axes = append(axes, i)
		}
	}
	return axes
}

// onGPU adds the windows to a network as a pool, or their sums as a convolution of each channel with ones. The last of
// the axes along which no window slides are the channels.
func (w windows) onGPU(to *network, in []string) (string, error) {
	along := w.along()
	if len(along) == 0 {
		return to.node("Identity", nil, in[0]), nil
	}
	with := float32(0)
	x := in[0]
	if w.kind != backends.ReduceOpSum {
		with = float32(math.Inf(-1))
	}
	if w.kind == backends.ReduceOpMin {
		x = to.node("Neg", nil, x)
	}
	gaps := make([]int, len(w.dims))
	for i, d := range w.base {
		gaps[i] = d - 1
	}
	x, dims := to.spread(x, w.dims, gaps, with)
	var others []int
	for i := range dims {
		if !slices.Contains(along, i) {
			others = append(others, i)
		}
	}
	order := slices.Concat(others, along)
	images, channels := 1, 1
	if last := len(others) - 1; last >= 0 {
		images, channels = product(at(dims, others[:last])), dims[others[last]]
	}
	x = to.reshaped(to.transposed(x, order), slices.Concat([]int{images, channels}, at(dims, along))...)
	v, places := w.slide(to, x, dims, along, channels)
	if w.kind == backends.ReduceOpMin {
		v = to.node("Neg", nil, v)
	}
	return to.transposed(to.reshaped(v, slices.Concat(at(dims, others), places)...), inverse(order)), nil
}

// truthOnGPU likewise adds windows of truth values, as of the numbers 0 and 1.
func (w windows) truthOnGPU(to *network, in []string) (string, error) {
	v, err := w.onGPU(to, []string{to.node("Cast", attributes{"to": int(onnx.Float)}, in[0])})
	return to.node("Cast", attributes{"to": int(onnx.Bool)}, v), err
}

// slide adds the node over (images, channels, places), and gives the places of its output.
func (w windows) slide(to *network, x string, dims, along []int, channels int) (v string, places []int) {
	size, pads := at(w.size, along), make([]int, 2*len(along))
	for i, axis := range along {
		pads[i], pads[len(along)+i] = w.paddings[axis][0], w.paddings[axis][1]
		span := dims[axis] + pads[i] + pads[len(along)+i] - (size[i]-1)*w.dilation[axis] - 1
		places = append(places, span/w.strides[axis]+1)
	}
	of := attributes{"strides": at(w.strides, along), "dilations": at(w.dilation, along), "pads": pads}
	if w.kind != backends.ReduceOpSum {
		of["kernel_shape"] = size
		return to.node("MaxPool", of, x), places
	}
	of["group"] = channels
	ones := slices.Repeat([]float32{1}, channels*product(size))
	return to.node("Conv", of, x, to.floats(ones, slices.Concat([]int{channels, 1}, size)...)), places
}

// mostPlaces is how many numbers a window may have whose gradient is composed.
const mostPlaces = 1024

// SelectAndScatterMax adds, for each window over x, the number of source to the first place of its largest.
func (b *Builder) SelectAndScatterMax(x, source backends.Op, size, strides []int, paddings [][2]int) (
	backends.Op, error) {
	return b.selectAndScatter(backends.OpTypeSelectAndScatterMax, b.GreaterThan, math.Inf(-1), x, source, size,
		strides, paddings)
}

// SelectAndScatterMin likewise adds to the first place of the smallest.
func (b *Builder) SelectAndScatterMin(x, source backends.Op, size, strides []int, paddings [][2]int) (
	backends.Op, error) {
	return b.selectAndScatter(backends.OpTypeSelectAndScatterMin, b.LessThan, math.Inf(1), x, source, size, strides,
		paddings)
}

// selectAndScatter is composed: place by place of a window, the best so far of all windows and where it stands, and
// then what each place is given.
func (b *Builder) selectAndScatter(op backends.OpType, better func(x, y backends.Op) (backends.Op, error),
	worst float64, x, source backends.Op, size, strides []int, paddings [][2]int) (backends.Op, error) {
	v, err := b.values(x, source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	shape := v[0].shape
	w := windows{kind: backends.ReduceOpMax, dims: shape.Dimensions, size: atLeastOnes(size, shape.Rank()),
		strides: slices.Clone(strides), paddings: slices.Clone(paddings)}
	if len(strides) == 0 {
		w.strides = slices.Clone(w.size)
	}
	if len(paddings) == 0 {
		w.paddings = make([][2]int, shape.Rank())
	}
	if err := w.check(shape, v[1].shape); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	f := formula{b: b}
	return f.scattered(w, shape, v[1].shape, x, source, better, worst)
}

// check reports windows that cannot be composed, and a source that has not a number for each.
func (w windows) check(shape, source shapes.Shape) error {
	rank := shape.Rank()
	if !isFloat(shape.DType) || source.DType != shape.DType {
		return fmt.Errorf("%s and %s, must be of one floating-point type", shape, source)
	}
	if len(w.size) != rank || len(w.strides) != rank || len(w.paddings) != rank || source.Rank() != rank {
		return fmt.Errorf("windows %v, strides %v, paddings %v of %s with %s, must have a number for each axis",
			w.size, w.strides, w.paddings, shape, source)
	}
	if n := product(w.size); n > mostPlaces {
		return fmt.Errorf("windows of %d numbers, must be %d at most", n, mostPlaces)
	}
	for i, size := range w.size {
		span := shape.Dimensions[i] + w.paddings[i][0] + w.paddings[i][1] - size
		if w.strides[i] < 1 || min(w.paddings[i][0], w.paddings[i][1], span) < 0 ||
			source.Dimensions[i] != span/w.strides[i]+1 {
			return fmt.Errorf("windows %v, strides %v, paddings %v of %s with %s: axis %d does not fit", w.size,
				w.strides, w.paddings, shape, source, i)
		}
	}
	return nil
}
