// The gradient with respect to the filters as an implicit GEMM in registers:
//
//   dW_k[fx, fy, c] = sum over images and (x, y) of dV[x, y, k] * X[x*S - P + fx, y*S - P + fy, c]
//
// One thread computes it for one tap, 16 depth slices k and 16 input channels c, summed up over
// some rows of neurons: sums that are split stand one dW after the other. Of a transposed layer X and dV
// change places. The CPU twin is cpuref/gradients.go.

// The index map that all kernels share. A layer is described by the convolution below it: of an ordinary
// layer itself, of a transposed one the convolution whose gradient it computes. Positions are
// vec3 of z, y, x. The CPU twin is cpuref/index.go.

struct Params {
	in_size: vec3<u32>, // of the convolution below
	x_pitch: u32, // numbers of X, as the kernel reads it, from one pixel to the next
	out_size: vec3<u32>, // of the convolution below
	out_channels: u32, // of V as the kernel writes it
	filter_size: vec3<u32>,
	group_inputs: u32, // input channels of one filter group
	stride: vec3<u32>,
	group_outputs: u32, // output channels of one filter group
	pad: vec3<u32>, // before the input
	padding: u32, // what lies there: 0 zero, 1 reflect, 2 replicate, 3 circular
	dilation: vec3<u32>,
	backward: u32, // 1: from outputs of the convolution below to its inputs
	copies: vec3<u32>, // backward: places in the padded input that one input may stand at
	outputs: u32, // elements that the kernel writes, of all images
	images: u32,
	// Steps from one weight to the next, by what changes:
	w_bank: u32, // the output position of the convolution below, 0 for shared filters
	w_group: u32,
	w_output: u32,
	w_input: u32,
	w_tap: u32,
	b_bank: u32,
	// The epilogue:
	activation: u32,
	residual: u32, // 0 none, 1 before the activation, 2 after it
	alpha: f32,
	beta: f32,
	split_k: u32, // sums that the input channels of each output are split into
	// Of tiles side by side, the ones of a dispatch:
	first_column: u32,
	columns: u32,
	x_zero: i32, // of int8: the zero point of X
	v_scale: f32, // of V as int8, and its zero point
	v_zero: i32,
	in_channels: u32, // of X as the kernel reads it
	// X, V and the residual R may be some channels of wider volumes: the first one, and numbers between pixels.
	x_first: u32,
	r_pitch: u32,
	r_first: u32,
	v_pitch: u32,
	v_first: u32,
}

// x_at is where X has a channel of a pixel.
fn x_at(pixel: u32, channel: u32) -> u32 {
	return pixel * p.x_pitch + p.x_first + channel;
}

// v_at is where V has it.
fn v_at(pixel: u32, channel: u32) -> u32 {
	return pixel * p.v_pitch + p.v_first + channel;
}

// r_at is where the residual R has it.
fn r_at(pixel: u32, channel: u32) -> u32 {
	return pixel * p.r_pitch + p.r_first + channel;
}

// output_at is where V has an output, which are counted channel by channel of pixel by pixel.
fn output_at(output: u32) -> u32 {
	return v_at(output / p.out_channels, output % p.out_channels);
}

// flat counts positions in memory order.
fn flat(position: vec3<u32>, size: vec3<u32>) -> u32 {
	return (position.x * size.y + position.y) * size.z + position.z;
}

// unflat is flat's inverse.
fn unflat(index: u32, size: vec3<u32>) -> vec3<u32> {
	return vec3<u32>(index / size.z / size.y, index / size.z % size.y, index % size.z);
}

// from_padded is the input at place q of the padded input. In zero padding it lies outside of in_size,
// wrapped around to large numbers where it lies before the input. There is no branch, for kernels have this
// once for each of their neurons, and some compilers take long over branches.
fn from_padded(q: vec3<i32>) -> vec3<u32> {
	let n = vec3<i32>(p.in_size);
	let mirrored = select(abs(q), 2 * (n - 1) - q, q >= n);
	let around = select(select(q, q - n, q >= n), q + n, q < vec3<i32>(0));
	let nearest = clamp(q, vec3<i32>(0), n - 1);
	let inner = select(select(q, mirrored, p.padding == 1u), nearest, p.padding == 2u);
	return vec3<u32>(select(inner, around, p.padding == 3u));
}

