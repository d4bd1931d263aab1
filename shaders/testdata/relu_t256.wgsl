// ReLU over a whole volume, in place: V = max(0, V). The CPU twin is cpuref/relu.go.

struct Params {
	outputs: u32, // numbers of V
	channels: u32, // of V
	pitch: u32, // numbers from one pixel of V to the next
	first: u32, // V's first channel among them
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> v: array<f32>;

// keep_nan is f, a function of z, and z itself where that is NaN: by its bits, for min and max may lose NaN, and
// compilers may take numbers that are compared for others than NaN.
fn keep_nan(f: f32, z: f32) -> f32 {
	return select(f, z, (bitcast<u32>(z) & 0x7fffffffu) > 0x7f800000u);
}

fn element(i: u32) {
	let at = i / p.channels * p.pitch + p.first + i % p.channels;
	v[at] = keep_nan(max(v[at], 0.0), v[at]);
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
