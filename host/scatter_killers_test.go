package host_test

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// updated is a tensor some of whose numbers updates change, by one of ONNX's operators.
type updated struct {
	operator   string
	v, indices []int
	axis       int   // of elements
	order      []int // of the axes of all tensors in memory
	gap        int
	most       int // the largest number of x
}

// The killers of scatter.wgsl: one index and several, below 0 too, updates that meet, with as many axes as two vectors
// count, and as many lines as fill the folded grid.
func init() {
	for _, k := range shaders.Scatters() {
		for _, s := range []updated{
			{"elements", []int{3, 4, 5}, []int{2, 9, 5}, 1, nil, 2, 3},
			{"nd", []int{2, 3, 2, 4, 3, 2, 5}, []int{4, 5, 6}, 0, nil, 0, 3},
			{"nd", []int{6, 3, 5}, []int{2, 7, 1}, 0, nil, 2, 3},
			{"elements", []int{2, 3, 2, 3, 5, 2, 2}, []int{2, 2, 2, 3, 9, 2, 2}, 4, []int{6, 5, 4, 3, 2, 1, 0}, 1, 3},
			{"elements", []int{640, 3}, []int{640, 2}, 1, nil, 0, 3},
		} {
			killers[k] = append(killers[k], tensorKiller(fmt.Sprintf("%s %v by %v", s.operator, s.v, s.indices),
				func(c *tensorCase) error { return s.build(c, k) }))
		}
		if k.In == "i" && k.Kernel == "add" { // of more updates in a line than llvmpipe has rounds for in a loop
			long := updated{"elements", []int{3}, []int{70000}, 0, nil, 0, 3}
			killers[k] = append(killers[k],
				tensorKiller("long", func(c *tensorCase) error { return long.build(c, k) }))
		}
		broken, withParams = append(broken, k), append(withParams, k)
	}
	maps.Copy(sizes, map[string][]string{"Scatter": {"Threads"}})
	maps.Copy(swaps, map[string][]string{
		"p.update.strides": {"p.v.strides"}, "p.update.offset": {"p.v.offset"}, "at.update": {"at.v"},
		"to.update": {"to.v"}, "p.index_next": {"p.update_next"}, "p.update_next": {"p.index_next"},
	})
	exempt = append(exempt, struct{ kind, why, words string }{
		"kernels of updates", "another one is not tried: few give the same", `
		index_next update update_next updates`})
}

// dtype is what the kernel is run on.
func updatedType(k shaders.Scatter) shaders.DType {
	if k.In == "i" {
		return shaders.Int32
	}
	return shaders.Float32
}

// combine is what a number becomes with an update.
func combine(kernel string, x, y float64) float64 {
	switch {
	case kernel == "add":
		return x + y
	case kernel == "mul":
		return x * y
	case kernel == "none":
		return y
	case math.IsNaN(x) || math.IsNaN(y):
		return math.NaN()
	case kernel == "max":
		return max(x, y)
	}
	return min(x, y)
}

func (s updated) laid(shape []int, gap int) op.View {
	order := s.order
	if len(order) != len(shape) {
		order = counted(len(shape))
	}
	return permuted(shape, gap, order...)
}

func counted(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

func (s updated) build(c *tensorCase, k shaders.Scatter) error {
	t := updatedType(k)
	last := len(s.indices) - 1
	shape := s.indices
	if s.operator == "nd" {
		shape = slices.Concat(s.indices[:last], s.v[s.indices[last]:])
	}
	numbers := whole(op.Contiguous(s.v...).Count(), s.most)
	updates := whole(op.Contiguous(shape...).Count(), s.most+1)
	if t == shaders.Float32 {
		numbers[1], updates[2] = math.NaN(), math.NaN()
	}
	indices := whole(op.Contiguous(s.indices...).Count(), 1000)
	for i := range indices {
		n := s.v[s.axis]
		if s.operator == "nd" {
			n = s.v[i%s.indices[last]]
		}
		indices[i] = float64((int(indices[i])+2000)%(2*n) - n)
	}
	want := slices.Clone(numbers)
	for i, y := range updates {
		to := &want[broadcastPlace(s.v, s.to(coordinates(shape, i), indices))]
		*to = combine(k.Kernel, *to, y)
	}
	gap := s.gap
	x := c.input(t, s.laid(s.v, gap), numbers)
	if s.operator == "nd" {
		gap = 0 // these are contiguous
	}
	by := c.input(shaders.Int32, s.laid(s.indices, 2*gap), indices)
	u := c.input(t, s.laid(shape, 3*gap), updates)
	v := c.output(t, s.laid(s.v, 4*s.gap), want, 0)
	if err := op.Copy(&c.plan, v, x); err != nil {
		return err
	}
	if s.operator == "nd" {
		return op.ScatterND(&c.plan, k.Kernel, by, u, v)
	}
	return op.ScatterElements(&c.plan, k.Kernel, by, u, v, s.axis)
}

// to are the coordinates in v of what the update at some coordinates changes.
func (s updated) to(at []int, indices []float64) []int {
	index := func(axis int, at ...int) int {
		i := int(indices[broadcastPlace(s.indices, at)])
		if i < 0 {
			i += s.v[axis]
		}
		return i
	}
	if s.operator == "elements" {
		to := slices.Clone(at)
		to[s.axis] = index(s.axis, at...)
		return to
	}
	last := len(s.indices) - 1
	var to []int
	for k := range s.indices[last] {
		to = append(to, index(k, append(slices.Clone(at[:last]), k)...))
	}
	return append(to, at[last:]...)
}
