// The gradient of max pools with respect to X: a number of X gets the gradients of those outputs that it is the
// maximum of, as pool.wgsl has their places. Windows are square and inside of X. The CPU twin is
// cpuref/training/pool.go.

struct Params {
	outputs: u32, // numbers of dX
	channels: u32,
	in_rows: u32,
	in_columns: u32,
	out_rows: u32,
	out_columns: u32,
	window: u32,
	stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> places: array<i32>; // images, then channels, rows and columns
@group(0) @binding(2) var<storage, read> dv: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

fn element(i: u32) {
	let channel = i % p.channels;
	let column = i / p.channels % p.in_columns;
	let line = i / p.channels / p.in_columns;
	let row = line % p.in_rows;
	let image = line / p.in_rows;
	let number = i32(((image * p.channels + channel) * p.in_rows + row) * p.in_columns + column);
	var sum = 0.0;
	for (var y = 0u; y < p.window; y++) {
		for (var x = 0u; x < p.window; x++) {
			let row_less = row - y; // what lies before X is wrapped around to large numbers
			let column_less = column - x;
			let to_row = row_less / p.stride;
			let to_column = column_less / p.stride;
			let whole = to_row * p.stride == row_less && to_column * p.stride == column_less;
			if whole && to_row < p.out_rows && to_column < p.out_columns {
				let o = ((image * p.out_rows + to_row) * p.out_columns + to_column) * p.channels + channel;
				sum += select(0.0, dv[o], places[o] == number);
			}
		}
	}
	dx[i] = sum;
}

// Each thread computes one element, on its own.

const THREADS: u32 = 64u;

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	// Elements are counted in memory order, across the axes of a grid that no single axis could hold.
	let i = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	if i < p.outputs {
		element(i);
	}
}
