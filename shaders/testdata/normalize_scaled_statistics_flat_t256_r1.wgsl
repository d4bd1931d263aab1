// Each row of X is brought to the mean 0 and the variance 1. It is then multiplied by a scale and moved by a bias.
// The means of rows and one divided by their deviations are written too.

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
	results: View, // V by the reduced axes
	scale: View, // by the kept axes
	factors: View, // the scale by the reduced axes
	bias: View, // by the kept axes
	summands: View, // the bias by the reduced axes
	rows: u32,
	count: u32, // numbers of a row
	within: f32, // added to the variance
	beside: f32, // added to the deviation
	numbers: f32, // count
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<f32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read> biases: array<f32>;
@group(0) @binding(4) var<storage, read_write> v: array<f32>;
@group(0) @binding(5) var<storage, read_write> means: array<f32>;
@group(0) @binding(6) var<storage, read_write> inverses: array<f32>;

// A row is what the reduced axes of X have at one place of the kept ones. Some threads of a workgroup share a row, and
// some rows share a workgroup: LANES of them, beside each other. What threads have of a row is put together in a tree,
// always in the same order: the same numbers give the same bits.

const THREADS: u32 = 256u;
const LANES: u32 = 1u;
const PARTS: u32 = THREADS / LANES; // threads of a row

var<workgroup> parts: array<f32, THREADS>;

fn plus(a: f32, b: f32) -> f32 {
	return a + b;
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
	scale: u32,
	bias: u32,
}

fn kept_offsets(i: u32) -> kept_places {
	var to = kept_places(p.x.offset, p.v.offset, p.scale.offset, p.bias.offset);
	var rest = i;
	for (var k = 1u; k <= p.kept.rank; k++) {
		let axis = 8u - k;
		let size = p.kept.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.x += coordinate * p.x.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
		to.scale += coordinate * p.scale.strides[axis / 4u][axis % 4u];
		to.bias += coordinate * p.bias.strides[axis / 4u][axis % 4u];
	}
	return to;
}

// reduced_offsets are where views have the number i of the shape p.reduced, in the order of memory.
struct reduced_places {
	terms: u32,
	results: u32,
	factors: u32,
	summands: u32,
}

fn reduced_offsets(i: u32) -> reduced_places {
	var to = reduced_places(p.terms.offset, p.results.offset, p.factors.offset, p.summands.offset);
	var rest = i;
	for (var k = 1u; k <= p.reduced.rank; k++) {
		let axis = 8u - k;
		let size = p.reduced.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.terms += coordinate * p.terms.strides[axis / 4u][axis % 4u];
		to.results += coordinate * p.results.strides[axis / 4u][axis % 4u];
		to.factors += coordinate * p.factors.strides[axis / 4u][axis % 4u];
		to.summands += coordinate * p.summands.strides[axis / 4u][axis % 4u];
	}
	return to;
}

fn number(place: u32, t: u32) -> f32 {
	return xs[place + t * p.terms.strides[1].w];
}

// away is how far number t of a row is from the mean, where the row has not ended.
fn away(place: u32, t: u32, end: u32, mean: f32) -> f32 {
	return select(0.0, number(place, min(t, end - 1u)) - mean, t < end);
}

fn square(place: u32, t: u32, end: u32, mean: f32) -> f32 {
	let distance = away(place, t, end, mean);
	return distance * distance;
}

fn write(at: kept_places, t: u32, end: u32, mean: f32, inverse: f32) {
	if t < end {
		var y = (number(at.x, t) - mean) * inverse;
		y *= scales[at.scale + t * p.factors.strides[1].w];
		y += biases[at.bias + t * p.summands.strides[1].w];
		v[at.v + t * p.results.strides[1].w] = y;
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
	var all = 0.0;
	for (var t = part; t < end; t += 4u * PARTS) {
		let low = away(at.x, t, end, 0.0) + away(at.x, t + PARTS, end, 0.0);
		let high = away(at.x, t + 2u * PARTS, end, 0.0) + away(at.x, t + 3u * PARTS, end, 0.0);
		all += low + high;
	}
	let mean = sum(thread, all) / p.numbers;
	var squares = 0.0;
	for (var t = part; t < end; t += 4u * PARTS) {
		let low = square(at.x, t, end, mean) + square(at.x, t + PARTS, end, mean);
		let high = square(at.x, t + 2u * PARTS, end, mean) + square(at.x, t + 3u * PARTS, end, mean);
		squares += low + high;
	}
	let variance = sum(thread, squares) / p.numbers;
	let inverse = 1.0 / (sqrt(variance + p.within) + p.beside);
	for (var t = part; t < end; t += 4u * PARTS) {
		write(at, t, end, mean, inverse);
		write(at, t + PARTS, end, mean, inverse);
		write(at, t + 2u * PARTS, end, mean, inverse);
		write(at, t + 3u * PARTS, end, mean, inverse);
	}
	if inside && part == 0u {
		means[row] = mean;
		inverses[row] = inverse;
	}
}
