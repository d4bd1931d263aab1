// The gradient of max pools with respect to X: a number of X gets the gradients of those outputs that it is the
// maximum of, as pool.wgsl has their places. Windows are square and inside of X. A thread has all channels of a pixel,
// which are in the same windows. The CPU twin is cpuref/training/pool.go.

struct Params {
	outputs: u32, // pixels of dX
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

// windows are the first window along an axis that has a number, and the one behind the last.
fn windows(at: u32, outputs: u32) -> vec2<u32> {
	let before = select(0u, (at - p.window) / p.stride + 1u, at >= p.window);
	return vec2<u32>(before, min(at / p.stride + 1u, outputs));
}

fn element(i: u32) {
	let line = i / p.in_columns;
	let column = i - line * p.in_columns;
	let image = line / p.in_rows;
	let row = line - image * p.in_rows;
	let down = windows(row, p.out_rows);
	let across = windows(column, p.out_columns);
	let plane = p.in_rows * p.in_columns;
	for (var channel = 0u; channel < p.channels; channel++) {
		let number = i32((image * p.channels + channel) * plane + row * p.in_columns + column);
		var sum = 0.0;
		for (var y = down.x; y < down.y; y++) {
			for (var x = across.x; x < across.y; x++) {
				let o = ((image * p.out_rows + y) * p.out_columns + x) * p.channels + channel;
				sum += select(0.0, dv[o], places[o] == number);
			}
		}
		dx[i * p.channels + channel] = sum;
	}
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
