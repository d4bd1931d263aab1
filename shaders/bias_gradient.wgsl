// One workgroup computes one element of the gradient with respect to the biases: the sum over images and
// (x, y) of dV[x, y, k], or of an unshared layer over images alone. The CPU twin is cpuref/gradients.go.

struct Params {
	channels: u32,
	positions: u32, // added up: x * y * z, or 1 of an unshared layer
	images: u32,
	outputs: u32, // elements that the kernel writes
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dv: array<f32>;
@group(0) @binding(2) var<storage, read_write> db: array<f32>;

{{template "reduce" .}}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let element = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
	let inside = element < p.outputs;
	// Where nothing but images is added up, the elements are all of one image's.
	let stride = select(p.channels, p.outputs, p.positions == 1u);
	var sum = 0.0;
	for (var step = thread; inside && step < p.images * p.positions; step += THREADS) {
		sum += dv[step * stride + element];
	}
	let total = reduce(thread, sum);
	if inside && thread == 0u {
		db[element] = total;
	}
}
