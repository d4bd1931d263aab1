package host_test

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// poolCase is a pool of numbers that are no ramp, from images of a shape (N, C, z, y, x) to such ones.
type poolCase struct {
	op.PoolOptions
	x, v  [5]int
	order [5]int // of axes in memory
	gap   int    // words behind each axis
	dtype shaders.DType
	set   map[int]float64 // numbers of X
}

// The shapes: no two sizes, strides or pads beside each other alike, in both orders of memory; few outputs; and as
// many as fill the folded grid.
var (
	imagesFirst   = [5]int{0, 1, 2, 3, 4}
	channelsLast  = [5]int{0, 2, 3, 4, 1}
	channelsFirst = [5]int{1, 0, 2, 3, 4}
	pooled        = op.PoolOptions{
		Window: []int{2, 3, 4}, Stride: []int{1, 2, 3}, Dilation: []int{2, 1, 3}, PadBegin: []int{1, 0, 2},
		PadEnd: []int{0, 2, 1},
	}
)

func poolCases(kind op.PoolKind, t shaders.DType, vector, side int) (all []poolCase) {
	add := func(o op.PoolOptions, x, v, order [5]int, gap int) {
		o.Kind = kind
		all = append(all, poolCase{PoolOptions: o, x: x, v: v, order: order, gap: gap, dtype: t})
	}
	add(pooled, [5]int{2, 3 * vector, 4, 6, 29}, [5]int{2, 3 * vector, 3, 3, 9}, channelsLast, 4*(vector/4))
	// no square, of which there are kernels of their own
	add(op.PoolOptions{Window: []int{1, 3, 2}, Stride: []int{1, 2, 2}}, [5]int{1, 5 * vector, 1, 17, 128},
		[5]int{1, 5 * vector, 1, 8, 64}, channelsLast, 0)
	add(op.PoolOptions{Window: []int{1, 3, 2}, Stride: []int{1, 2, 2}, PadBegin: []int{0, 1, 1},
		PadEnd: []int{0, 1, 0}},
		[5]int{3, 10 * vector, 5, 6, 7}, [5]int{3, 10 * vector, 5, 3, 4}, channelsLast, 0)
	if vector == 4 && side == 0 {
		return all
	}
	if side > 0 {
		return squareCases(kind, side)
	}
	add(pooled, [5]int{2, 3, 4, 6, 29}, [5]int{2, 3, 3, 3, 9}, imagesFirst, 0)
	add(pooled, [5]int{3, 2, 4, 6, 29}, [5]int{3, 2, 3, 3, 9}, imagesFirst, 5)
	add(pooled, [5]int{3, 2, 4, 6, 29}, [5]int{3, 2, 3, 3, 9}, channelsFirst, 5)
	return all
}

// squareCases are those of square windows of one z, by fours.
func squareCases(kind op.PoolKind, side int) (all []poolCase) {
	o := op.PoolOptions{Kind: kind, Window: []int{1, side, side}, Stride: []int{3, 1, 3}, Dilation: []int{3, 2, 1},
		PadBegin: []int{0, 1, 0}, PadEnd: []int{0, 0, side - 1}}
	add := func(o op.PoolOptions, x, v [5]int, gap int) {
		all = append(all, poolCase{PoolOptions: o, x: x, v: v, order: channelsLast, gap: gap, dtype: shaders.Float32})
	}
	add(o, [5]int{2, 12, 4, 7, 13}, [5]int{2, 12, 2, 10 - 2*side, 5}, 4)
	o.Stride, o.Dilation, o.PadBegin, o.PadEnd = []int{1, 2, 2}, []int{1, 1, 2}, []int{0, 0, 1}, []int{0, 0, 0}
	add(o, [5]int{3, 8, 1, 6, 11}, [5]int{3, 8, 1, (6-side)/2 + 1, (12-2*side+1)/2 + 1}, 0)
	// windows over each edge, by each of their taps
	around := []int{0, side - 1, side - 1}
	o = op.PoolOptions{Kind: kind, Window: []int{1, side, side}, PadBegin: around, PadEnd: around}
	add(o, [5]int{2, 8, 3, 5, 7}, [5]int{2, 8, 3, 4 + side, 6 + side}, 0)
	o = op.PoolOptions{Kind: kind, Window: []int{1, side, side}, Stride: []int{1, 2, 2}}
	add(o, [5]int{1, 20, 1, 14 + side, 126 + side}, [5]int{1, 20, 1, 8, 64}, 0) // fills the folded grid
	return all
}