// from_input is the input that tap f of the window at output o reads.
fn from_input(o: vec3<u32>, f: vec3<u32>) -> vec3<u32> {
	return from_padded(vec3<i32>(o * p.stride + f * p.dilation) - vec3<i32>(p.pad));
}

// place gives one of the places in the padded axis of n inputs at which input i stands. Copy 0 is the
// input itself; where there are fewer places than copies, the others are far outside.
fn place(i: i32, copy: i32, n: i32, pad: i32) -> i32 {
	let nowhere = -0x40000000;
	if copy == 0 {
		return i;
	}
	switch p.padding {
		case 1u: {
			if copy == 1 {
				return select(nowhere, -i, i > 0);
			}
			return select(nowhere, 2 * (n - 1) - i, i < n - 1);
		}
		case 2u: {
			if copy <= pad {
				return select(nowhere, -copy, i == 0);
			}
			return select(nowhere, n - 1 + copy - pad, i == n - 1);
		}
		case 3u: {
			return select(i + n, i - n, copy == 1);
		}
		default: {
			return nowhere;
		}
	}
}

// from_output is the output whose window reads, with tap f, what stands at the given copy of input i. It
// lies outside of out_size where there is none.
fn from_output(i: vec3<u32>, f: vec3<u32>, copy: vec3<u32>) -> vec3<u32> {
	let at = vec3<i32>(i);
	let c = vec3<i32>(copy);
	let n = vec3<i32>(p.in_size);
	let pad = vec3<i32>(p.pad);
	let q = vec3<i32>(place(at.x, c.x, n.x, pad.x), place(at.y, c.y, n.y, pad.y), place(at.z, c.z, n.z, pad.z));
	let reach = q + pad - vec3<i32>(f * p.dilation);
	let start = vec3<u32>(max(reach, vec3<i32>(0)));
	let fits = (reach >= vec3<i32>(0)) & (start % p.stride == vec3<u32>(0u));
	return select(vec3<u32>(0xffffffffu), start / p.stride, fits);
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var dv: texture_storage_2d<rgba32float, read>;

fn gradient_of_v(i: u32) -> vec4<f32> {
	return textureLoad(dv, vec2<u32>(i & 1023u, i >> 10u));
}
@group(0) @binding(3) var<storage, read_write> dw: array<vec4<f32>>;

const THREADS: u32 = 8u;
const OUTPUTS: u32 = 16u; // depth slices
const INPUTS: u32 = 16u; // input channels
const STRIP: u32 = 2u; // neurons that are loaded at once

// put writes the sums of one depth slice, those of the input channels of its group alone.
fn put(to: u32, output: u32, input: u32, sums: vec4<f32>) {
	if output < p.group_outputs && input < p.group_inputs {
		dw[(to + output * p.w_output + input) / 4u] = sums;
	}
}

fn load(i: u32) -> vec4<f32> {
	return textureLoad(x, vec2<u32>(i & 1023u, i >> 10u));
}

fn inputs(i: u32, inside: bool) -> vec4<f32> {
	return select(vec4<f32>(), load(i / 4u), inside);
}

fn outputs(i: u32, inside: bool) -> vec4<f32> {
	return select(vec4<f32>(), gradient_of_v(i / 4u), inside);
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	// Neighbouring threads have neighbouring input channels, then depth slices, taps, groups, and parts of the sum.
	let unit = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	let across = (p.group_inputs + INPUTS - 1u) / INPUTS;
	let down = (p.group_outputs + OUTPUTS - 1u) / OUTPUTS;
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	let groups = p.out_channels / p.group_outputs;
	let c = unit % across * INPUTS;
	let k = unit / across % down * OUTPUTS;
	let tap = unit / across / down % taps;
	let group = unit / across / down / taps % groups;
	let split = unit / across / down / taps / groups;
	if split >= p.split_k {
		return;
	}
	let f = unflat(tap, p.filter_size);
	let first_input = group * p.group_inputs + c;
	let first_output = group * p.group_outputs + k;
	var sum0_0 = vec4<f32>();
	var sum0_1 = vec4<f32>();
	var sum0_2 = vec4<f32>();
	var sum0_3 = vec4<f32>();
	var sum1_0 = vec4<f32>();
	var sum1_1 = vec4<f32>();
	var sum1_2 = vec4<f32>();
	var sum1_3 = vec4<f32>();
	var sum2_0 = vec4<f32>();
	var sum2_1 = vec4<f32>();
	var sum2_2 = vec4<f32>();
	var sum2_3 = vec4<f32>();
	var sum3_0 = vec4<f32>();
	var sum3_1 = vec4<f32>();
	var sum3_2 = vec4<f32>();
	var sum3_3 = vec4<f32>();
	var sum4_0 = vec4<f32>();
	var sum4_1 = vec4<f32>();
	var sum4_2 = vec4<f32>();
	var sum4_3 = vec4<f32>();
	var sum5_0 = vec4<f32>();
	var sum5_1 = vec4<f32>();
	var sum5_2 = vec4<f32>();
	var sum5_3 = vec4<f32>();
	var sum6_0 = vec4<f32>();
	var sum6_1 = vec4<f32>();
	var sum6_2 = vec4<f32>();
	var sum6_3 = vec4<f32>();
	var sum7_0 = vec4<f32>();
	var sum7_1 = vec4<f32>();
	var sum7_2 = vec4<f32>();
	var sum7_3 = vec4<f32>();
	var sum8_0 = vec4<f32>();
	var sum8_1 = vec4<f32>();
	var sum8_2 = vec4<f32>();
	var sum8_3 = vec4<f32>();
	var sum9_0 = vec4<f32>();
	var sum9_1 = vec4<f32>();
	var sum9_2 = vec4<f32>();
	var sum9_3 = vec4<f32>();
	var sum10_0 = vec4<f32>();
	var sum10_1 = vec4<f32>();
	var sum10_2 = vec4<f32>();
	var sum10_3 = vec4<f32>();
	var sum11_0 = vec4<f32>();
	var sum11_1 = vec4<f32>();
	var sum11_2 = vec4<f32>();
	var sum11_3 = vec4<f32>();
	var sum12_0 = vec4<f32>();
	var sum12_1 = vec4<f32>();
	var sum12_2 = vec4<f32>();
	var sum12_3 = vec4<f32>();
	var sum13_0 = vec4<f32>();
	var sum13_1 = vec4<f32>();
	var sum13_2 = vec4<f32>();
	var sum13_3 = vec4<f32>();
	var sum14_0 = vec4<f32>();
	var sum14_1 = vec4<f32>();
	var sum14_2 = vec4<f32>();
	var sum14_3 = vec4<f32>();
	var sum15_0 = vec4<f32>();
	var sum15_1 = vec4<f32>();
	var sum15_2 = vec4<f32>();
	var sum15_3 = vec4<f32>();

	let planes = p.out_size.x * p.out_size.y; // rows of an image
	let rows = p.images * planes;
	let each = (rows + p.split_k - 1u) / p.split_k;
	let begin = min(split * each, rows);
	let end = min(begin + each, rows);
	let ins = p.in_size.x * p.in_size.y * p.in_size.z;
	for (var row = begin; row < end; row++) {
		let image = row / planes;
		let z = row % planes / p.out_size.y;
		let y = row % p.out_size.y;
		for (var left = 0u; left < p.out_size.z; left += STRIP) {
			let from0 = from_input(vec3<u32>(z, y, left), f);
			let inside0 = all(from0 < p.in_size);
			let below0 = image * ins + flat(from0, p.in_size);
			let above0 = row * p.out_size.z + left;
			let pixel0 = select(below0, above0, p.backward == 1u);
			let neuron0 = select(above0, below0, p.backward == 1u);
			let at0 = x_at(pixel0, first_input);
			let to0 = v_at(neuron0, first_output);
			let x0_0 = inputs(at0, inside0);
			let x0_1 = inputs(at0 + 4u, inside0);
			let x0_2 = inputs(at0 + 8u, inside0);
			let x0_3 = inputs(at0 + 12u, inside0);
			let d0_0 = outputs(to0, inside0);
			let d0_1 = outputs(to0 + 4u, inside0);
			let d0_2 = outputs(to0 + 8u, inside0);
			let d0_3 = outputs(to0 + 12u, inside0);
			let from1 = from_input(vec3<u32>(z, y, left + 1u), f);
			let inside1 = (left + 1u < p.out_size.z) & all(from1 < p.in_size);
			let below1 = image * ins + flat(from1, p.in_size);
			let above1 = row * p.out_size.z + left + 1u;
			let pixel1 = select(below1, above1, p.backward == 1u);
			let neuron1 = select(above1, below1, p.backward == 1u);
			let at1 = x_at(pixel1, first_input);
			let to1 = v_at(neuron1, first_output);
			let x1_0 = inputs(at1, inside1);
			let x1_1 = inputs(at1 + 4u, inside1);
			let x1_2 = inputs(at1 + 8u, inside1);
			let x1_3 = inputs(at1 + 12u, inside1);
			let d1_0 = outputs(to1, inside1);
			let d1_1 = outputs(to1 + 4u, inside1);
			let d1_2 = outputs(to1 + 8u, inside1);
			let d1_3 = outputs(to1 + 12u, inside1);
			sum0_0 += d0_0.x * x0_0;
			sum0_0 += d1_0.x * x1_0;
			sum0_1 += d0_0.x * x0_1;
			sum0_1 += d1_0.x * x1_1;
			sum0_2 += d0_0.x * x0_2;
			sum0_2 += d1_0.x * x1_2;
			sum0_3 += d0_0.x * x0_3;
			sum0_3 += d1_0.x * x1_3;
			sum1_0 += d0_0.y * x0_0;
			sum1_0 += d1_0.y * x1_0;
			sum1_1 += d0_0.y * x0_1;
			sum1_1 += d1_0.y * x1_1;
			sum1_2 += d0_0.y * x0_2;
			sum1_2 += d1_0.y * x1_2;
			sum1_3 += d0_0.y * x0_3;
			sum1_3 += d1_0.y * x1_3;
			sum2_0 += d0_0.z * x0_0;
			sum2_0 += d1_0.z * x1_0;
			sum2_1 += d0_0.z * x0_1;
			sum2_1 += d1_0.z * x1_1;
			sum2_2 += d0_0.z * x0_2;
			sum2_2 += d1_0.z * x1_2;
			sum2_3 += d0_0.z * x0_3;
			sum2_3 += d1_0.z * x1_3;
			sum3_0 += d0_0.w * x0_0;
			sum3_0 += d1_0.w * x1_0;
			sum3_1 += d0_0.w * x0_1;
			sum3_1 += d1_0.w * x1_1;
			sum3_2 += d0_0.w * x0_2;
			sum3_2 += d1_0.w * x1_2;
			sum3_3 += d0_0.w * x0_3;
			sum3_3 += d1_0.w * x1_3;
			sum4_0 += d0_1.x * x0_0;
			sum4_0 += d1_1.x * x1_0;
			sum4_1 += d0_1.x * x0_1;
			sum4_1 += d1_1.x * x1_1;
			sum4_2 += d0_1.x * x0_2;
			sum4_2 += d1_1.x * x1_2;
			sum4_3 += d0_1.x * x0_3;
			sum4_3 += d1_1.x * x1_3;
			sum5_0 += d0_1.y * x0_0;
			sum5_0 += d1_1.y * x1_0;
			sum5_1 += d0_1.y * x0_1;
			sum5_1 += d1_1.y * x1_1;
			sum5_2 += d0_1.y * x0_2;
			sum5_2 += d1_1.y * x1_2;
			sum5_3 += d0_1.y * x0_3;
			sum5_3 += d1_1.y * x1_3;
			sum6_0 += d0_1.z * x0_0;
			sum6_0 += d1_1.z * x1_0;
			sum6_1 += d0_1.z * x0_1;
			sum6_1 += d1_1.z * x1_1;
			sum6_2 += d0_1.z * x0_2;
			sum6_2 += d1_1.z * x1_2;
			sum6_3 += d0_1.z * x0_3;
			sum6_3 += d1_1.z * x1_3;
			sum7_0 += d0_1.w * x0_0;
			sum7_0 += d1_1.w * x1_0;
			sum7_1 += d0_1.w * x0_1;
			sum7_1 += d1_1.w * x1_1;
			sum7_2 += d0_1.w * x0_2;
			sum7_2 += d1_1.w * x1_2;
			sum7_3 += d0_1.w * x0_3;
			sum7_3 += d1_1.w * x1_3;
			sum8_0 += d0_2.x * x0_0;
			sum8_0 += d1_2.x * x1_0;
			sum8_1 += d0_2.x * x0_1;
			sum8_1 += d1_2.x * x1_1;
			sum8_2 += d0_2.x * x0_2;
			sum8_2 += d1_2.x * x1_2;
			sum8_3 += d0_2.x * x0_3;
			sum8_3 += d1_2.x * x1_3;
			sum9_0 += d0_2.y * x0_0;
			sum9_0 += d1_2.y * x1_0;
			sum9_1 += d0_2.y * x0_1;
			sum9_1 += d1_2.y * x1_1;
			sum9_2 += d0_2.y * x0_2;
			sum9_2 += d1_2.y * x1_2;
			sum9_3 += d0_2.y * x0_3;
			sum9_3 += d1_2.y * x1_3;
			sum10_0 += d0_2.z * x0_0;
			sum10_0 += d1_2.z * x1_0;
			sum10_1 += d0_2.z * x0_1;
			sum10_1 += d1_2.z * x1_1;
			sum10_2 += d0_2.z * x0_2;
			sum10_2 += d1_2.z * x1_2;
			sum10_3 += d0_2.z * x0_3;
			sum10_3 += d1_2.z * x1_3;
			sum11_0 += d0_2.w * x0_0;
			sum11_0 += d1_2.w * x1_0;
			sum11_1 += d0_2.w * x0_1;
			sum11_1 += d1_2.w * x1_1;
			sum11_2 += d0_2.w * x0_2;
			sum11_2 += d1_2.w * x1_2;
			sum11_3 += d0_2.w * x0_3;
			sum11_3 += d1_2.w * x1_3;
			sum12_0 += d0_3.x * x0_0;
			sum12_0 += d1_3.x * x1_0;
			sum12_1 += d0_3.x * x0_1;
			sum12_1 += d1_3.x * x1_1;
			sum12_2 += d0_3.x * x0_2;
			sum12_2 += d1_3.x * x1_2;
			sum12_3 += d0_3.x * x0_3;
			sum12_3 += d1_3.x * x1_3;
			sum13_0 += d0_3.y * x0_0;
			sum13_0 += d1_3.y * x1_0;
			sum13_1 += d0_3.y * x0_1;
			sum13_1 += d1_3.y * x1_1;
			sum13_2 += d0_3.y * x0_2;
			sum13_2 += d1_3.y * x1_2;
			sum13_3 += d0_3.y * x0_3;
			sum13_3 += d1_3.y * x1_3;
			sum14_0 += d0_3.z * x0_0;
			sum14_0 += d1_3.z * x1_0;
			sum14_1 += d0_3.z * x0_1;
			sum14_1 += d1_3.z * x1_1;
			sum14_2 += d0_3.z * x0_2;
			sum14_2 += d1_3.z * x1_2;
			sum14_3 += d0_3.z * x0_3;
			sum14_3 += d1_3.z * x1_3;
			sum15_0 += d0_3.w * x0_0;
			sum15_0 += d1_3.w * x1_0;
			sum15_1 += d0_3.w * x0_1;
			sum15_1 += d1_3.w * x1_1;
			sum15_2 += d0_3.w * x0_2;
			sum15_2 += d1_3.w * x1_2;
			sum15_3 += d0_3.w * x0_3;
			sum15_3 += d1_3.w * x1_3;
		}
	}

	let to = split * p.outputs + group * p.w_group + tap * p.w_tap;
	put(to, k, c, sum0_0);
	put(to, k, c + 4u, sum0_1);
	put(to, k, c + 8u, sum0_2);
	put(to, k, c + 12u, sum0_3);
	put(to, k + 1u, c, sum1_0);
	put(to, k + 1u, c + 4u, sum1_1);
	put(to, k + 1u, c + 8u, sum1_2);
	put(to, k + 1u, c + 12u, sum1_3);
	put(to, k + 2u, c, sum2_0);
	put(to, k + 2u, c + 4u, sum2_1);
	put(to, k + 2u, c + 8u, sum2_2);
	put(to, k + 2u, c + 12u, sum2_3);
	put(to, k + 3u, c, sum3_0);
	put(to, k + 3u, c + 4u, sum3_1);
	put(to, k + 3u, c + 8u, sum3_2);
	put(to, k + 3u, c + 12u, sum3_3);
	put(to, k + 4u, c, sum4_0);
	put(to, k + 4u, c + 4u, sum4_1);
	put(to, k + 4u, c + 8u, sum4_2);
	put(to, k + 4u, c + 12u, sum4_3);
	put(to, k + 5u, c, sum5_0);
	put(to, k + 5u, c + 4u, sum5_1);
	put(to, k + 5u, c + 8u, sum5_2);
	put(to, k + 5u, c + 12u, sum5_3);
	put(to, k + 6u, c, sum6_0);
	put(to, k + 6u, c + 4u, sum6_1);
	put(to, k + 6u, c + 8u, sum6_2);
	put(to, k + 6u, c + 12u, sum6_3);
	put(to, k + 7u, c, sum7_0);
	put(to, k + 7u, c + 4u, sum7_1);
	put(to, k + 7u, c + 8u, sum7_2);
	put(to, k + 7u, c + 12u, sum7_3);
	put(to, k + 8u, c, sum8_0);
	put(to, k + 8u, c + 4u, sum8_1);
	put(to, k + 8u, c + 8u, sum8_2);
	put(to, k + 8u, c + 12u, sum8_3);
	put(to, k + 9u, c, sum9_0);
	put(to, k + 9u, c + 4u, sum9_1);
	put(to, k + 9u, c + 8u, sum9_2);
	put(to, k + 9u, c + 12u, sum9_3);
	put(to, k + 10u, c, sum10_0);
	put(to, k + 10u, c + 4u, sum10_1);
	put(to, k + 10u, c + 8u, sum10_2);
	put(to, k + 10u, c + 12u, sum10_3);
	put(to, k + 11u, c, sum11_0);
	put(to, k + 11u, c + 4u, sum11_1);
	put(to, k + 11u, c + 8u, sum11_2);
	put(to, k + 11u, c + 12u, sum11_3);
	put(to, k + 12u, c, sum12_0);
	put(to, k + 12u, c + 4u, sum12_1);
	put(to, k + 12u, c + 8u, sum12_2);
	put(to, k + 12u, c + 12u, sum12_3);
	put(to, k + 13u, c, sum13_0);
	put(to, k + 13u, c + 4u, sum13_1);
	put(to, k + 13u, c + 8u, sum13_2);
	put(to, k + 13u, c + 12u, sum13_3);
	put(to, k + 14u, c, sum14_0);
	put(to, k + 14u, c + 4u, sum14_1);
	put(to, k + 14u, c + 8u, sum14_2);
	put(to, k + 14u, c + 12u, sum14_3);
	put(to, k + 15u, c, sum15_0);
	put(to, k + 15u, c + 4u, sum15_1);
	put(to, k + 15u, c + 8u, sum15_2);
	put(to, k + 15u, c + 12u, sum15_3);
}
