// The log_softmax of each row of X. The largest number is taken away first, so that no power is out of range.

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
	kept: Shape,
	reduced: Shape,
	x: View, // by the kept axes
	terms: View, // X by the reduced axes
	v: View, // by the kept axes
	results: View, // V by the reduced axes, where it has them
	last: u32, // of extreme.wgsl
	rows: u32,
	count: u32, // numbers of a row
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<f32>;
@group(0) @binding(2) var<storage, read_write> v: array<f32>;

// A row is what the reduced axes of X have at one place of the kept ones. Some threads of a workgroup share a row, and
// some rows share a workgroup: LANES of them, beside each other. What threads have of a row is put together in a tree,
// always in the same order: the same numbers give the same bits.

const THREADS: u32 = 256u;
const LANES: u32 = 256u;
const PARTS: u32 = THREADS / LANES; // threads of a row

var<workgroup> parts: array<f32, THREADS>;

fn is_nan(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// larger is NaN where either is.
fn larger(x: f32, y: f32) -> f32 {
	return select(select(x, y, y > x), y, is_nan(y));
}

fn is_infinite(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u;
}

fn nan_like(x: f32) -> f32 {
	return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
}

// infinity_like has the sign of x.
fn infinity_like(x: f32) -> f32 {
	return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | 0x7f800000u);
}

// less_ln_2 is x - n * ln(2). The first product is exact.
fn less_ln_2(x: f32, n: f32) -> f32 {
	return x - n * 0.693359375 + n * 0.000212194440;
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

fn exp_of(x: f32) -> f32 {
	let held = min(max(x, -104.0), 89.0); // 0 below, infinity above
	let n = round(held * 1.44269504);
	let r = less_ln_2(held, n);
	return scaled(1.0 + (r + r * r * rest_of_exp(r)), i32(n));
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

fn log_of(x: f32) -> f32 {
	let b = binary(x);
	let f = b.m - 1.0;
	let s = f / (2.0 + f);
	let h = 0.5 * f * f;
	let finite = less_ln_2(f - (h - s * (h + rest_of_log(s * s))), -b.n);
	let ends = select(select(nan_like(x), infinity_like(-1.0), x == 0.0), x, x > 0.0);
	return select(ends, finite, x > 0.0 && !is_infinite(x));
}

fn plus(a: f32, b: f32) -> f32 {
	return a + b;
}

// most gives each thread what the parts of its row come to. All threads must call it.
fn most(thread: u32, part: f32) -> f32 {
	if LANES == THREADS {
		return part; // which is the whole row
	}
	workgroupBarrier(); // what came before was read
	parts[thread] = part;
	workgroupBarrier();
	for (var width = THREADS / 2u; width >= LANES; width /= 2u) {
		if thread < width {
			parts[thread] = larger(parts[thread], parts[thread + width]);
		}
		workgroupBarrier();
	}
	return parts[thread % LANES];
}

// sum gives each thread what the parts of its row come to. All threads must call it.
fn sum(thread: u32, part: f32) -> f32 {
	if LANES == THREADS {
		return part; // which is the whole row
	}
	workgroupBarrier(); // what came before was read
	parts[thread] = part;
	workgroupBarrier();
	for (var width = THREADS / 2u; width >= LANES; width /= 2u) {
		if thread < width {
			parts[thread] = plus(parts[thread], parts[thread + width]);
		}
		workgroupBarrier();
	}
	return parts[thread % LANES];
}

// kept_offsets are where views have the number i of the shape p.kept, in the order of memory.
struct kept_places {
	x: u32,
	v: u32,
}

fn kept_offsets(i: u32) -> kept_places {
	var to = kept_places(p.x.offset, p.v.offset);
	var rest = i;
	for (var k = 1u; k <= p.kept.rank; k++) {
		let axis = 8u - k;
		let size = p.kept.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.x += coordinate * p.x.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	return to;
}

fn number(place: u32, t: u32) -> f32 {
	return xs[place + t * p.terms.strides[1].w];
}

// size_of is number t of a row, or the last one where the row has ended: the largest number may be there twice.
fn size_of(place: u32, t: u32, end: u32) -> f32 {
	return number(place, min(t, end - 1u));
}

// power_of is e to that, less the largest one.
fn power_of(place: u32, t: u32, end: u32, largest: f32) -> f32 {
	return select(0.0, exp_of(number(place, min(t, end - 1u)) - largest), t < end);
}

fn write(at: kept_places, t: u32, end: u32, largest: f32, all: f32) {
	if t < end {
		let x = number(at.x, t);
		v[at.v + t * p.results.strides[1].w] = x - largest - log_of(all);
	}
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let row = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * LANES + thread % LANES;
	let part = thread / LANES;
	let inside = row < p.rows;
	let at = kept_offsets(row);
	let end = select(0u, p.count, inside);
	var size = infinity_like(-1.0);
	for (var t = part; t < end; t += 4u * PARTS) {
		let low = larger(size_of(at.x, t, end), size_of(at.x, t + PARTS, end));
		let high = larger(size_of(at.x, t + 2u * PARTS, end), size_of(at.x, t + 3u * PARTS, end));
		size = larger(size, larger(low, high));
	}
	let largest = most(thread, size);
	var powers = 0.0;
	for (var t = part; t < end; t += 4u * PARTS) {
		let low = power_of(at.x, t, end, largest) + power_of(at.x, t + PARTS, end, largest);
		let high = power_of(at.x, t + 2u * PARTS, end, largest) + power_of(at.x, t + 3u * PARTS, end, largest);
		powers += low + high;
	}
	// From an infinity none can be taken away.
	let endless = is_nan(largest) || is_infinite(largest);
	let all = select(sum(thread, powers), nan_like(largest), endless);
	for (var t = part; t < end; t += 4u * PARTS) {
		write(at, t, end, largest, all);
		write(at, t + PARTS, end, largest, all);
		write(at, t + 2u * PARTS, end, largest, all);
		write(at, t + 3u * PARTS, end, largest, all);
	}
}
