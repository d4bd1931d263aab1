package host_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// ranked are rows whose best numbers are found.
type ranked struct {
	x       []int
	axis, k int
	largest bool
	dtype   shaders.DType
	most    int // numbers are from -most to most
	special bool
}

// The killers of topk.wgsl: rows along each axis, with more and fewer numbers than are kept, all and one of them, of
// many equal numbers, with those that are not finite; and as many as fill the folded grid.
func init() {
	for _, r := range []ranked{
		{[]int{3, 11, 2}, 1, 11, true, shaders.Float32, 30, false},
		{[]int{2, 37}, 1, 5, false, shaders.Float32, 9, false},
		{[]int{21, 2}, 0, 1, true, shaders.Int32, 40, false},
		{[]int{2, 2, 2, 2, 2, 6}, 5, 6, false, shaders.Int32, 4, false},
		{[]int{2, 16}, 1, 16, true, shaders.Float32, 3, true},
		{[]int{2, 16}, 1, 16, false, shaders.Float32, 3, true},
		{[]int{10, 64}, 1, 64, true, shaders.Float32, 1000, false},
	} {
		killers[shaders.Sorting] = append(killers[shaders.Sorting],
			tensorKiller(fmt.Sprintf("%d of axis %d of %v, %s", r.k, r.axis, r.x, r.dtype), r.build))
	}
}

func (r ranked) build(c *tensorCase) error {
	numbers := whole(op.Contiguous(r.x...).Count(), r.most)
	if r.special {
		copy(numbers[3:], []float64{math.Inf(1), math.NaN(), math.Copysign(0, -1), 0, math.Inf(-1),
			math.Copysign(math.NaN(), -1), 0, math.Copysign(0, -1)})
	}
	shape := slices.Clone(r.x)
	shape[r.axis] = r.k
	values, indices := make([]float64, op.Contiguous(shape...).Count()),
		make([]float64, op.Contiguous(shape...).Count())
	for i := range values {
		at := coordinates(shape, i)
		rank := at[r.axis]
		order := r.order(numbers, at)
		at[r.axis] = order[rank]
		values[i], indices[i] = numbers[broadcastPlace(r.x, at)], float64(order[rank])
	}
	axes := make([]int, len(r.x))
	for i := range axes {
		axes[i] = len(axes) - 1 - i
	}
	x := c.input(r.dtype, permuted(r.x, 1, axes...), numbers)
	v := c.output(r.dtype, permuted(shape, 2, axes...), values, 0)
	to := c.output(shaders.Int32, permuted(shape, 3, axes...), indices, 0)
	return op.TopK(&c.plan, x, v, to, r.axis, r.largest)
}

// order are the indices of a row, the best number's first.
func (r ranked) order(numbers []float64, at []int) []int {
	at = slices.Clone(at)
	number := func(i int) float64 {
		at[r.axis] = i
		return numbers[broadcastPlace(r.x, at)]
	}
	order := make([]int, r.x[r.axis])
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := number(i), number(j)
		if nan := cmp.Compare(boolean(math.IsNaN(a)), boolean(math.IsNaN(b))); nan != 0 { // NaN is the largest
			a, b = float64(boolean(math.IsNaN(a))), float64(boolean(math.IsNaN(b)))
		} else if math.IsNaN(a) {
			return 0
		}
		if r.largest {
			a, b = b, a
		}
		return cmp.Compare(a, b)
	})
	return order
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
