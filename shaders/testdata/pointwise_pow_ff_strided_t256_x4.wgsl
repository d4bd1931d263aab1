// pow, number by number: V is pow_of(x, y), for x of X and y of Y.

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
@group(0) @binding(2) var<storage, read> ys: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;

fn is_infinite(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u;
}

// Binary is a number as m * 2^n, for m from sqrt(1/2) on to below sqrt(2).
struct Binary {
	m: f32,
	n: f32,
}

// binary is for numbers above 0. Those that are too small for 24 bits are made larger first.
fn binary(x: f32) -> Binary {
	let small = bitcast<u32>(x) < 0x00800000u;
	let bits = bitcast<u32>(select(x, x * 8388608.0, small));
	let n = bitcast<i32>(bits - 0x3f3504f3u) >> 23u;
	return Binary(bitcast<f32>(bits - (bitcast<u32>(n) << 23u)), f32(n) - select(0.0, 23.0, small));
}

// rest_of_log is ln((1 + s) / (1 - s)) / s - 2, of z = s^2, for s up to 0.1716 in size.
fn rest_of_log(z: f32) -> f32 {
	return z * (0.666667759 + z * (0.399775624 + z * 0.298712254));
}

// head_of is the first 12 bits of a number: the product of two heads is exact.
fn head_of(x: f32) -> f32 {
	return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// power_of_2 is 2^n, for n from -126 to 127.
fn power_of_2(n: i32) -> f32 {
	return bitcast<f32>(u32(n + 127) << 23u);
}

// scaled is x * 2^n, also where 2^n is out of range.
fn scaled(x: f32, n: i32) -> f32 {
	return x * power_of_2(n / 2) * power_of_2(n - n / 2);
}

// rest_of_exp is (e^r - 1 - r) / r^2, for r up to ln(2)/2 in size.
fn rest_of_exp(r: f32) -> f32 {
	return 0.5 + r * (0.166665196 + r * (0.041666206 + r * (0.00836887583 + r * 0.00139504613)));
}

// size_of_pow is x^y for x above 0, as 2^(y * log2(x)). The logarithm is a sum of a head and a tail, for what is wrong
// with it is multiplied by y.
fn size_of_pow(x: f32, y: f32) -> f32 {
	let b = binary(x);
	// s = (m - 1) / (m + 1), and ln(m) = 2 * s + s * rest_of_log(s^2)
	let over = b.m - 1.0;
	let under = b.m + 1.0;
	let s = head_of(over / under);
	let under_head = head_of(under);
	let under_tail = b.m - (under_head - 1.0);
	let s_tail = ((over - s * under_head) - s * under_tail) / under;
	let rest = (s + s_tail) * rest_of_log((s + s_tail) * (s + s_tail));
	// log2(e) = 1.442382812 + 0.000312228...
	let main = 2.0 * s * 1.44238281;
	let less = 2.0 * s * 0.000312228389 + (2.0 * s_tail + rest) * 1.44269504;
	let head = head_of(b.n + (main + less));
	let tail = less - ((head - b.n) - main);
	let y_head = head_of(y);
	let product = y_head * head;
	let more = (y - y_head) * head + y * tail;
	let n = round(min(max(product + more, -160.0), 160.0));
	let r = min(max((product - n) + more, -1.0), 1.0) * 0.693147181;
	return scaled(1.0 + (r + r * r * rest_of_exp(r)), i32(n));
}

// infinity_like has the sign of x.
fn infinity_like(x: f32) -> f32 {
	return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | 0x7f800000u);
}

fn nan_like(x: f32) -> f32 {
	return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
}

fn is_nan(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// pow_of is as in C: also where numbers are not finite, and with negative bases for whole exponents.
fn pow_of(x: f32, y: f32) -> f32 {
	let size = abs(x);
	let whole = floor(y) == y;
	let odd = whole && floor(0.5 * y) != 0.5 * y;
	let up = (size > 1.0) == (y > 0.0); // to infinity, if x is at an end or y is
	let extreme = size == 0.0 || is_infinite(x) || is_infinite(y);
	var v = size_of_pow(size, y);
	v = select(v, select(0.0, infinity_like(1.0), up), extreme);
	v = select(v, -v, odd && bitcast<u32>(x) >= 0x80000000u);
	v = select(v, nan_like(x), x < 0.0 && !whole && !extreme);
	v = select(v, 1.0, size == 1.0 && is_infinite(y));
	v = select(v, nan_like(x), is_nan(x) || is_nan(y));
	return select(v, 1.0, (y == 0.0 && !is_nan(y)) || (x == 1.0 && !is_nan(x)));
}

fn number(x: f32, y: f32) -> f32 {
	return pow_of(x, y);
}

// shape_offsets are where views have the number i of the shape p.shape, in the order of memory.
struct shape_places {
	x: u32,
	y: u32,
	v: u32,
}

fn shape_offsets(i: u32) -> shape_places {
	var to = shape_places(p.x.offset, p.y.offset, p.v.offset);
	var rest = i;
	for (var k = 1u; k <= p.shape.rank; k++) {
		let axis = 8u - k;
		let size = p.shape.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.x += coordinate * p.x.strides[axis / 4u][axis % 4u];
		to.y += coordinate * p.y.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	return to;
}

fn element(i: u32) {
	let at = shape_offsets(i);
	v[at.v] = number(xs[at.x], ys[at.y]);
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
