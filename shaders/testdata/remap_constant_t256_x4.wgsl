// Words of V from other places of X: along each axis the coordinate c of V is start + step * c of X. What is outside
// of X is of the kind constant.

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

alias Steps = array<vec4<i32>, 2>; // as Axes

struct Params {
	shape: Shape, // of V
	x: View,
	v: View,
	start: Steps,
	step: Steps,
	ends: Axes, // the sizes of X
	value: u32, // outside of X
	outputs: u32, // words of V
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<u32>;
@group(0) @binding(2) var<storage, read_write> v: array<u32>;

// located is the coordinate of X, of n, that stands for c.
fn located(c: i32, n: i32) -> i32 {
	return c;
}

fn element(i: u32) {
	var place = p.x.offset;
	var to = p.v.offset;
	var inside = true;
	var rest = i;
	for (var k = 1u; k <= p.shape.rank; k++) {
		let axis = 8u - k;
		let size = p.shape.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		let c = p.start[axis / 4u][axis % 4u] + p.step[axis / 4u][axis % 4u] * i32(coordinate);
		let n = p.ends[axis / 4u][axis % 4u];
		let at = u32(located(c, i32(n)));
		inside = inside && at < n;
		place += at * p.x.strides[axis / 4u][axis % 4u];
		to += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	var word = p.value;
	if inside {
		word = xs[place];
	}
	v[to] = word;
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
