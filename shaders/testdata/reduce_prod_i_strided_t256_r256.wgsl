// Each number of V is the prod of a row of X, or of one of the parts that a long row is split into.

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
	divisor: u32, // of a mean
	outputs: u32, // numbers of V, but for splits
	rows: u32, // outputs times the splits of each
	count: u32, // terms of an output
	length: u32, // terms of a row
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<i32>;
@group(0) @binding(2) var<storage, read_write> v: array<i32>;

// A row is what the reduced axes of X have at one place of the kept ones. Some threads of a workgroup share a row, and
// some rows share a workgroup: LANES of them, beside each other. What threads have of a row is put together in a tree,
// always in the same order: the same numbers give the same bits.

const THREADS: u32 = 256u;
const LANES: u32 = 256u;
const PARTS: u32 = THREADS / LANES; // threads of a row

var<workgroup> parts: array<i32, THREADS>;

fn combined(a: i32, b: i32) -> i32 {
	return a * b;
}

// together gives each thread what the parts of its row come to. All threads must call it.
fn together(thread: u32, part: i32) -> i32 {
	if LANES == THREADS {
		return part; // which is the whole row
	}
	workgroupBarrier(); // what came before was read
	parts[thread] = part;
	workgroupBarrier();
	for (var width = THREADS / 2u; width >= LANES; width /= 2u) {
		if thread < width {
			parts[thread] = combined(parts[thread], parts[thread + width]);
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

// reduced_offsets are where views have the number i of the shape p.reduced, in the order of memory.
struct reduced_places {
	terms: u32,
}

fn reduced_offsets(i: u32) -> reduced_places {
	var to = reduced_places(p.terms.offset);
	var rest = i;
	for (var k = 1u; k <= p.reduced.rank; k++) {
		let axis = 8u - k;
		let size = p.reduced.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.terms += coordinate * p.terms.strides[axis / 4u][axis % 4u];
	}
	return to;
}

// term is number t of a row, as it is added up, where the row has not ended.
fn term(place: u32, t: u32, end: u32) -> i32 {
	if t >= end {
		return 1;
	}
	let x = xs[place + reduced_offsets(t).terms];
	return x;
}

// all_terms are all that a thread has of a row: four at once, so that loops are short.
fn all_terms(place: u32, begin: u32, end: u32) -> i32 {
	var all = 1;
	for (var t = begin; t < end; t += 4u * PARTS) {
		let low = combined(term(place, t, end), term(place, t + PARTS, end));
		let high = combined(term(place, t + 2u * PARTS, end), term(place, t + 3u * PARTS, end));
		all = combined(all, combined(low, high));
	}
	return all;
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
	let split = row / p.outputs;
	let at = kept_offsets(row % p.outputs);
	let begin = split * p.length;
	let end = select(begin, min(begin + p.length, p.count), inside);
	let all = together(thread, all_terms(at.x, begin + part, end));
	if inside && part == 0u {
		v[at.v + split * p.outputs] = all;
	}
}
