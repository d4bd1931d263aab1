// From int8 to float32, as ONNX's DequantizeLinear: V = scale * (x - zero). V may be some channels of a wider volume;
// X stands alone. The CPU twin is cpuref/quantize.go.

struct Params {
	outputs: u32, // numbers of V
	channels: u32, // of the float32 volume
	pitch: u32, // numbers from one pixel of it to the next
	first: u32, // its first channel among them
	scale: f32, // of the int8 volume
	zero: i32, // the number of the int8 volume that stands for 0
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<u32>; // four numbers to a word, the first in its lowest byte
@group(0) @binding(2) var<storage, read_write> v: array<f32>;

fn signed_byte(word: u32, i: u32) -> i32 {
	return i32(word << (24u - i % 4u * 8u)) >> 24u;
}

fn element(i: u32) {
	v[i / p.channels * p.pitch + p.first + i % p.channels] = p.scale * f32(signed_byte(xs[i / 4u], i) - p.zero);
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
