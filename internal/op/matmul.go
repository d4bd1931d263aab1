package op

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// MatMul computes v = alpha * a x b as ONNX's MatMul (opset 13) does: the last two axes are those of matrices, (M, K),
// (K, N) and (M, N), and those before them count matrices and broadcast to v's. All strides are as quick, so that what
// is transposed is a view. K is 60,000 at most. The errors wrap [ErrShape], [ErrView], [ErrRank] or [ErrType].
func MatMul(p *exec.Plan, a, b, v Tensor, alpha float32) error {
	return MatMulBy(p, shaders.MatMul{}, a, b, v, alpha)
}

// MatMulBy is [MatMul] by a row of the table. That of no threads stands for the quickest one on a software adapter.
func MatMulBy(p *exec.Plan, k shaders.MatMul, a, b, v Tensor, alpha float32) error {
	m := matMul{dtype: shaders.Float32, by: k, a: a, b: b, v: v}
	return m.add(p, alpha, exec.Whole(a.Operand), exec.Whole(b.Operand), exec.Whole(v.Operand))
}

// MatMulInteger computes v = (a - aZero) x (b - bZero) of whole numbers (int32), as ONNX's MatMulInteger (opset 10)
// does, and QLinearMatMul before it scales. Zero points broadcast to a and to b, and are one for each row of a and for
// each column of b at most; nil is 0. Sums wrap around at 2^31. The errors are those of [MatMul].
func MatMulInteger(p *exec.Plan, a, b Tensor, aZero, bZero *Tensor, v Tensor) error {
	none := Contiguous().Of(-1)
	if aZero == nil || bZero == nil {
		none.Operand = p.Zeros(1)
	}
	m := matMul{dtype: shaders.Int32, a: a, b: b, v: v}
	zeros := [2]Tensor{none, none}
	for i, zero := range []*Tensor{aZero, bZero} {
		if zero != nil {
			if err := zero.check(p, shaders.Int32); err != nil {
				return err
			}
			zeros[i] = *zero
		}
	}
	m.zeros = &zeros
	return m.add(p, 1, exec.Whole(a.Operand), exec.Whole(b.Operand), exec.Whole(zeros[0].Operand),
		exec.Whole(zeros[1].Operand), exec.Whole(v.Operand))
}

// matMul is a product of matrices.
type matMul struct {
	dtype   shaders.DType
	by      shaders.MatMul // if it has threads
	a, b, v Tensor
	zeros   *[2]Tensor // of a and b
}

// matrices are the matrices of a tensor: the view of their first numbers, and the steps from row to row and from
// column to column.
type matrices struct {
	first       View
	row, column int
}

// matricesOf broadcasts the matrices of a view to as many as there are, each of the given size. With loose, sizes of 1
// broadcast too.
func matricesOf(v View, many []int, rows, columns int, loose bool) (matrices, error) {
	shape := append(slices.Clone(many), rows, columns)
	if !loose && (v.Rank() < 2 || v.Shape[v.Rank()-2] != rows || v.Shape[v.Rank()-1] != columns) {
		return matrices{}, fmt.Errorf("%w: matrices %v, must be %v", ErrShape, v.Shape, shape)
	}
	wide, err := Broadcast(v, shape)
	if err != nil {
		return matrices{}, err
	}
	n := len(many)
	return matrices{View{wide.Shape[:n], wide.Strides[:n], wide.Offset}, wide.Strides[n], wide.Strides[n+1]}, nil
}

