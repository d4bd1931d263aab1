// Numbers of V at places that indices name become updates, or are combined with them, for ONNX's ScatterElements and
// ScatterND. A thread has a line of updates: all that may meet in one number of V, which they do one after the other.
// An index below 0 counts from the end. The CPU twin is cpuref/operators/gather.go.

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
	shape: Shape, // of the lines
	index: View, // of a line's first index
	update: View, // of its first update
	v: View, // which stays in place along axes that are looked up
	sizes: Axes, // of the axes of V that are looked up
	steps: Axes, // numbers from one of their coordinates to the next
	outputs: u32, // lines
	lookups: u32, // indices of an update
	index_step: u32, // from one of them to the next
	updates: u32, // of a line
	index_next: u32, // from one update's indices to the next one's
	update_next: u32, // from one update to the next
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read> updates: array<i32>;
@group(0) @binding(3) var<storage, read_write> v: array<i32>;

// shape_offsets are where views have the number i of the shape p.shape, in the order of memory.
struct shape_places {
	index: u32,
	update: u32,
	v: u32,
}

fn shape_offsets(i: u32) -> shape_places {
	var to = shape_places(p.index.offset, p.update.offset, p.v.offset);
	var rest = i;
	for (var k = 1u; k <= p.shape.rank; k++) {
		let axis = 8u - k;
		let size = p.shape.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.index += coordinate * p.index.strides[axis / 4u][axis % 4u];
		to.update += coordinate * p.update.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	return to;
}

fn combined(x: i32, y: i32) -> i32 {
	return max(x, y);
}

fn element(i: u32) {
	let at = shape_offsets(i);
	for (var n = 0u; n < p.updates; n++) {
		var place = at.v;
		for (var k = 0u; k < p.lookups; k++) {
			let index = indices[at.index + n * p.index_next + k * p.index_step];
			let size = i32(p.sizes[k / 4u][k % 4u]);
			place += u32(select(index, index + size, index < 0)) * p.steps[k / 4u][k % 4u];
		}
		v[place] = combined(v[place], updates[at.update + n * p.update_next]);
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
