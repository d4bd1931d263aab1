// One step of sorting rows, for ONNX's TopK. A row comes in runs that are sorted, the best number first; each two runs
// beside each other become one, of which the best numbers are kept. A number's place is the number of those before it
// in its own run and in the other one, which is searched by halves. Of equal numbers that of the left run is the
// better one. The CPU twin is cpuref/operators/reduce.go.

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
	rows: Shape,
	x: View, // a row's first number
	x_index: View, // its first index
	v: View, // and of the results
	v_index: View,
	outputs: u32, // numbers of all rows of X
	length: u32, // of a row of X
	run: u32, // numbers of a run, but for the last one of a row
	half: u32, // the largest power of 2 that is no more than a run
	kept: u32, // of two runs
	x_step: u32, // from one number of a row to the next
	x_index_step: u32,
	v_step: u32,
	v_index_step: u32,
	whole: u32, // 1 for whole numbers
	smallest: u32, // 1 where the smallest number is the best
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<u32>;
@group(0) @binding(2) var<storage, read> indices: array<i32>;
@group(0) @binding(3) var<storage, read_write> v: array<u32>;
@group(0) @binding(4) var<storage, read_write> v_indices: array<i32>;

// rows_offsets are where views have the number i of the shape p.rows, in the order of memory.
struct rows_places {
	x: u32,
	x_index: u32,
	v: u32,
	v_index: u32,
}

fn rows_offsets(i: u32) -> rows_places {
	var to = rows_places(p.x.offset, p.x_index.offset, p.v.offset, p.v_index.offset);
	var rest = i;
	for (var k = 1u; k <= p.rows.rank; k++) {
		let axis = 8u - k;
		let size = p.rows.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.x += coordinate * p.x.strides[axis / 4u][axis % 4u];
		to.x_index += coordinate * p.x_index.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
		to.v_index += coordinate * p.v_index.strides[axis / 4u][axis % 4u];
	}
	return to;
}

// key has the order of numbers: the larger one is better. The two zeros are equal, and NaN is the largest number.
fn key(word: u32) -> u32 {
	var order = select(word | 0x80000000u, ~word, word >= 0x80000000u);
	if (word & 0x7fffffffu) == 0u {
		order = 0x80000000u;
	}
	if (word & 0x7fffffffu) > 0x7f800000u {
		order = 0xffffffffu;
	}
	if p.whole == 1u {
		order = word ^ 0x80000000u;
	}
	return select(order, ~order, p.smallest == 1u);
}

fn element(i: u32) {
	let at = rows_offsets(i / p.length);
	let place = i % p.length;
	let run = place / p.run;
	let other = (run ^ 1u) * p.run; // the first number of the other run
	let count = min(max(p.length, other) - other, p.run);
	let word = xs[at.x + place * p.x_step];
	let mine = key(word);
	let left = run % 2u == 0u;
	var before = 0u; // numbers of the other run that are better
	for (var more = p.half; more > 0u; more /= 2u) {
		let last = before + more;
		if last <= count {
			let its = key(xs[at.x + (other + last - 1u) * p.x_step]);
			if its > mine || (its == mine && !left) {
				before = last;
			}
		}
	}
	let rank = place % p.run + before;
	if rank < p.kept {
		let to = run / 2u * p.kept + rank;
		v[at.v + to * p.v_step] = word;
		v_indices[at.v_index + to * p.v_index_step] = indices[at.x_index + place * p.x_index_step];
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