// add adds the step.
func (m matMul) add(p *exec.Plan, alpha float32, uses ...exec.Use) error {
	for _, t := range []Tensor{m.a, m.b, m.v} {
		if err := t.check(p, m.dtype); err != nil {
			return err
		}
		if t.Rank() < 2 {
			return fmt.Errorf("%w: a matrix of shape %v, must have two axes or more", ErrShape, t.Shape)
		}
	}
	rows, columns := m.v.Shape[m.v.Rank()-2], m.v.Shape[m.v.Rank()-1]
	depth := m.a.Shape[m.a.Rank()-1]
	all, err := m.matrices(rows, columns, depth)
	if err != nil {
		return err
	}
	if depth > maxRounds {
		return fmt.Errorf("%w: sums of %d products, must be %d or fewer", ErrShape, depth, maxRounds)
	}
	k := m.by
	if k.Threads == 0 {
		k = m.kernel(rows, columns)
	}
	params, tiles := matMulParams(k, all, rows, columns, depth)
	params.Alpha = alpha
	p.Dispatch(k, shaders.Encode(params), tiles, uses...)
	return nil
}

// matrices are those of a, b, v and the zero points, with as few axes that count them as can be.
func (m matMul) matrices(rows, columns, depth int) ([]matrices, error) {
	many := m.v.Shape[:m.v.Rank()-2]
	var all []matrices
	add := func(v View, rows, columns int, loose bool) error {
		of, err := matricesOf(v, many, rows, columns, loose)
		all = append(all, of)
		return err
	}
	for _, err := range []error{
		add(m.a.View, rows, depth, false), add(m.b.View, depth, columns, false), add(m.v.View, rows, columns, false),
	} {
		if err != nil {
			return nil, err
		}
	}
	if m.zeros != nil {
		if err := add(m.zeros[0].View, rows, depth, true); err != nil {
			return nil, err
		}
		if err := add(m.zeros[1].View, depth, columns, true); err != nil {
			return nil, err
		}
		if all[3].column != 0 || all[4].row != 0 {
			return nil,
				fmt.Errorf("%w: zero points %v and %v, must be one for each row of a and for each column of b at most",
					ErrShape, m.zeros[0].Shape, m.zeros[1].Shape)
		}
	}
	firsts := make([]View, len(all))
	for i := range all {
		firsts[i] = all[i].first
	}
	firsts, err := Merge(firsts...)
	for i := range firsts {
		all[i].first = firsts[i]
	}
	return all, err
}

// kernel is the row of the table that takes the least time, counted in loads of A, which all threads of a workgroup
// share, loads of B and multiply-adds.
func (m matMul) kernel(rows, columns int) (k shaders.MatMul) {
	least := 0
	for _, other := range shaders.MatMuls() {
		tileRows, tileColumns := other.Tile()
		each := 4*int(other.Rows) + 20*int(other.Columns) + int(other.Rows*other.Columns)
		cost := ceilDiv(rows, int(tileRows)) * ceilDiv(columns, int(tileColumns)) * each
		if other.DType == m.dtype && (least == 0 || cost < least) {
			k, least = other, cost
		}
	}
	return k
}

// matMulParams are the parameters for a kernel, and how many tiles there are.
func matMulParams(k shaders.MatMul, all []matrices, rows, columns, depth int) (to shaders.MatMulParams, tiles int64) {
	tileRows, tileColumns := k.Tile()
	to.Rows, to.Columns, to.Depth = uint32(rows), uint32(columns), uint32(depth)
	to.RowTiles, to.ColumnTiles = uint32(ceilDiv(rows, int(tileRows))), uint32(ceilDiv(columns, int(tileColumns)))
	tiles = int64(to.RowTiles) * int64(to.ColumnTiles) * int64(all[0].first.Count())
	to.Tiles, to.Matrices = uint32(tiles), shapeOf(all[0].first.Shape)
	a, b, v := all[0], all[1], all[2]
	to.ARow, to.AColumn, to.BRow, to.BColumn = uint32(a.row), uint32(a.column), uint32(b.row), uint32(b.column)
	to.VRow, to.VColumn = uint32(v.row), uint32(v.column)
	to.A, to.B, to.V = viewOf(a.first), viewOf(b.first), viewOf(v.first)
	if len(all) > 3 {
		to.AZero, to.BZero = viewOf(all[3].first), viewOf(all[4].first)
		to.AZeroRow, to.BZeroColumn = uint32(all[3].row), uint32(all[4].column)
	}
	return to, tiles
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
