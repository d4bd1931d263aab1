// V = alpha * A * B for many matrices, as ONNX's
// MatMul{{if .Integer}}Integer: whole numbers, from which zero points are taken away{{end}}. A thread computes
// {{.Rows}} rows of {{.Columns}} columns. All threads of a workgroup have the same rows, so that the address of a
// number of A is equal for all, and columns of neighbours are neighbours. The CPU twin is cpuref/operators/matmul.go.

{{template "strided"}}

struct Params {
	alpha: f32,
	rows: u32, // of A and V
	columns: u32, // of B and V
	depth: u32, // products of a sum
	tiles: u32, // one for each workgroup
	row_tiles: u32, // of a matrix
	column_tiles: u32,
	a_row: u32, // numbers from one row to the next
	a_column: u32,
	b_row: u32,
	b_column: u32,
	v_row: u32,
	v_column: u32,
	a_zero_row: u32,
	b_zero_column: u32,
	matrices: Shape,
	a: View,
	b: View,
	v: View,
	a_zero: View,
	b_zero: View,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> lefts: array<{{.Number}}>;
@group(0) @binding(2) var<storage, read> rights: array<{{.Number}}>;
{{- if .Integer}}
@group(0) @binding(3) var<storage, read> left_zeros: array<i32>;
@group(0) @binding(4) var<storage, read> right_zeros: array<i32>;
@group(0) @binding(5) var<storage, read_write> v: array<i32>;
{{- else}}
@group(0) @binding(3) var<storage, read_write> v: array<f32>;
{{- end}}

const THREADS: u32 = {{.Threads}}u;
const COLUMNS: u32 = {{.Columns}}u;

{{template "walk" .Walk}}

fn row_of(i: vec4<u32>) -> vec4<{{.Number}}> {
	return vec4<{{.Number}}>(rights[i.x], rights[i.y], rights[i.z], rights[i.w]);
}
{{- if .Integer}}

fn zeros_of(i: vec4<u32>) -> vec4<i32> {
	return vec4<i32>(right_zeros[i.x], right_zeros[i.y], right_zeros[i.z], right_zeros[i.w]);
}
{{- end}}

// write writes sums of a row, whose columns are as many apart as a workgroup has threads.
fn write(start: u32, row: u32, column: u32, sum: vec4<{{.Number}}>) {
	for (var k = 0u; k < 4u; k++) {
		let to = column + k * THREADS;
		if row < p.rows && to < p.columns {
			v[start + row * p.v_row + to * p.v_column] = {{if not .Integer}}p.alpha * {{end}}sum[k];
		}
	}
}

// multiply computes a tile. Beyond the last row and the last column it computes with what stands there, and writes
// nothing.
fn multiply(tile: u32, thread: u32) {
	let at = matrices_offsets(tile / p.row_tiles / p.column_tiles);
	let first = tile % p.row_tiles * {{.Rows}}u;
	let column = tile / p.row_tiles % p.column_tiles * (COLUMNS * THREADS) + thread;
	let four = vec4<u32>(0u, 1u, 2u, 3u) * THREADS + column;
{{- range $r := .Each}}
	let row{{$r}} = at.a + (first{{plus $r}}) * p.a_row;
{{- if $.Integer}}
	let from{{$r}} = left_zeros[at.a_zero + (first{{plus $r}}) * p.a_zero_row];
{{- end}}
{{- range $j := $.Fours}}
	var sum{{$r}}_{{$j}} = vec4<{{$.Number}}>();
{{- end}}
{{- end}}
{{- range $j := .Fours}}
	let column{{$j}} = four{{if $j}} + {{$j}}u * 4u * THREADS{{end}};
{{- if $.Integer}}
	let start{{$j}} = zeros_of(at.b_zero + column{{$j}} * p.b_zero_column);
{{- end}}
{{- end}}
	for (var k = 0u; k < p.depth; k++) {
{{- range $j := .Fours}}
		let w{{$j}} = row_of(at.b + k * p.b_row + column{{$j}} * p.b_column){{if $.Integer}} - start{{$j}}{{end}};
{{- end}}
{{- range $r := .Each}}
		let x{{$r}} = lefts[row{{$r}} + k * p.a_column]{{if $.Integer}} - from{{$r}}{{end}};
{{- range $j := $.Fours}}
		sum{{$r}}_{{$j}} += x{{$r}} * w{{$j}};
{{- end}}
{{- end}}
	}
{{- range $r := .Each}}
{{- range $j := $.Fours}}
	write(at.v, first{{plus $r}}, column{{if $j}} + {{$j}}u * 4u * THREADS{{end}}, sum{{$r}}_{{$j}});
{{- end}}
{{- end}}
}

{{template "kernel_main"}}
	let tile = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
	if tile < p.tiles {
		multiply(tile, thread);
	}
}
