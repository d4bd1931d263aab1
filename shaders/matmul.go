package shaders

import (
	"fmt"
	"slices"
)

// MatMul is matmul.wgsl: a thread computes Rows rows of Columns columns, a multiple of 4, of products of matrices.
// Int32 takes zero points away from whole numbers first.
type MatMul struct {
	Rows, Columns, Threads uint32
	DType                  DType
}

// Name is, for example, matmul_16x16_t8.
func (m MatMul) Name() string {
	name := fmt.Sprintf("matmul_%dx%d_t%d", m.Rows, m.Columns, m.Threads)
	if m.DType != Float32 {
		name += "_" + string(m.DType)
	}
	return name
}

// Integer says that zero points are taken away, and Number is the WGSL type of numbers.
func (m MatMul) Integer() bool  { return m.DType == Int32 }
func (m MatMul) Number() string { return scalarOf(m.DType) }

// Each numbers a thread's rows, and Fours its vectors of columns.
func (m MatMul) Each() []uint32  { return counting(m.Rows) }
func (m MatMul) Fours() []uint32 { return counting(m.Columns / 4) }

// Walk are the views of matrices.
func (m MatMul) Walk() Walk {
	views := []string{"a", "b", "v"}
	if m.Integer() {
		views = append(views, "a_zero", "b_zero")
	}
	return Walk{"matrices", views}
}

// Tile is what a workgroup computes.
func (m MatMul) Tile() (rows, columns uint32) { return m.Rows, m.Columns * m.Threads }

func (MatMul) file() string             { return "matmul.wgsl" }
func (m MatMul) threads() uint32        { return m.Threads }
func (MatMul) workgroupStorage() uint32 { return 0 }

// matMulRows are the table's: low for few rows, narrow for few columns.
var matMulRows = []MatMul{
	{16, 16, 8, Float32}, {16, 8, 8, Float32}, {4, 16, 8, Float32}, {8, 8, 8, Int32},
}

// MatMuls are the products of matrices of the table.
func MatMuls() []MatMul { return slices.Clone(matMulRows) }

// MatMulParams is the struct Params of matmul.wgsl.
type MatMulParams struct {
	Alpha                        float32
	Rows, Columns, Depth         uint32
	Tiles, RowTiles, ColumnTiles uint32
	ARow, AColumn                uint32
	BRow, BColumn                uint32
	VRow, VColumn                uint32
	AZeroRow, BZeroColumn        uint32
	_                            uint32
	Matrices                     Shape
	A, B, V                      View
	AZero, BZero                 View
}
