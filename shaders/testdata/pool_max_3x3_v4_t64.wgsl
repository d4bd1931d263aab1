// Pools over windows along z, y and x: the largest one of the numbers of X under each window. The other axes of
// tensors are an outer one and an inner one; neighbouring threads have neighbours along the inner one. The CPU twin is
// cpuref/operators/pool.go.

struct Params {
	in_size: vec3<u32>, // z, y, x
	outputs: u32, // strips of V, which are what threads compute
	out_size: vec3<u32>,
	inner: u32,
	window: vec3<u32>, // taps
	strip: u32, // neurons of a strip, along x
	stride: vec3<u32>,
	strips: u32, // of a row of V
	dilation: vec3<u32>,
	v_inner: u32,
	pad: vec3<u32>, // before X
	x_first: u32, // where X begins, and its steps along each axis
	x_step: vec3<u32>,
	x_outer: u32,
	v_step: vec3<u32>, // likewise of V
	v_outer: u32,
	i_step: vec3<u32>, // of the places of maxima
	i_outer: u32,
	n_step: vec3<u32>, // of the number that says where in X a maximum is
	n_outer: u32,
	counted: vec3<u32>, // what means are divided by is the number of taps below this, shifted
	x_inner: u32,
	shift: vec3<u32>,
	v_first: u32,
	i_first: u32,
	i_inner: u32,
	n_inner: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;

// pool computes the neuron o at the given place outside of the axes of windows.
fn pool(o: vec3<u32>, outer: u32, inner: u32) {
	let corner = o * p.stride - p.pad; // what lies before X is wrapped around to large numbers
	let start = p.x_first + outer * p.x_outer + inner * p.x_inner;
	var sum = vec4<f32>();
	var none = true; // so far
	// Loops of a known length and without a branch, which compilers unroll.
	for (var y = 0u; y < 3u; y++) {
		let row = corner.xy + vec2<u32>(0u, y * p.dilation.y);
		let columns = select(0u, p.in_size.z, all(row < p.in_size.xy));
		let line = start + dot(row, p.x_step.xy);
		for (var x = 0u; x < 3u; x++) {
			let column = corner.z + x * p.dilation.z;
			let inside = column < columns;
			let number = xs[line + column * p.x_step.z]; // any one where it is not inside
			let larger = vec4<bool>(none) | (number > sum) | ((bitcast<vec4<u32>>(number) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u));
			sum = select(sum, number, larger & vec4<bool>(inside));
			none = none & !inside;
		}
	}
	let to = p.v_first + outer * p.v_outer + inner * p.v_inner + dot(o, p.v_step);
	v[to] = sum;
}

fn element(i: u32) {
	let strip = i / p.inner;
	let inner = i - strip * p.inner;
	let row = strip / p.strips;
	let plane = row / p.out_size.y;
	let outer = plane / p.out_size.x;
	let first = (strip - row * p.strips) * p.strip;
	let o = vec3<u32>(plane - outer * p.out_size.x, row - plane * p.out_size.y, first);
	for (var k = 0u; k < min(p.out_size.z - first, p.strip); k++) {
		pool(o + vec3<u32>(0u, 0u, k), outer, inner);
	}
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
