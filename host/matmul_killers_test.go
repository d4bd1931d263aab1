package host_test

import (
	"fmt"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// The products of matrices that are broken.
var (
	brokenMatMul        = shaders.MatMul{Rows: 4, Columns: 16, Threads: 8, DType: shaders.Float32}
	brokenMatMulInteger = shaders.MatMul{Rows: 8, Columns: 8, Threads: 8, DType: shaders.Int32}
)

// product is one of matrices of whole numbers: how many there are of A, of B and of V, and their sizes.
type product struct {
	a, b, v              []int
	rows, depth, columns int
	turned               bool // columns of A and V, and rows of B, stand apart in memory
	zeros                int  // of each row and column in each matrix 2, of each 1, one for all 0; for whole numbers
}

// The products: broadcast along both axes that count matrices, with sizes that fill no tile; one matrix that fills all
// tiles; and as many tiles as fill the folded grid.
func init() {
	add := func(k shaders.MatMul, all ...product) {
		for _, m := range all {
			killers[k] = append(killers[k],
				tensorKiller(fmt.Sprintf("%v %v %dx%dx%d", m.a, m.b, m.rows, m.depth, m.columns),
					func(c *tensorCase) error { return m.build(c, k) }))
		}
	}
	add(brokenMatMul,
		product{[]int{3, 1}, []int{2}, []int{3, 2}, 5, 5, 131, false, 0},
		product{[]int{2}, []int{3, 1}, []int{3, 2}, 11, 3, 67, true, 0},
		product{[]int{2, 2, 2, 2, 2}, []int{2, 2, 1, 2}, []int{2, 2, 2, 2, 2}, 3, 2, 9, false, 0},
		product{nil, nil, nil, 20, 2, 256, false, 0})
	add(brokenMatMulInteger,
		product{[]int{3, 1}, []int{2}, []int{3, 2}, 9, 5, 67, false, 0},
		product{[]int{2}, []int{3, 1}, []int{3, 2}, 17, 3, 43, true, 1},
		product{[]int{2, 3}, []int{2, 3}, []int{2, 3}, 11, 3, 70, true, 2},
		product{[]int{2, 2, 2, 2, 2}, []int{2, 2, 1, 2}, []int{2, 2, 2, 2, 2}, 3, 2, 9, false, 2},
		product{nil, nil, nil, 40, 2, 128, false, 1})
	for _, k := range shaders.MatMuls() {
		if len(killers[k]) == 0 {
			add(k, product{nil, []int{3}, []int{3}, 19, 9, 150, true, 0})
		}
	}
}

// shape is a shape of matrices.
func (m product) shape(many []int, rows, columns int) []int {
	return append(append([]int{}, many...), rows, columns)
}

// view is a view of matrices, with the rows or the columns beside each other.
func (m product) view(shape []int, gap int, turned bool) op.View {
	order := make([]int, len(shape))
	for i := range order {
		order[i] = i
	}
	if n := len(order); turned {
		order[n-2], order[n-1] = n-1, n-2
	}
	return permuted(shape, gap, order...)
}

func (m product) build(c *tensorCase, k shaders.MatMul) error {
	t := k.DType
	tensor := func(shape []int, most, gap int, turned bool) (op.Tensor, func(many []int, row, column int) float64) {
		numbers := whole(op.Contiguous(shape...).Count(), most)
		return c.input(t, m.view(shape, gap, turned), numbers), func(many []int, row, column int) float64 {
			return numbers[broadcastPlace(shape, append(append([]int{}, many...), row, column))]
		}
	}
	a, aAt := tensor(m.shape(m.a, m.rows, m.depth), 20, 1, m.turned)
	b, bAt := tensor(m.shape(m.b, m.depth, m.columns), 19, 2, !m.turned)
	zeroShapes := [2][]int{{}, {}}
	switch m.zeros {
	case 1:
		zeroShapes = [2][]int{{m.rows, 1}, {m.columns}}
	case 2:
		zeroShapes = [2][]int{m.shape(m.a, m.rows, 1), m.shape(m.b, 1, m.columns)}
	}
	zeroAt := [2]func(many []int, row, column int) float64{}
	var zeros [2]*op.Tensor
	if t == shaders.Int32 {
		for i, shape := range zeroShapes {
			zero, at := tensor(shape, 5, 4+i, false)
			zeros[i], zeroAt[i] = &zero, at
		}
	}
	const alpha = 2.5
	shape := m.shape(m.v, m.rows, m.columns)
	var want []float64
	for i := range op.Contiguous(shape...).Count() {
		at := coordinates(shape, i)
		n := len(at) - 2
		sum := 0.0
		for d := range m.depth {
			x, y := aAt(at[:n], at[n], d), bAt(at[:n], d, at[n+1])
			if t == shaders.Int32 {
				x, y = x-zeroAt[0](at[:n], at[n], d), y-zeroAt[1](at[:n], d, at[n+1])
			}
			sum += x * y
		}
		if t == shaders.Float32 {
			sum *= alpha
		}
		want = append(want, sum)
	}
	v := c.output(t, m.view(shape, 3, m.turned), want, 0)
	if t == shaders.Int32 {
		return op.MatMulInteger(&c.plan, a, b, zeros[0], zeros[1], v)
	}
	return op.MatMulBy(&c.plan, k, a, b, v, alpha)
}

// coordinates are those of number i of a shape.
func coordinates(shape []int, i int) []int {
	at := make([]int, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		at[axis] = i % shape[axis]
		i /= shape[axis]
	}
	return at
}

// broadcastPlace is the number of a shape that stands at some coordinates of a wider one.
func broadcastPlace(shape, at []int) int {
	place := 0
	for axis, size := range shape {
		c := at[len(at)-len(shape)+axis]
		if size == 1 {
			c = 0
		}
		place = place*size + c
	}
	return place
}
