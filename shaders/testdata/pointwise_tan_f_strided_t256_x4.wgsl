// tan, number by number: V is tan_of(x), for x of X.

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
	shape: Shape, // of V
	x: View,
	y: View,
	z: View,
	v: View,
	alpha: f32, // what the expression may ask for
	beta: f32,
	outputs: u32, // numbers of V
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<f32>;
@group(0) @binding(2) var<storage, read_write> v: array<f32>;

// Turned is an angle less a multiple of pi/2, to the nearest one.
struct Turned {
	r: f32,
	quarters: i32, // modulo 4
}

// turned is good for angles up to 2^24 quarters, and beyond that not far from 0. Of the parts of pi/2 all but the last
// have 11 bits, and the numbers of quarters 12: their products are exact.
fn turned(x: f32) -> Turned {
	let many = round(x * 0.000155424749) * 4096.0;
	let left = x - many * 1.5703125;
	let few = round((left - many * 0.000483826795) * 0.636619772);
	var r = left - few * 1.5703125;
	r = r - many * 0.000483751297 - few * 0.000483751297;
	r = r - many * 0.0000000754953362 - few * 0.0000000754953362;
	return Turned(min(max(r, -0.8), 0.8), i32(few) & 3);
}

// sine is for angles up to pi/4 in size.
fn sine(r: f32) -> f32 {
	let z = r * r;
	return r + r * z * (-0.166666552 + z * (0.00833217427 + z * -0.000195166838));
}

// cosine is for angles up to pi/4 in size.
fn cosine(r: f32) -> f32 {
	let z = r * r;
	return 1.0 - 0.5 * z + z * z * (0.0416666456 + z * (-0.0013887363 + z * 0.0000244378298));
}

// sine_at is the sine of an angle that is some quarters further.
fn sine_at(t: Turned, further: i32) -> f32 {
	let quarters = t.quarters + further;
	let size = select(sine(t.r), cosine(t.r), (quarters & 1) == 1);
	return select(size, -size, (quarters & 2) == 2);
}

fn nan_like(x: f32) -> f32 {
	return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
}

fn is_infinite(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u;
}

fn tan_of(x: f32) -> f32 {
	let t = turned(x);
	return select(sine_at(t, 0) / sine_at(t, 1), nan_like(x), is_infinite(x));
}

fn is_nan(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn number(x: f32) -> f32 {
	return select(tan_of(x), x, is_nan(x));
}

// shape_offsets are where views have the number i of the shape p.shape, in the order of memory.
struct shape_places {
	x: u32,
	v: u32,
}

fn shape_offsets(i: u32) -> shape_places {
	var to = shape_places(p.x.offset, p.v.offset);
	var rest = i;
	for (var k = 1u; k <= p.shape.rank; k++) {
		let axis = 8u - k;
		let size = p.shape.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.x += coordinate * p.x.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	return to;
}

fn element(i: u32) {
	let at = shape_offsets(i);
	v[at.v] = number(xs[at.x]);
}

// Each thread computes EACH elements, on its own: those of a workgroup's threads stand beside each other.

const THREADS: u32 = 256u;
const EACH: u32 = 4u;

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let first = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS * EACH + thread;
	for (var k = 0u; k < EACH; k++) {
		let i = first + k * THREADS;
		if i < p.outputs {
			element(i);
		}
	}
}
