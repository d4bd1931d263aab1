// Each number of V is read between the numbers of X, at coordinates that another tensor has: for ONNX's GridSample,
// and for the columns of its DeformConv. Along each axis one number is read, the nearest one, or two or four are
// mixed. The CPU twin is cpuref/operators/sample.go.

// What all kernels of tensors share: views of memory by sizes and strides. There are eight axes, the last one the
// quickest; a tensor of fewer has its own behind others of size 1 and stride 0.

alias Axes = array<vec4<u32>, 2>;

struct Shape {
	sizes: Axes,
	rank: u32, // axes from the last one on that are not of size 1 alone
}

struct View {
	strides: Axes, // numbers from one coordinate of an axis to the next
	offset: u32, // of the first number
}

// offset_of is where a view has the number at some coordinates.
fn offset_of(view: View, at: Axes) -> u32 {
	let steps = view.strides[0] * at[0] + view.strides[1] * at[1];
	return view.offset + steps.x + steps.y + steps.z + steps.w;
}

struct Params {
	size: vec3<u32>, // of X along z, y and x
	outputs: u32,
	taps: vec3<u32>, // 1, 2 or 4 along each axis
	padding: u32, // beyond X are zeros, 1: the nearest numbers, or 2: numbers mirrored at low and high
	step: vec3<u32>, // from one number of X to the next
	masked: u32, // 1 where results are multiplied by a mask
	grid_step: vec3<u32>, // from the first of a number's coordinates to that of each axis
	low: f32, // where X begins: 0, or half before its first number
	factor: vec3<f32>, // of coordinates
	shift: vec3<f32>,
	shape: Shape, // of V
	x: View, // its first number along z, y and x
	grid: View,
	mask: View,
	row: View, // what is added to the coordinate y
	column: View, // and to x
	v: View,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<f32>;
@group(0) @binding(2) var<storage, read> grid: array<f32>;
@group(0) @binding(3) var<storage, read> masks: array<f32>;
@group(0) @binding(4) var<storage, read_write> v: array<f32>;

// shape_offsets are where views have the number i of the shape p.shape, in the order of memory.
struct shape_places {
	x: u32,
	grid: u32,
	mask: u32,
	row: u32,
	column: u32,
	v: u32,
}

fn shape_offsets(i: u32) -> shape_places {
	var to = shape_places(p.x.offset, p.grid.offset, p.mask.offset, p.row.offset, p.column.offset, p.v.offset);
	var rest = i;
	for (var k = 1u; k <= p.shape.rank; k++) {
		let axis = 8u - k;
		let size = p.shape.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.x += coordinate * p.x.strides[axis / 4u][axis % 4u];
		to.grid += coordinate * p.grid.strides[axis / 4u][axis % 4u];
		to.mask += coordinate * p.mask.strides[axis / 4u][axis % 4u];
		to.row += coordinate * p.row.strides[axis / 4u][axis % 4u];
		to.column += coordinate * p.column.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	return to;
}

// mirrored is a coordinate that is mirrored at low and at high, which lies as far behind the last number, until it is
// between them.
fn mirrored(x: f32, size: u32) -> f32 {
	let period = max(2.0 * (f32(size) - 1.0 - 2.0 * p.low), 1.0);
	let t = x - p.low - period * floor((x - p.low) / period);
	return p.low + min(t, period - t);
}

// held is a coordinate that taps are found by.
fn held(x: f32, size: u32) -> f32 {
	let near = select(x, round(x), p.taps.z == 1u);
	let last = f32(size) - 1.0;
	switch p.padding {
		case 1u: { return select(near, clamp(near, 0.0, last), near < p.low || near > last - p.low); }
		case 2u: { return near; }
		default: { return clamp(near, -4.0, last + 4.0); } // what is farther outside reads nothing either
	}
}

// place is the number that a tap reads, if it is one of X.
fn place(i: i32, size: u32) -> u32 {
	switch p.padding {
		case 1u: { return u32(clamp(i, 0, i32(size) - 1)); }
		case 2u: { return u32(mirrored(f32(i), size)); }
		default: { return u32(i); }
	}
}

// keys is the weight of a number at some distance: Keys' kernel with -0.75.
fn keys(d: f32) -> f32 {
	return select(((-0.75 * d + 3.75) * d - 6.0) * d + 3.0, (1.25 * d - 2.25) * d * d + 1.0, d <= 1.0);
}

// weights are those of a coordinate's taps.
fn weights(x: f32, taps: u32) -> vec4<f32> {
	let f = x - floor(x);
	switch taps {
		case 1u: { return vec4<f32>(1.0); }
		case 2u: { return vec4<f32>(1.0 - f, f, vec2<f32>()); }
		default: { return vec4<f32>(keys(1.0 + f), keys(f), keys(1.0 - f), keys(2.0 - f)); }
	}
}

fn element(i: u32) {
	let at = shape_offsets(i);
	let given = vec3<f32>(grid[at.grid + p.grid_step.x], grid[at.grid + p.grid_step.y], grid[at.grid + p.grid_step.z]);
	let c = given * p.factor + p.shift + vec3<f32>(0.0, f32(at.row), f32(at.column));
	let z = held(c.x, p.size.x);
	let y = held(c.y, p.size.y);
	let x = held(c.z, p.size.z);
	let by_z = weights(z, p.taps.x);
	let by_y = weights(y, p.taps.y);
	let by_x = weights(x, p.taps.z);
	let first = vec3<i32>(floor(vec3<f32>(z, y, x))) - vec3<i32>(p.taps / 4u);
	var sum = 0.0;
	for (var n = 0u; n < p.taps.x * p.taps.y * p.taps.z; n++) {
		let k = vec3<u32>(n / p.taps.z / p.taps.z, n / p.taps.z % p.taps.z, n % p.taps.z);
		let tap = first + vec3<i32>(k);
		let numbers = vec3<u32>(place(tap.x, p.size.x), place(tap.y, p.size.y), place(tap.z, p.size.z));
		if all(numbers < p.size) {
			sum += by_z[k.x] * by_y[k.y] * by_x[k.z] * xs[at.x + dot(numbers, p.step)];
		}
	}
	v[at.v] = sum * select(1.0, masks[at.mask], p.masked == 1u);
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
