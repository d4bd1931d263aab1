// One workgroup computes one element of the gradient with respect to the biases: the sum over images and
// (x, y) of dV[x, y, k], or of an unshared layer over images alone. The CPU twin is cpuref/gradients.go.

struct Params {
	terms: u32, // of each sum
	outputs: u32, // elements that the kernel writes, and numbers of dV from one term of a sum to the next
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dv: array<f32>;
@group(0) @binding(2) var<storage, read_write> db: array<f32>;

{{template "reduce" .}}

{{template "kernel_main"}}
	let element = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
	let inside = element < p.outputs;
	var sum = 0.0;
	for (var step = thread; inside && step < p.terms; step += THREADS) {
		sum += dv[step * p.outputs + element];
	}
	let total = reduce(thread, sum);
	if inside && thread == 0u {
		db[element] = total;
	}
}
