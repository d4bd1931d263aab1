// Copies words as fast as memory takes them, neighbours by neighbours. The CPU twin is Go's copy.

struct Params {
	count: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> original: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> duplicate: array<vec4<u32>>;

const THREADS: u32 = {{.Threads}}u;
const EACH: u32 = {{.Each}}u;

{{template "kernel_main"}}
	let first = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS * EACH + thread;
	for (var k = 0u; k < EACH; k++) {
		let i = first + k * THREADS;
		if i < p.count {
			duplicate[i] = original[i];
		}
	}
}
