package gomlx

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gpuconv/gpuconv/onnx"
)

// opset is the version of ONNX's operators that networks are written in.
const opset = 17

// network is an ONNX network that is being written.
type network struct {
	onnx.Model
	values map[*value]string // what its nodes have given so far
	made   int
	doing  string // the name of the nodes that are being written
}

func newNetwork(name string) *network {
	n := &network{values: map[*value]string{}}
	n.IRVersion, n.Opsets, n.Graph.Name = 8, map[string]int64{"": opset}, name
	return n
}

// onGPU is how the GPU has numbers of a type, if it has them.
func (b *Backend) onGPU(t dtypes.DType) (onnx.DataType, bool) {
	switch {
	case t == dtypes.Float32, t == dtypes.Float64 && b.options.float64s:
		return onnx.Float, true
	case t == dtypes.Bool:
		return onnx.Bool, true
	}
	return onnx.Undefined, false
}

// attributes are an operator's: an int or a list of ints each.
type attributes map[string]any

// node adds a node of one output, and names that.
func (n *network) node(op string, of attributes, inputs ...string) string {
	all := map[string]onnx.Attribute{}
	for name, a := range of {
		switch a := a.(type) {
		case int:
			all[name] = onnx.Attribute{Kind: onnx.KindInt, Int: int64(a)}
		case []int:
			all[name] = onnx.Attribute{Kind: onnx.KindInts, Ints: int64s(a)}
		}
	}
	output := n.next()
	n.Graph.Nodes = append(n.Graph.Nodes, onnx.Node{Name: n.doing, Op: op, Inputs: inputs, Outputs: []string{output},
		Attributes: all})
	return output
}

// next is a name that no value has.
func (n *network) next() string {
	n.made++
	return fmt.Sprintf("v%d", n.made)
}

// ints adds a constant list of whole numbers, such as a shape.
func (n *network) ints(list ...int) string {
	name := n.next()
	n.Graph.Initializers = append(n.Graph.Initializers, onnx.IntTensor(name, []int64{int64(len(list))}, int64s(list)))
	return name
}

// floats adds a constant tensor; without dimensions it is a scalar.
func (n *network) floats(numbers []float32, dims ...int) string {
	name := n.next()
	n.Graph.Initializers = append(n.Graph.Initializers, onnx.FloatTensor(name, int64s(dims), numbers))
	return name
}

// reshaped, transposed and sliced only move numbers.
func (n *network) reshaped(x string, dims ...int) string {
	return n.node("Reshape", nil, x, n.ints(dims...))
}

func (n *network) transposed(x string, order []int) string {
	if slices.IsSorted(order) {
		return x
	}
	return n.node("Transpose", attributes{"perm": order}, x)
}

// sliced has the indices from starts on, up to those before limits, in steps, of all axes.
func (n *network) sliced(x string, starts, limits, steps []int) string {
	return n.node("Slice", nil, x, n.ints(starts...), n.ints(limits...), n.ints(indices(len(starts))...),
		n.ints(steps...))
}

// padded has numbers around those of x, and fewer of x where a pad is below 0.
func (n *network) padded(x string, begins, ends []int, with float32) string {
	if !slices.ContainsFunc(append(slices.Clone(begins), ends...), func(i int) bool { return i != 0 }) {
		return x
	}
	return n.node("Pad", nil, x, n.ints(append(slices.Clone(begins), ends...)...), n.floats([]float32{with}))
}

// spread has gaps of numbers between those of x, whose dimensions are dims, along each axis.
func (n *network) spread(x string, dims, gaps []int, with float32) (_ string, now []int) {
	now = slices.Clone(dims)
	for i, gap := range gaps {
		if gap == 0 || now[i] < 2 {
			continue
		}
		split := slices.Insert(slices.Clone(now), i+1, 1)
		ends := make([]int, len(split))
		ends[i+1] = gap
		x = n.padded(n.reshaped(x, split...), make([]int, len(split)), ends, with)
		now[i] *= gap + 1
		x = n.reshaped(x, now...)
		limits := slices.Clone(now)
		limits[i] -= gap
		now[i] -= gap
		x = n.sliced(x, make([]int, len(now)), limits, slices.Repeat([]int{1}, len(now)))
	}
	return x, now
}

func int64s(list []int) []int64 {
	all := make([]int64, len(list))
	for i, v := range list {
		all[i] = int64(v)
	}
	return all
}

// indices are the whole numbers from 0 on, so many.
func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// inverse is the order that undoes another one.
func inverse(order []int) []int {
	to := make([]int, len(order))
	for i, axis := range order {
		to[axis] = i
	}
	return to
}

// product is that of sizes.
func product(sizes []int) int {
	n := 1
	for _, size := range sizes {
		n *= size
	}
	return n
}

// at picks sizes by their axes.
func at(sizes, axes []int) []int {
	to := make([]int, len(axes))
	for i, axis := range axes {
		to[i] = sizes[axis]
	}
	return to
}
