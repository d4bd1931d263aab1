// Stochastic gradient descent with momentum, as PyTorch has it: the velocity is momentum * velocity + g, and weights
// move against it by the learning rate. The CPU twin is cpuref/training/update.go.

struct Params {
	outputs: u32, // weights
}

struct Rates {
	learning: f32,
	momentum: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> rates: Rates;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> velocities: array<f32>;
@group(0) @binding(4) var<storage, read_write> w: array<f32>;

fn element(i: u32) {
	let velocity = rates.momentum * velocities[i] + g[i];
	velocities[i] = velocity;
	w[i] -= rates.learning * velocity;
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
