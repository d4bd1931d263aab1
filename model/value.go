package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// value is a tensor of a network that is being compiled: a view, in ONNX's order of axes, of numbers that the host
// knows or that a buffer of the device will hold. What only moves numbers gives another view and copies nothing.
type value struct {
	name   string
	dtype  onnx.DataType
	view   op.View
	known  *numbers // what the view shows, where it follows from constants
	buffer buffer   // else
	// flat is what a copy of it in ONNX's order was made of, where the value is one of another shape.
	flat *value
	// origins are the graph's inputs that the numbers follow from.
	origins []string
}

// buffer is a volume on the device.
type buffer struct {
	volume host.Value
	count  int
	dims   dims // the volume's, where it is a layer's
	input  bool // the host writes it
}

// dims are those of a volume: N, Z, H, W, D.
type dims [5]int

func (v *value) shape() []int { return v.view.Shape }
func (v *value) rank() int    { return len(v.view.Shape) }

// empty tells whether the value has no numbers.
func (v *value) empty() bool { return v.view.Count() == 0 }

func (v *value) String() string { return fmt.Sprintf("%q of %v", v.name, v.shape()) }

// knownAs is a value of numbers in ONNX's order that the host knows.
func knownAs(t onnx.DataType, shape []int, n numbers) *value {
	return &value{dtype: t, view: op.Contiguous(shape...), known: &n}
}

// ints is a known value of int64.
func ints(shape []int, n ...int64) *value {
	return knownAs(onnx.Int64, shape, numbers{ints: append([]int64{}, n...)})
}

// numbers gives what a known value's view shows, in its order.
func (v *value) numbers() numbers {
	if v.view.IsContiguous() && v.view.Offset == 0 && v.view.Count() == v.known.count() {
		return *v.known
	}
	return v.known.gather(v.view)
}

// seen is the same numbers by another view.
func (v *value) seen(view op.View) *value {
	to := *v
	to.view, to.flat = view, nil
	return &to
}

// whole tells whether the view shows all numbers of its buffer in their order.
func (v *value) whole() bool {
	return v.view.IsContiguous() && v.view.Offset == 0 && v.view.Count() == v.buffer.count
}

// ranked are the axes, those first whose numbers lie farthest apart, by which a value is laid out. Axes of size 1 keep
// their place among their neighbours.
func ranked(v op.View) []int {
	axes := make([]int, v.Rank())
	for i := range axes {
		axes[i] = i
	}
	moves := slices.DeleteFunc(slices.Clone(axes), func(i int) bool { return v.Shape[i] == 1 || v.Strides[i] == 0 })
	order := slices.Clone(moves)
	slices.SortStableFunc(order, func(a, b int) int { return v.Strides[b] - v.Strides[a] })
	for i, axis := range moves {
		axes[axis] = order[i]
	}
	return axes
}

// laidOut is a view of the shape that fills a buffer in the given order of axes.
func laidOut(shape, order []int) op.View {
	v := op.View{Shape: slices.Clone(shape), Strides: make([]int, len(shape))}
	step := 1
	for _, axis := range slices.Backward(order) {
		v.Strides[axis] = step
		step *= shape[axis]
	}
	return v
}

// channelsLast is the order of axes of NHWC and its like: images, then places, then channels.
func channelsLast(rank int) []int {
	order := []int{0}
	for i := 2; i < rank; i++ {
		order = append(order, i)
	}
	return append(order, 1)
}
