// pow, number by number: V is whole_pow(x, y), for x of X and y of Y.

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
@group(0) @binding(1) var<storage, read> xs: array<i32>;
@group(0) @binding(2) var<storage, read> ys: array<i32>;
@group(0) @binding(3) var<storage, read_write> v: array<i32>;

// whole_pow is x^y modulo 2^32, and its whole part where y is negative.
fn whole_pow(x: i32, y: i32) -> i32 {
	var v = 1;
	var square = x;
	for (var rest = max(y, 0); rest > 0; rest >>= 1u) {
		v = select(v, v * square, (rest & 1) == 1);
		square *= square;
	}
	let inverse = select(select(0, select(1, -1, (y & 1) == 1), x == -1), 1, x == 1);
	return select(v, inverse, y < 0);
}

fn number(x: i32, y: i32) -> i32 {
	return whole_pow(x, y);
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
