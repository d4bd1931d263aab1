// From sums that float32 holds exactly to int32: with their biases, or on top of those of other input channels. The
// CPU twin is cpuref/quantize.go.

struct Params {
	outputs: u32, // of 1 numbers each
	biases: u32, // which are alike for every so many outputs
	first: u32, // 1 where nothing was added up before
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<i32>;
@group(0) @binding(3) var<storage, read_write> sums: array<i32>;

fn element(i: u32) {
	var sum = b[i % p.biases];
	if p.first == 0u {
		sum = sums[i];
	}
	sums[i] = sum + i32(x[i]);
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
