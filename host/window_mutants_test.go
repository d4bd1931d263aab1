package host_test

import (
	"maps"

	"github.com/gpuconv/gpuconv/shaders"
)

// What breaking the kernels of windows, products of matrices, tables and indices needs: which rows are broken, which
// of their fields make no other kernel, what tokens become, which are not tried, and what no run can tell.
func init() {
	broken = append(broken, brokenMatMul, brokenMatMulInteger, shaders.Resampling, shaders.Gathering, shaders.Sorting,
		shaders.Sampling)
	withParams = append(withParams, shaders.Pools()[0], shaders.MatMuls()[0], shaders.Resampling, shaders.Gathering,
		shaders.Sorting, shaders.Sampling)
	maps.Copy(sizes, map[string][]string{"MatMul": {"Rows", "Columns", "Threads"}, "Resample": {"Threads"},
		"Lookup": {"Threads"}, "TopK": {"Threads"}, "Sample": {"Threads"}})
	maps.Copy(swaps, windowSwaps)
	exempt = append(exempt, struct{ kind, why, words string }{
		"kernels of matrices and tables", "another one is not tried: few give the same", `
		OUTSIDE Tap given grid_step keys mask masked masks p.column.offset p.row.offset
		index_step indices key lookups p.rows.sizes rows_offsets rows_places smallest v_index v_index_step
		v_indices x_index x_index_step a_column a_row a_zero a_zero_row around_offsets around_places b_column b_row
		b_zero b_zero_column column_tiles depth matrices matrices_offsets matrices_places mixed multiply outside
		p.around.sizes p.matrices.sizes row_of row_tiles table to.a to.a_zero to.b to.b_zero v_column v_row zeros_of`})
	equivalents = append(equivalents, windowEquivalents...)
}

var windowSwaps = map[string][]string{
	"p.a.strides": {"p.b.strides"}, "p.b.strides": {"p.v.strides"}, "p.a_zero.strides": {"p.b_zero.strides"},
	"p.b_zero.strides": {"p.a.strides"}, "p.a.offset": {"p.b.offset"}, "p.b.offset": {"p.v.offset"},
	"p.a_zero.offset": {"p.b_zero.offset"}, "p.b_zero.offset": {"p.a.offset"}, "p.matrices.rank": {"1u"},
	"at.a": {"at.b"}, "at.b": {"at.v"}, "at.a_zero": {"at.b_zero"}, "at.b_zero": {"at.a"},
	"lefts": {"rights"}, "rights": {"lefts"}, "left_zeros": {"right_zeros"}, "right_zeros": {"left_zeros"},
	"i.x": {"i.y"}, "i.y": {"i.z"}, "i.z": {"i.w"}, "i.w": {"i.x"},
	"p.index.strides": {"p.x.strides"}, "p.index.offset": {"p.x.offset"}, "at.index": {"at.x"}, "to.index": {"to.x"},
	"p.x_index.strides": {"p.x.strides"}, "p.x_index.offset": {"p.x.offset"}, "p.v_index.strides": {"p.v.strides"},
	"p.v_index.offset": {"p.v.offset"}, "at.x_index": {"at.x"}, "at.v_index": {"at.v"}, "to.x_index": {"to.x"},
	"to.v_index": {"to.v"}, "p.rows.rank": {"1u"}, "other": {"run"}, "run": {"other"}, "its": {"word"},
	"order":          {"word"},
	"p.grid.strides": {"p.x.strides"}, "p.mask.strides": {"p.x.strides"}, "p.row.strides": {"p.column.strides"},
	"p.column.strides": {"p.row.strides"}, "p.grid.offset": {"p.x.offset"}, "p.mask.offset": {"p.x.offset"},
	"at.grid": {"at.x"}, "at.mask": {"at.x"}, "at.row": {"at.column"}, "at.column": {"at.row"}, "to.grid": {"to.x"},
	"to.mask": {"to.x"}, "to.row": {"to.column"}, "to.column": {"to.row"}, "tap.x": {"tap.y"}, "tap.y": {"tap.z"},
	"tap.z": {"tap.x"}, "k.x": {"k.y"}, "k.y": {"k.z"}, "k.z": {"k.x"}, "by_x": {"by_y"}, "by_y": {"by_z"},
	"by_z": {"by_x"}, "p.low": {"0.0"}, "period": {"t"},
	"tap.step": {"k"}, "tap.weight": {"1.0"}, "one": {"sum"}, "p.around.rank": {"1u"},
}

var windowEquivalents = []equivalent{
	{"if line < p.lines {", "if true {", false, "spares work alone: behind the last line they begin again"},
	{"if line < p.lines {", "if line <= p.lines {", false, "spares work alone: behind the last line they begin again"},
	{"if tile < p.tiles {", "if true {", false, "spares work alone: behind the last tile they begin again"},
	{"if tile < p.tiles {", "if tile <= p.tiles {", false, "spares work alone: behind the last tile they begin again"},
	{"var order = select(word | 0x80000000u, ~word, word >= 0x80000000u);",
		"var order = select(word | 0x80000000u, ~word, word > 0x80000000u);", false,
		"both zeros have their order set below"},
	{"default: { return clamp(near, -4.0, last + 4.0); } // what is farther outside reads nothing either",
		"default: { return clamp(near, -1.01 * 4.0, last + 4.0); } // what is farther outside reads nothing either",
		false, "what is outside by 4 or more reads nothing"},
	{"default: { return clamp(near, -4.0, last + 4.0); } // what is farther outside reads nothing either",
		"default: { return clamp(near, -4.0, last + 1.01 * 4.0); } // what is farther outside reads nothing either",
		false, "what is outside by 4 or more reads nothing"},
	{"let period = max(2.0 * (f32(size) - 1.0 - 2.0 * p.low), 1.0);",
		"let period = max(2.0 * (f32(size) - 1.0 - 2.0 * p.low), 2.0);", false,
		"where that is the larger one all coordinates are 0"},
	{"return select(((-0.75 * d + 3.75) * d - 6.0) * d + 3.0, (1.25 * d - 2.25) * d * d + 1.0, d <= 1.0);",
		"return select(((-0.75 * d + 3.75) * d - 6.0) * d + 3.0, (1.25 * d - 2.25) * d * d + 1.0, d < 1.0);", false,
		"both are 0 there"},
	{"to.column += coordinate * p.column.strides[axis / 4u][axis % 4u];",
		"to.column += coordinate * p.column.strides[axis / 5u][axis % 4u];", false,
		"no column has a step along the axis 4"},
	{"to.row += coordinate * p.row.strides[axis / 4u][axis % 4u];",
		"to.row += coordinate * p.row.strides[axis / 4u][k % 4u];", false,
		"rows have steps along the axes 4 and 6 alone, of which 8 - axis is as well"},
}
