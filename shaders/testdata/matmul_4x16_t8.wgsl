// V = alpha * A * B for many matrices, as ONNX's
// MatMul. A thread computes
// 4 rows of 16 columns. All threads of a workgroup have the same rows, so that the address of a
// number of A is equal for all, and columns of neighbours are neighbours. The CPU twin is cpuref/operators/matmul.go.

// What all kernels of tensors share: views of memory by sizes and strides. There are eight axes, the last one the
// quickest; a tensor of fewer has its own behind others of size 1 and stride 0.

alias Axes = array<vec4<u32>, 2>;

struct Shape {
	sizes: Axes,
	rank: u32, // axes from the last one on that are not of size 1 alone
}

struct View {
	strides: Axes, // numbers from one coordinate of an axis to the next
	offset: u32, // of the first number
}

// offset_of is where a view has the number at some coordinates.
fn offset_of(view: View, at: Axes) -> u32 {
	let steps = view.strides[0] * at[0] + view.strides[1] * at[1];
	return view.offset + steps.x + steps.y + steps.z + steps.w;
}

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
@group(0) @binding(1) var<storage, read> lefts: array<f32>;
@group(0) @binding(2) var<storage, read> rights: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;

const THREADS: u32 = 8u;
const COLUMNS: u32 = 16u;

// matrices_offsets are where views have the number i of the shape p.matrices, in the order of memory.
struct matrices_places {
	a: u32,
	b: u32,
	v: u32,
}

fn matrices_offsets(i: u32) -> matrices_places {
	var to = matrices_places(p.a.offset, p.b.offset, p.v.offset);
	var rest = i;
	for (var k = 1u; k <= p.matrices.rank; k++) {
		let axis = 8u - k;
		let size = p.matrices.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.a += coordinate * p.a.strides[axis / 4u][axis % 4u];
		to.b += coordinate * p.b.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	return to;
}

fn row_of(i: vec4<u32>) -> vec4<f32> {
	return vec4<f32>(rights[i.x], rights[i.y], rights[i.z], rights[i.w]);
}

// write writes sums of a row, whose columns are as many apart as a workgroup has threads.
fn write(start: u32, row: u32, column: u32, sum: vec4<f32>) {
	for (var k = 0u; k < 4u; k++) {
		let to = column + k * THREADS;
		if row < p.rows && to < p.columns {
			v[start + row * p.v_row + to * p.v_column] = p.alpha * sum[k];
		}
	}
}

// multiply computes a tile. Beyond the last row and the last column it computes with what stands there, and writes
// nothing.
fn multiply(tile: u32, thread: u32) {
	let at = matrices_offsets(tile / p.row_tiles / p.column_tiles);
	let first = tile % p.row_tiles * 4u;
	let column = tile / p.row_tiles % p.column_tiles * (COLUMNS * THREADS) + thread;
	let four = vec4<u32>(0u, 1u, 2u, 3u) * THREADS + column;
	let row0 = at.a + (first) * p.a_row;
	var sum0_0 = vec4<f32>();
	var sum0_1 = vec4<f32>();
	var sum0_2 = vec4<f32>();
	var sum0_3 = vec4<f32>();
	let row1 = at.a + (first + 1u) * p.a_row;
	var sum1_0 = vec4<f32>();
	var sum1_1 = vec4<f32>();
	var sum1_2 = vec4<f32>();
	var sum1_3 = vec4<f32>();
	let row2 = at.a + (first + 2u) * p.a_row;
	var sum2_0 = vec4<f32>();
	var sum2_1 = vec4<f32>();
	var sum2_2 = vec4<f32>();
	var sum2_3 = vec4<f32>();
	let row3 = at.a + (first + 3u) * p.a_row;
	var sum3_0 = vec4<f32>();
	var sum3_1 = vec4<f32>();
	var sum3_2 = vec4<f32>();
	var sum3_3 = vec4<f32>();
	let column0 = four;
	let column1 = four + 1u * 4u * THREADS;
	let column2 = four + 2u * 4u * THREADS;
	let column3 = four + 3u * 4u * THREADS;
	for (var k = 0u; k < p.depth; k++) {
		let w0 = row_of(at.b + k * p.b_row + column0 * p.b_column);
		let w1 = row_of(at.b + k * p.b_row + column1 * p.b_column);
		let w2 = row_of(at.b + k * p.b_row + column2 * p.b_column);
		let w3 = row_of(at.b + k * p.b_row + column3 * p.b_column);
		let x0 = lefts[row0 + k * p.a_column];
		sum0_0 += x0 * w0;
		sum0_1 += x0 * w1;
		sum0_2 += x0 * w2;
		sum0_3 += x0 * w3;
		let x1 = lefts[row1 + k * p.a_column];
		sum1_0 += x1 * w0;
		sum1_1 += x1 * w1;
		sum1_2 += x1 * w2;
		sum1_3 += x1 * w3;
		let x2 = lefts[row2 + k * p.a_column];
		sum2_0 += x2 * w0;
		sum2_1 += x2 * w1;
		sum2_2 += x2 * w2;
		sum2_3 += x2 * w3;
		let x3 = lefts[row3 + k * p.a_column];
		sum3_0 += x3 * w0;
		sum3_1 += x3 * w1;
		sum3_2 += x3 * w2;
		sum3_3 += x3 * w3;
	}
	write(at.v, first, column, sum0_0);
	write(at.v, first, column + 1u * 4u * THREADS, sum0_1);
	write(at.v, first, column + 2u * 4u * THREADS, sum0_2);
	write(at.v, first, column + 3u * 4u * THREADS, sum0_3);
	write(at.v, first + 1u, column, sum1_0);
	write(at.v, first + 1u, column + 1u * 4u * THREADS, sum1_1);
	write(at.v, first + 1u, column + 2u * 4u * THREADS, sum1_2);
	write(at.v, first + 1u, column + 3u * 4u * THREADS, sum1_3);
	write(at.v, first + 2u, column, sum2_0);
	write(at.v, first + 2u, column + 1u * 4u * THREADS, sum2_1);
	write(at.v, first + 2u, column + 2u * 4u * THREADS, sum2_2);
	write(at.v, first + 2u, column + 3u * 4u * THREADS, sum2_3);
	write(at.v, first + 3u, column, sum3_0);
	write(at.v, first + 3u, column + 1u * 4u * THREADS, sum3_1);
	write(at.v, first + 3u, column + 2u * 4u * THREADS, sum3_2);
	write(at.v, first + 3u, column + 3u * 4u * THREADS, sum3_3);
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let tile = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
	if tile < p.tiles {
		multiply(tile, thread);
	}
}
