// Depth to space: V of a transposed layer, the outputs of which lie in Y residue by residue, as channels of
// convolutions of stride 1: see package transform. A thread takes the channels of a pixel of V, or every LANES-th
// block of them. The CPU twin is cpuref/depth_to_space.go.

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
@group(0) @binding(1) var<storage, read> y: array<Cell>;
@group(0) @binding(2) var<storage, read> residues: array<Residue>; // of V's pixels, modulo p.stride
@group(0) @binding(3) var<storage, read> b: array<Cell>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(5) var<storage, read> residuals: array<f32>;
@group(0) @binding(6) var<storage, read_write> v: array<u32>;

// clamped is z held between what the parameters say, as ReLU, Clip and no function need it: see Params.Clamp. NaN
// stays.
fn clamped(z: vec4<f32>) -> vec4<f32> {
	let held = min(max(z, vec4<f32>(p.alpha)), vec4<f32>(p.beta));
	return select(held, z, (bitcast<vec4<u32>>(z) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u));
}

// dequantized makes element i of V of the sums of an int8 layer, which float32 has exactly, as dequantize.wgsl does.
// The layer has no PReLU: slopes are the scales of its channels, of input times weights.
fn dequantized(i: u32, sums: vec4<f32>) -> vec4<f32> {
	let k = 4u * ((i - p.v_first / 4u) % (p.v_pitch / 4u));
	return clamped(sums * vec4<f32>(slopes[k], slopes[k + 1u], slopes[k + 2u], slopes[k + 3u]));
}

// quantized is what stands for z, as the low byte of a word: the nearest number, of two as near ones the even one,
// held to the range of int8. NaN becomes the zero point, by its bits, as keep_nan has it.
fn quantized(z: f32, scale: f32, zero: i32) -> u32 {
	let steps_from_zero = select(round(z / scale), 0.0, (bitcast<u32>(z) & 0x7fffffffu) > 0x7f800000u);
	return u32(i32(clamp(steps_from_zero + f32(zero), -128.0, 127.0))) & 255u;
}

// store makes four numbers of V of sums, as requantize.wgsl does, and stores them to a word, the first in its lowest
// byte.
fn store(i: u32, z: vec4<f32>) {
	let f = dequantized(i, z);
	var word = 0u;
	for (var k = 0u; k < 4u; k++) {
		word += quantized(f[k], p.v_scale, p.v_zero) << (8u * k);
	}
	v[i] = word;
}

const VECTOR: u32 = 4u;
const LANES: u32 = 1u;
alias Cell = vec4<f32>;

struct Residue {
	first: u32, // its first number, from the first of its place in Y
	step: u32, // numbers from one group to the next, 0 where no tap reaches its outputs
}

fn element(i: u32) {
	let pixel = i / LANES;
	let lane = i % LANES;
	let pixels = p.out_size.x * p.out_size.y * p.out_size.z;
	let places = p.in_size.x * p.in_size.y * p.in_size.z;
	let o = unflat(pixel % pixels, p.out_size);
	let residue = residues[flat(o % p.stride, p.stride)];
	let place = pixel / pixels * places + flat(o / p.stride, p.in_size);
	let inputs = p.group_outputs / VECTOR;
	var at = x_at(place, residue.first) / VECTOR;
	let blocks = p.out_channels / VECTOR;
	for (var group = 0u; group < blocks; group += inputs) {
		for (var block = lane; block < inputs; block += LANES) {
			let sum = select(Cell(0.0), y[at + block], residue.step != 0u);
			store(v_at(pixel, VECTOR * (group + block)) / VECTOR, sum + b[group + block]);
		}
		at += residue.step / VECTOR;
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
