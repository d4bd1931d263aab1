// hard_swish, number by number: V is x * min(max(x / 6.0 + 0.5, 0.0), 1.0), for x of X.

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
@group(0) @binding(2) var<storage, read_write> v: array<f32>;

fn is_nan(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn number(x: f32) -> f32 {
	return select(x * min(max(x / 6.0 + 0.5, 0.0), 1.0), x, is_nan(x));
}

// shape_offsets are where views have the number i of the shape p.shape, in the order of memory.
struct shape_places {
	x: u32,
	v: u32,
}

fn shape_offsets(i: u32) -> shape_places {
	var to = shape_places(p.x.offset, p.v.offset);
	var rest = i;
	for (var k = 1u; k <= p.shape.rank; k++) {
		let axis = 8u - k;
		let size = p.shape.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.x += coordinate * p.x.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	return to;
}

fn element(i: u32) {
	let at = shape_offsets(i);
	v[at.v] = number(xs[at.x]);
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
