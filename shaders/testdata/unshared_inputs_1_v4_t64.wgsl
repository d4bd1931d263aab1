// What each neuron of an unshared layer adds to the gradient with respect to X, tap by tap:
//
//   U[x, y][fx, fy, c] = sum over k of dV[x, y, k] * W_k[x, y][fx, fy, c]
//
// A thread computes 6 vectors of it in 1 of the images, all of which are served by what it
// reads of the filters: side by side with its neighbours, so that filters are read as they stand. Parameters are
// those of the way back: what conv.wgsl reads and writes there. unshared_gather.wgsl adds up what comes to each
// input. The CPU twin is cpuref/gradients.go.

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
@group(0) @binding(1) var<storage, read> x: array<f32>; // the gradient with respect to V
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> u: array<vec4<f32>>;

const THREADS: u32 = 64u;
const IMAGES: u32 = 1u;
const BLOCK: u32 = 8u; // threads that read side by side
const PARTS: u32 = 6u; // vectors of a thread

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let unit = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	let outs = p.out_size.x * p.out_size.y * p.out_size.z;
	let groups = p.out_channels / p.group_outputs;
	let step = p.w_input / 4u; // from one filter to the next
	let across = (step + BLOCK * PARTS - 1u) / (BLOCK * PARTS);
	let first = unit / BLOCK % across * BLOCK * PARTS + unit % BLOCK;
	let group = unit / BLOCK / across % groups;
	let o = unit / BLOCK / across / groups % outs;
	let image = unit / BLOCK / across / groups / outs * IMAGES;
	let place0 = first;
	let place1 = first + 1u * BLOCK;
	let place2 = first + 2u * BLOCK;
	let place3 = first + 3u * BLOCK;
	let place4 = first + 4u * BLOCK;
	let place5 = first + 5u * BLOCK;
	var sum0_0 = vec4<f32>();
	var sum0_1 = vec4<f32>();
	var sum0_2 = vec4<f32>();
	var sum0_3 = vec4<f32>();
	var sum0_4 = vec4<f32>();
	var sum0_5 = vec4<f32>();
	var weight = (o * p.w_bank + group * p.w_group) / 4u;
	let neuron = x_at(image * outs + o, group * p.group_inputs);
	for (var k = 0u; k < p.group_inputs; k++) {
		let w0 = w[weight + place0];
		let w1 = w[weight + place1];
		let w2 = w[weight + place2];
		let w3 = w[weight + place3];
		let w4 = w[weight + place4];
		let w5 = w[weight + place5];
		let x0 = x[neuron + k];
		sum0_0 += x0 * w0;
		sum0_1 += x0 * w1;
		sum0_2 += x0 * w2;
		sum0_3 += x0 * w3;
		sum0_4 += x0 * w4;
		sum0_5 += x0 * w5;
		weight += step;
	}
	let to = ((image * outs + o) * groups + group) * step;
	if (image < p.images) & (place0 < step) {
		u[to + place0] = sum0_0;
	}
	if (image < p.images) & (place1 < step) {
		u[to + place1] = sum0_1;
	}
	if (image < p.images) & (place2 < step) {
		u[to + place2] = sum0_2;
	}
	if (image < p.images) & (place3 < step) {
		u[to + place3] = sum0_3;
	}
	if (image < p.images) & (place4 < step) {
		u[to + place4] = sum0_4;
	}
	if (image < p.images) & (place5 < step) {
		u[to + place5] = sum0_5;
	}
}
