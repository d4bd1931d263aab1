// From float16 as it is stored to float32: two numbers of each word of X. A thread takes several words. The CPU
// twin is FromHalf in tensor/half.go.

struct Params {
	outputs: u32, // threads
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;

fn element(i: u32) {
	let words = x[i];
	v[2u * i] = vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
	v[2u * i + 1u] = vec4<f32>(unpack2x16float(words.z), unpack2x16float(words.w));
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
