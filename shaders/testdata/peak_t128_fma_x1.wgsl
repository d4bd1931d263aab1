// As many multiply-adds as fit: chains that do not wait for each other, over numbers from a buffer that
// no compiler can foresee. Each pair of them multiplies by a power of two and by its inverse: the sums
// stay whole numbers and grow by the same amount in every pair, which tells how many were made.
// The CPU twin is cpuref/peak.go.

struct Params {
	rounds: u32,
	count: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

const THREADS: u32 = 128u;
const CHAINS: u32 = 16u;

fn pair(sum: f32, up: f32, more: f32, down: f32, less: f32) -> f32 {
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
	let start = f32(f32(thread));
	var s0 = start + values[0];
	var s1 = start + values[1];
	var s2 = start + values[2];
	var s3 = start + values[3];
	var s4 = start + values[4];
	var s5 = start + values[5];
	var s6 = start + values[6];
	var s7 = start + values[7];
	var s8 = start + values[8];
	var s9 = start + values[9];
	var s10 = start + values[10];
	var s11 = start + values[11];
	var s12 = start + values[12];
	var s13 = start + values[13];
	var s14 = start + values[14];
	var s15 = start + values[15];
	for (var round = 0u; round < p.rounds; round++) {
		s0 = pair(s0, up, more, down, less);
		s1 = pair(s1, up, more, down, less);
		s2 = pair(s2, up, more, down, less);
		s3 = pair(s3, up, more, down, less);
		s4 = pair(s4, up, more, down, less);
		s5 = pair(s5, up, more, down, less);
		s6 = pair(s6, up, more, down, less);
		s7 = pair(s7, up, more, down, less);
		s8 = pair(s8, up, more, down, less);
		s9 = pair(s9, up, more, down, less);
		s10 = pair(s10, up, more, down, less);
		s11 = pair(s11, up, more, down, less);
		s12 = pair(s12, up, more, down, less);
		s13 = pair(s13, up, more, down, less);
		s14 = pair(s14, up, more, down, less);
		s15 = pair(s15, up, more, down, less);
		s0 = pair(s0, up, more, down, less);
		s1 = pair(s1, up, more, down, less);
		s2 = pair(s2, up, more, down, less);
		s3 = pair(s3, up, more, down, less);
		s4 = pair(s4, up, more, down, less);
		s5 = pair(s5, up, more, down, less);
		s6 = pair(s6, up, more, down, less);
		s7 = pair(s7, up, more, down, less);
		s8 = pair(s8, up, more, down, less);
		s9 = pair(s9, up, more, down, less);
		s10 = pair(s10, up, more, down, less);
		s11 = pair(s11, up, more, down, less);
		s12 = pair(s12, up, more, down, less);
		s13 = pair(s13, up, more, down, less);
		s14 = pair(s14, up, more, down, less);
		s15 = pair(s15, up, more, down, less);
		s0 = pair(s0, up, more, down, less);
		s1 = pair(s1, up, more, down, less);
		s2 = pair(s2, up, more, down, less);
		s3 = pair(s3, up, more, down, less);
		s4 = pair(s4, up, more, down, less);
		s5 = pair(s5, up, more, down, less);
		s6 = pair(s6, up, more, down, less);
		s7 = pair(s7, up, more, down, less);
		s8 = pair(s8, up, more, down, less);
		s9 = pair(s9, up, more, down, less);
		s10 = pair(s10, up, more, down, less);
		s11 = pair(s11, up, more, down, less);
		s12 = pair(s12, up, more, down, less);
		s13 = pair(s13, up, more, down, less);
		s14 = pair(s14, up, more, down, less);
		s15 = pair(s15, up, more, down, less);
		s0 = pair(s0, up, more, down, less);
		s1 = pair(s1, up, more, down, less);
		s2 = pair(s2, up, more, down, less);
		s3 = pair(s3, up, more, down, less);
		s4 = pair(s4, up, more, down, less);
		s5 = pair(s5, up, more, down, less);
		s6 = pair(s6, up, more, down, less);
		s7 = pair(s7, up, more, down, less);
		s8 = pair(s8, up, more, down, less);
		s9 = pair(s9, up, more, down, less);
		s10 = pair(s10, up, more, down, less);
		s11 = pair(s11, up, more, down, less);
		s12 = pair(s12, up, more, down, less);
		s13 = pair(s13, up, more, down, less);
		s14 = pair(s14, up, more, down, less);
		s15 = pair(s15, up, more, down, less);
	}
	sums[i] = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11 + s12 + s13 + s14 + s15;
}
