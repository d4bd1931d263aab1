// From float16 as it is stored to float32: two numbers of each word of X. A thread takes several words. The CPU
// twin is FromHalf in tensor/half.go.

struct Params {
	outputs: u32, // threads
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> v: array<vec2<f32>>;

fn element(i: u32) {
	v[i] = unpack2x16float(x[i]);
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
