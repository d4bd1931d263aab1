package host_test

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// lookedUp is a tensor whose numbers are looked up by one of ONNX's operators.
type lookedUp struct {
	operator      string
	x, indices, v []int
	axis          int   // or how many axes of batches
	order         []int // of the axes of x and v in memory
	gap           int
}

// The killers of gather.wgsl: one index and several, below 0 too, with as many axes as two vectors count, and as many
// numbers as fill the folded grid.
func init() {
	for _, l := range []lookedUp{
		{"gather", []int{3, 5, 4}, []int{2, 3}, []int{3, 2, 3, 4}, 1, nil, 2},
		{"elements", []int{2, 3, 2, 3, 5, 2}, []int{2, 2, 2, 3, 4, 2}, []int{2, 2, 2, 3, 4, 2}, 4,
			[]int{5, 4, 3, 2, 1, 0}, 1},
		{"nd", []int{2, 3, 2, 4, 3, 2, 5}, []int{2, 3, 5}, []int{2, 3, 5}, 1, nil, 1},
		{"gather", []int{7, 64}, []int{10}, []int{10, 64}, 0, nil, 0},
	} {
		killers[shaders.Gathering] = append(killers[shaders.Gathering],
			tensorKiller(fmt.Sprintf("%s %v by %v", l.operator, l.x, l.indices), l.build))
	}
}

// laid is a view of a shape in the case's order.
func (l lookedUp) laid(shape []int, gap int) op.View {
	order := l.order
	if len(order) != len(shape) {
		order = nil
		for i := range shape {
			order = append(order, i)
		}
	}
	return permuted(shape, gap, order...)
}

func (l lookedUp) build(c *tensorCase) error {
	numbers := make([]float64, op.Contiguous(l.x...).Count())
	for i := range numbers {
		numbers[i] = float64(i)
	}
	indices := whole(op.Contiguous(l.indices...).Count(), 1000)
	size := func(i int) int { // of the axis that an index is for
		if l.operator == "nd" {
			return l.x[l.axis+i%l.indices[len(l.indices)-1]]
		}
		return l.x[l.axis]
	}
	for i := range indices {
		n := size(i)
		indices[i] = float64((int(indices[i])+2000)%(2*n) - n)
	}
	var want []float64
	for i := range op.Contiguous(l.v...).Count() {
		want = append(want, numbers[broadcastPlace(l.x, l.from(coordinates(l.v, i), indices))])
	}
	x := c.input(shaders.Float32, l.laid(l.x, l.gap), numbers)
	by := c.input(shaders.Int32, l.laid(l.indices, 2*l.gap), indices)
	v := c.output(shaders.Float32, l.laid(l.v, 3*l.gap), want, 0)
	switch l.operator {
	case "gather":
		return op.Gather(&c.plan, x, by, v, l.axis)
	case "elements":
		return op.GatherElements(&c.plan, x, by, v, l.axis)
	}
	return op.GatherND(&c.plan, x, by, v, l.axis)
}

// from are the coordinates in x of what stands at some in v.
func (l lookedUp) from(at []int, indices []float64) []int {
	index := func(axis int, at ...int) int {
		i := int(indices[broadcastPlace(l.indices, at)])
		if i < 0 {
			i += l.x[axis]
		}
		return i
	}
	switch l.operator {
	case "gather":
		n := len(l.indices)
		return slices.Concat(at[:l.axis], []int{index(l.axis, at[l.axis:l.axis+n]...)}, at[l.axis+n:])
	case "elements":
		from := slices.Clone(at)
		from[l.axis] = index(l.axis, at...)
		return from
	}
	last := len(l.indices) - 1
	from := slices.Clone(at[:l.axis])
	for k := range l.indices[last] {
		from = append(from, index(l.axis+k, append(slices.Clone(at[:last]), k)...))
	}
	return append(from, at[last:]...)
}
