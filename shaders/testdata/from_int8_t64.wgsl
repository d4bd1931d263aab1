// From int8 as it is stored to float32: x - zero for each of the four numbers of a word of X, exactly. The CPU twin is
// cpuref/quantize.go.

struct Params {
	outputs: u32, // words of X
	zero: i32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;

fn signed_byte(word: u32, i: u32) -> i32 {
	return i32(word << (24u - i % 4u * 8u)) >> 24u;
}

fn signed_bytes(word: u32) -> vec4<i32> {
	return vec4<i32>(signed_byte(word, 0u), signed_byte(word, 1u), signed_byte(word, 2u), signed_byte(word, 3u));
}

fn element(i: u32) {
	v[i] = vec4<f32>(signed_bytes(x[i]) - p.zero);
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
