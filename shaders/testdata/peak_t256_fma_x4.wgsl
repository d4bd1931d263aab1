// As many multiply-adds as fit: chains that do not wait for each other, over numbers from a buffer that
// no compiler can foresee. Each pair of them multiplies by a power of two and by its inverse: the sums
// stay whole numbers and grow by the same amount in every pair, which tells how many were made.
// The CPU twin is cpuref/peak.go.

struct Params {
	rounds: u32,
	count: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec4<f32>>;

const THREADS: u32 = 256u;
const CHAINS: u32 = 4u;

fn pair(sum: vec4<f32>, up: vec4<f32>, more: vec4<f32>, down: vec4<f32>, less: vec4<f32>) -> vec4<f32> {
	return fma(fma(sum, up, more), down, less);
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let i = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	if i >= p.count {
		return;
	}
	let up = values[CHAINS];
	let more = values[CHAINS + 1u];
	let down = values[CHAINS + 2u];
	let less = values[CHAINS + 3u];
	let start = vec4<f32>(f32(thread));
	var s0 = start + values[0];
	var s1 = start + values[1];
	var s2 = start + values[2];
	var s3 = start + values[3];
	for (var round = 0u; round < p.rounds; round++) {
		s0 = pair(s0, up, more, down, less);
		s1 = pair(s1, up, more, down, less);
		s2 = pair(s2, up, more, down, less);
		s3 = pair(s3, up, more, down, less);
		s0 = pair(s0, up, more, down, less);
		s1 = pair(s1, up, more, down, less);
		s2 = pair(s2, up, more, down, less);
		s3 = pair(s3, up, more, down, less);
		s0 = pair(s0, up, more, down, less);
		s1 = pair(s1, up, more, down, less);
		s2 = pair(s2, up, more, down, less);
		s3 = pair(s3, up, more, down, less);
		s0 = pair(s0, up, more, down, less);
		s1 = pair(s1, up, more, down, less);
		s2 = pair(s2, up, more, down, less);
		s3 = pair(s3, up, more, down, less);
	}
	sums[i] = s0 + s1 + s2 + s3;
}
