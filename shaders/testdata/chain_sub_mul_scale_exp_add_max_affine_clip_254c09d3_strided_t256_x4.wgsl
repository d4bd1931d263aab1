// Functions one after the other, number by number: sub_ff 0 1, mul_ff . ., scale_f ., exp_f ., add_ff 2 ., max_ff . 3, affine_fff . 4 5, clip_f .. Each but the first reads what the one before it gave.

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
	v: View,
	x0: View,
	x1: View,
	x2: View,
	x3: View,
	x4: View,
	x5: View,
	first: vec4<f32>, // what the expressions of the first two links may ask for
	second: vec4<f32>, // and of the next two, ...
	third: vec4<f32>,
	fourth: vec4<f32>,
	outputs: u32, // numbers of V
	zero: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x0: array<f32>;
@group(0) @binding(2) var<storage, read> x1: array<f32>;
@group(0) @binding(3) var<storage, read> x2: array<f32>;
@group(0) @binding(4) var<storage, read> x3: array<f32>;
@group(0) @binding(5) var<storage, read> x4: array<f32>;
@group(0) @binding(6) var<storage, read> x5: array<f32>;
@group(0) @binding(7) var<storage, read_write> v: array<f32>;

// less_ln_2 is x - n * ln(2). The first product is exact.
fn less_ln_2(x: f32, n: f32) -> f32 {
	return x - n * 0.693359375 + n * 0.000212194440;
}

// power_of_2 is 2^n, for n from -126 to 127.
fn power_of_2(n: i32) -> f32 {
	return bitcast<f32>(u32(n + 127) << 23u);
}

// scaled is x * 2^n, also where 2^n is out of range.
fn scaled(x: f32, n: i32) -> f32 {
	return x * power_of_2(n / 2) * power_of_2(n - n / 2);
}

// rest_of_exp is (e^r - 1 - r) / r^2, for r up to ln(2)/2 in size.
fn rest_of_exp(r: f32) -> f32 {
	return 0.5 + r * (0.166665196 + r * (0.041666206 + r * (0.00836887583 + r * 0.00139504613)));
}

fn exp_of(x: f32) -> f32 {
	let held = min(max(x, -104.0), 89.0); // 0 below, infinity above
	let n = round(held * 1.44269504);
	let r = less_ln_2(held, n);
	return scaled(1.0 + (r + r * r * rest_of_exp(r)), i32(n));
}

fn is_nan(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn link0(x: f32, y: f32) -> f32 {
	return x - y;
}

fn link1(x: f32, y: f32) -> f32 {
	return x * y;
}

fn link2(x: f32) -> f32 {
	return p.second.x * x + p.second.y;
}

fn link3(x: f32) -> f32 {
	return select(exp_of(x), x, is_nan(x));
}

fn link4(x: f32, y: f32) -> f32 {
	return x + y;
}

fn link5(x: f32, y: f32) -> f32 {
	return select(select(x, y, y > x), y, (bitcast<u32>(y) & 0x7fffffffu) > 0x7f800000u);
}

fn link6(x: f32, y: f32, z: f32) -> f32 {
	return x * y + z;
}

fn link7(x: f32) -> f32 {
	return select(min(max(x, p.fourth.z), p.fourth.w), x, is_nan(x));
}

// shape_offsets are where views have the number i of the shape p.shape, in the order of memory.
struct shape_places {
	x0: u32,
	x1: u32,
	x2: u32,
	x3: u32,
	x4: u32,
	x5: u32,
	v: u32,
}

fn shape_offsets(i: u32) -> shape_places {
	var to = shape_places(p.x0.offset, p.x1.offset, p.x2.offset, p.x3.offset, p.x4.offset, p.x5.offset, p.v.offset);
	var rest = i;
	for (var k = 1u; k <= p.shape.rank; k++) {
		let axis = 8u - k;
		let size = p.shape.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
		to.x0 += coordinate * p.x0.strides[axis / 4u][axis % 4u];
		to.x1 += coordinate * p.x1.strides[axis / 4u][axis % 4u];
		to.x2 += coordinate * p.x2.strides[axis / 4u][axis % 4u];
		to.x3 += coordinate * p.x3.strides[axis / 4u][axis % 4u];
		to.x4 += coordinate * p.x4.strides[axis / 4u][axis % 4u];
		to.x5 += coordinate * p.x5.strides[axis / 4u][axis % 4u];
		to.v += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	return to;
}

fn element(i: u32) {
	let at = shape_offsets(i);
	let in0 = x0[at.x0];
	let in1 = x1[at.x1];
	let in2 = x2[at.x2];
	let in3 = x3[at.x3];
	let in4 = x4[at.x4];
	let in5 = x5[at.x5];
	// What a link gives is rounded before the next one reads it, as it would be in memory: no compiler knows that the
	// bits stay what they are.
	let link0_of = bitcast<f32>(bitcast<u32>(link0(in0, in1)) ^ p.zero);
	let link1_of = bitcast<f32>(bitcast<u32>(link1(link0_of, link0_of)) ^ p.zero);
	let link2_of = bitcast<f32>(bitcast<u32>(link2(link1_of)) ^ p.zero);
	let link3_of = bitcast<f32>(bitcast<u32>(link3(link2_of)) ^ p.zero);
	let link4_of = bitcast<f32>(bitcast<u32>(link4(in2, link3_of)) ^ p.zero);
	let link5_of = bitcast<f32>(bitcast<u32>(link5(link4_of, in3)) ^ p.zero);
	let link6_of = bitcast<f32>(bitcast<u32>(link6(link5_of, in4, in5)) ^ p.zero);
	let link7_of = bitcast<f32>(bitcast<u32>(link7(link6_of)) ^ p.zero);
	v[at.v] = link7_of;
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