// run adds the pool to a case.
func (k poolCase) build(c *tensorCase, indices bool) error {
	numbers := whole(k.x[0]*k.x[1]*k.x[2]*k.x[3]*k.x[4], 50)
	for i, number := range k.set {
		numbers[i] = number
	}
	largest, places := k.reference(numbers)
	allowed := 0.0
	if k.Kind == op.AveragePool {
		allowed = 1e-6
	}
	x := c.input(k.dtype, permuted(k.x[:], k.gap, k.order[:]...), numbers)
	v := c.output(k.dtype, permuted(k.v[:], 2*k.gap, k.order[:]...), largest, allowed)
	if !indices {
		return op.Pool(&c.plan, x, v, nil, k.PoolOptions)
	}
	to := c.output(shaders.Int32, permuted(k.v[:], 3*k.gap, k.order[:]...), places, 0)
	return op.Pool(&c.plan, x, v, &to, k.PoolOptions)
}

// reference computes the pool in loops, and where the first largest number of each window is.
func (k poolCase) reference(x []float64) (v, places []float64) {
	for n := range k.v[0] * k.v[1] {
		for i := range k.v[2] * k.v[3] * k.v[4] {
			value, place := k.neuron(x, n, [3]int{i / k.v[4] / k.v[3], i / k.v[4] % k.v[3], i % k.v[4]})
			v, places = append(v, value), append(places, place)
		}
	}
	return v, places
}

func (k poolCase) neuron(x []float64, n int, o [3]int) (value, place float64) {
	one, none := []int{1, 1, 1}, []int{0, 0, 0}
	or := func(numbers, otherwise []int) []int {
		if numbers == nil {
			return otherwise
		}
		return numbers
	}
	stride, dilation, begin, end := or(k.Stride, one), or(k.Dilation, one), or(k.PadBegin, none), or(k.PadEnd, none)
	count, sum := 0, 0.0
	value = math.Inf(-1)
	for f := range k.Window[0] * k.Window[1] * k.Window[2] {
		tap := [3]int{f / k.Window[2] / k.Window[1], f / k.Window[2] % k.Window[1], f % k.Window[2]}
		inside, counts, at, column, step := true, true, n, 0, 1
		for a := range 3 {
			i := o[a]*stride[a] + tap[a]*dilation[a] - begin[a]
			inside = inside && i >= 0 && i < k.x[2+a]
			counts = counts && i < k.x[2+a]+end[a]
			at = at*k.x[2+a] + i
			column += i * step
			step *= k.x[2+a]
		}
		if counts && (k.CountIncludePad || inside) {
			count++
		}
		if !inside {
			continue
		}
		if x[at] > value || x[at] != x[at] {
			value, place = x[at], float64(at)
			if k.ColumnMajorIndices {
				place = float64(n*step + column)
			}
		}
		sum += x[at]
	}
	switch k.Kind {
	case op.AveragePool:
		value = sum / float64(count)
	case op.SumPool:
		value = sum
	}
	return value, place
}

func init() {
	for _, k := range shaders.Pools() {
		kind := op.PoolKind(k.Kind)
		var all []poolCase
		for _, c := range poolCases(kind, k.DType, int(k.Vector), int(k.Side)) {
			all = append(all, c)
			switch {
			case kind == op.AveragePool:
				c.CountIncludePad = true
				all = append(all, c)
				c.Kind = op.SumPool
				all = append(all, c)
			case k.Indices:
				c.ColumnMajorIndices = true
				all = append(all, c)
			}
		}
		if kind == op.MaxPool && k.DType == shaders.Float32 {
			care := all[1]
			care.set = map[int]float64{3: math.NaN(), 10: math.Inf(-1), 11: math.Inf(-1), 12: math.Inf(1),
				138: math.Inf(-1), 139: math.Inf(-1), 149: math.Inf(-1), 267: math.Inf(-1)}
			all = append(all, care)
		}
		for i, c := range all {
			killers[k] = append(killers[k],
				tensorKiller(fmt.Sprintf("pool %d", i), func(to *tensorCase) error { return c.build(to, k.Indices) }))
		}
	}
}
