// Each number of V is mixed of numbers beside each other along one axis of X, by a table: a row of it has the taps for
// one coordinate of V on that axis. Neighbouring threads have neighbouring lines along the axis, and all threads of a
// workgroup the same coordinates. Weights add up to 1: of equal numbers, and of one, the mix is that number, bit for
// bit, which need not be float32. The CPU twin is cpuref/operators/resize.go.

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

struct Tap {
	step: u32, // from the beginning of a line of X, or OUTSIDE
	weight: f32,
}

struct Params {
	outside: u32, // the number of V at coordinates whose first tap is OUTSIDE
	size: u32, // of the axis of V
	taps: u32, // of each coordinate
	strip: u32, // coordinates of a thread
	v_step: u32, // along the axis
	lines: u32,
	blocks: u32, // workgroups beside each other, which have the same coordinates
	around: Shape, // of the axes but the one
	x: View,
	v: View,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<Tap>;
@group(0) @binding(3) var<storage, read_write> v: array<u32>;

const THREADS: u32 = 64u;
const OUTSIDE: u32 = 0xffffffffu;

// around_offsets are where views have the number i of the shape p.around, in the order of memory.
struct around_places {
	x: u32,
	v: u32,
}

fn around_offsets(i: u32) -> around_places {
	var to = around_places(p.x.offset, p.v.offset);
	var rest = i;
	for (var k = 1u; k <= p.around.rank; k++) {
		let axis = 8u - k;
		let size = p.around.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.x += coordinate * p.x.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	return to;
}

// mixed is the number for a row of the table, whose first tap is given.
fn mixed(start: u32, first: u32) -> u32 {
	if table[first].step == OUTSIDE {
		return p.outside;
	}
	let one = xs[start + table[first].step];
	var same = true;
	var sum = table[first].weight * bitcast<f32>(one);
	for (var k = 1u; k < p.taps; k++) {
		let tap = table[first + k];
		let x = xs[start + tap.step];
		same = same && x == one;
		sum += tap.weight * bitcast<f32>(x);
	}
	return select(bitcast<u32>(sum), one, same);
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let tile = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
	let line = tile % p.blocks * THREADS + thread;
	let first = tile / p.blocks * p.strip;
	if line < p.lines {
		let at = around_offsets(line);
		for (var k = first; k < min(first + p.strip, p.size); k++) {
			v[at.v + k * p.v_step] = mixed(at.x, k * p.taps);
		}
	}
}
