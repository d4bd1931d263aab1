// div, number by number: V is divided(x, y), for x of X and y of Y. Each tensor has one axis.

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
@group(0) @binding(2) var<storage, read> ys: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;

// head_of is the first 12 bits of a number: the product of two heads is exact.
fn head_of(x: f32) -> f32 {
	return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// divided is x / y, nearly always the nearest number: a driver's own quotient may be 2.5 units off, and anything where
// y is above 2^126. What it leaves of x is found exactly, by halves of the digits, where that cannot underflow.
fn divided(x: f32, y: f32) -> f32 {
	let scale = select(1.0, 0.25, abs(y) > 8.5e37);
	let part = x * scale;
	let by = y * scale;
	let q = part / by;
	let q_head = head_of(q);
	let by_head = head_of(by);
	let q_tail = q - q_head;
	let by_tail = by - by_head;
	let rest = part - q_head * by_head - q_head * by_tail - q_tail * by_head - q_tail * by_tail;
	let exact = min(abs(part), min(abs(by), abs(q))) > 1e-30 && abs(q) < 1e37;
	return select(q, q + rest / by, exact);
}

fn number(x: f32, y: f32) -> f32 {
	return divided(x, y);
}

fn element(i: u32) {
	let x = xs[p.x.offset + i * p.x.strides[1].w];
	let y = ys[p.y.offset + i * p.y.strides[1].w];
	v[p.v.offset + i * p.v.strides[1].w] = number(x, y);
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
