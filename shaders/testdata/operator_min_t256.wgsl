// An elementwise operator: V = select(select(x, y, y < x), y, (bitcast<u32>(y) & 0x7fffffffu) > 0x7f800000u),
// for x of X and y of Y, which have V's shape.
// Each may be some channels of a wider volume. The CPU twin is cpuref/operator.go.

struct Params {
	outputs: u32, // numbers of V
	channels: u32,
	x_pitch: u32, // numbers from one pixel to the next
	x_first: u32, // the first channel
	y_pitch: u32,
	y_first: u32,
	v_pitch: u32,
	v_first: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<f32>;
@group(0) @binding(2) var<storage, read> ys: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;

fn element(i: u32) {
	let pixel = i / p.channels;
	let channel = i % p.channels;
	let x = xs[pixel * p.x_pitch + p.x_first + channel];
	let y = ys[pixel * p.y_pitch + p.y_first + channel];
	v[pixel * p.v_pitch + p.v_first + channel] = select(select(x, y, y < x), y, (bitcast<u32>(y) & 0x7fffffffu) > 0x7f800000u);
}

// Each thread computes one element, on its own.

const THREADS: u32 = 256u;

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
