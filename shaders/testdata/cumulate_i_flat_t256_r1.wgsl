// Each number of V is the sum of a row of X up to its place.

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
	x: View, // by the kept axes
	v: View, // by the kept axes
	rows: u32,
	count: u32, // numbers of a row
	terms: u32, // from one number of a row of X to the next
	results: u32, // from one number of a row of V to the next
	exclusive: u32, // 1: without the number at the place itself
	reverse: u32, // 1: from the end of the row
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<i32>;
@group(0) @binding(2) var<storage, read_write> v: array<i32>;

// A row is what the reduced axes of X have at one place of the kept ones. Some threads of a workgroup share a row, and
// some rows share a workgroup: LANES of them, beside each other. What threads have of a row is put together in a tree,
// always in the same order: the same numbers give the same bits.

const THREADS: u32 = 256u;
const LANES: u32 = 1u;
const PARTS: u32 = THREADS / LANES; // threads of a row

var<workgroup> parts: array<i32, THREADS>;

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

// place_of is the place in a row of number t of those that are added up.
fn place_of(t: u32) -> u32 {
	return select(t, p.count - 1u - t, p.reverse == 1u);
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
	// Each thread has numbers beside each other.
	let length = (p.count + PARTS - 1u) / PARTS;
	let begin = min(part * length, p.count);
	let end = select(begin, min(begin + length, p.count), inside);
	var all = i32(0);
	for (var t = begin; t < end; t++) {
		all += xs[at.x + place_of(t) * p.terms];
	}
	parts[thread] = all;
	workgroupBarrier(); // all parts are there
	var before = i32(0);
	for (var k = thread % LANES; k < thread; k += LANES) {
		before += parts[k];
	}
	for (var t = begin; t < end; t++) {
		let behind = before + xs[at.x + place_of(t) * p.terms];
		v[at.v + place_of(t) * p.results] = select(behind, before, p.exclusive == 1u);
		before = behind;
	}
}
