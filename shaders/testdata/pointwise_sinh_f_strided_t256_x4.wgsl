// sinh, number by number: V is sinh_of(x), for x of X.

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

// less_ln_2 is x - n * ln(2). The first product is exact.
fn less_ln_2(x: f32, n: f32) -> f32 {
	return x - n * 0.693359375 + n * 0.000212194440;
}

// power_of_2 is 2^n, for n from -126 to 127.
fn power_of_2(n: i32) -> f32 {
	return bitcast<f32>(u32(n + 127) << 23u);
}

// rest_of_exp is (e^r - 1 - r) / r^2, for r up to ln(2)/2 in size.
fn rest_of_exp(r: f32) -> f32 {
	return 0.5 + r * (0.166665196 + r * (0.041666206 + r * (0.00836887583 + r * 0.00139504613)));
}

// expm1_of is e^x - 1, near 0 too. Half of 2^n is in range.
fn expm1_of(x: f32) -> f32 {
	let held = min(max(x, -30.0), 89.0);
	let n = round(held * 1.44269504);
	let r = less_ln_2(held, n);
	let half = power_of_2(i32(n) - 1);
	return 2.0 * (half * (r + r * r * rest_of_exp(r)) + (half - 0.5));
}

// scaled is x * 2^n, also where 2^n is out of range.
fn scaled(x: f32, n: i32) -> f32 {
	return x * power_of_2(n / 2) * power_of_2(n - n / 2);
}

fn exp_of(x: f32) -> f32 {
	let held = min(max(x, -104.0), 89.0); // 0 below, infinity above
	let n = round(held * 1.44269504);
	let r = less_ln_2(held, n);
	return scaled(1.0 + (r + r * r * rest_of_exp(r)), i32(n));
}

// sign_like is a size with the sign of x.
fn sign_like(size: f32, x: f32) -> f32 {
	return bitcast<f32>((bitcast<u32>(size) & 0x7fffffffu) | (bitcast<u32>(x) & 0x80000000u));
}

// half_of is x / 2 of a normal number. It is no product, which compilers may move behind one that overflows.
fn half_of(x: f32) -> f32 {
	return bitcast<f32>(bitcast<u32>(x) - 0x00800000u);
}

// sinh_of and cosh_of are half of e^size where they are large, squared last, for e^size may be out of range.
fn sinh_of(x: f32) -> f32 {
	let size = abs(x);
	let e = expm1_of(size);
	let root = exp_of(0.5 * size);
	return sign_like(select(0.5 * (e + e / (e + 1.0)), half_of(root) * root, size > 40.0), x);
}

fn is_nan(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn number(x: f32) -> f32 {
	return select(sinh_of(x), x, is_nan(x));
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
