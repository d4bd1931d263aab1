// The first layer of a network, of 3 input channels and filters 3x3 of stride
// 2: a thread computes 2 strips of 16 neurons of 16 depth slices. It loads each
// X[x,y] under a strip's windows once for a row of the filter. Padding is zero. Filters are packed as for
// registers.wgsl, in blocks of 16. The CPU twin is cpuref/conv.go.

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
@group(0) @binding(2) var w: texture_storage_2d<rgba32float, read>;

fn weigh(i: u32) -> vec4<f32> {
	return textureLoad(w, vec2<u32>(i & 1023u, i >> 10u));
}
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(5) var<storage, read> residuals: array<f32>;
@group(0) @binding(6) var<storage, read_write> v: array<vec4<f32>>;

fn store(i: u32, z: vec4<f32>) {
	v[i] = z;
}

const STORED: u32 = 4u; // depth slices that are stored at once

fn residual(i: u32) -> f32 {
	return residuals[i];
}

// The epilogue that all kernels share: what is done to z, the sum with its bias, before it is written.
// The functions and their numbers are those of conv.Function. The CPU twin is cpuref/epilogue.go.

// keep_nan is f, a function of z, and z itself where that is NaN: by its bits, for min and max may lose NaN, and
// compilers may take numbers that are compared for others than NaN.
fn keep_nan(f: f32, z: f32) -> f32 {
	return select(f, z, (bitcast<u32>(z) & 0x7fffffffu) > 0x7f800000u);
}

// erf follows Abramowitz and Stegun 7.1.26, to 1.5e-7.
fn erf(z: f32) -> f32 {
	let t = 1.0 / (1.0 + 0.3275911 * abs(z));
	let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
	return sign(z) * (1.0 - series * exp(-z * z));
}

// Exponents are held to 87, where exp is still in range and the result no longer changes.
fn sigmoid(z: f32) -> f32 {
	return 1.0 / (1.0 + exp(min(-z, 87.0)));
}

// tangent is tanh, which drivers get wrong for large arguments.
fn tangent(z: f32) -> f32 {
	return sign(z) * (1.0 - 2.0 / (exp(min(2.0 * abs(z), 87.0)) + 1.0));
}

// gelu_tangent is the tanh in the tanh form of GELU, of z held to 10, where it is 1.
fn gelu_tangent(held: f32) -> f32 {
	return tangent(0.79788456 * (held + 0.044715 * held * held * held));
}

fn function(z: f32, slope: f32) -> f32 {
	switch p.activation {
		case 1u: { return max(z, 0.0); }
		case 2u: { return min(max(z, p.alpha), p.beta); }
		case 3u: { return select(z, p.alpha * z, z < 0.0); }
		case 4u: { return select(z, slope * z, z < 0.0); }
		case 5u: { return sigmoid(z); }
		case 6u: { return tangent(z); }
		case 7u: { return z * sigmoid(z); }
		case 8u: { return clamp(p.alpha * z + p.beta, 0.0, 1.0); }
		case 9u: { return z * clamp(z / 6.0 + 0.5, 0.0, 1.0); }
		case 10u: { return 0.5 * z * (1.0 + erf(z * 0.70710678)); }
		case 11u: { return 0.5 * z * (1.0 + gelu_tangent(clamp(z, -10.0, 10.0))); }
		case 12u: { return select(z, p.alpha * (exp(z) - 1.0), z < 0.0); }
		default: { return z; }
	}
}

fn activate(z: f32, slope: f32) -> f32 {
	return keep_nan(function(z, slope), z);
}

// finish gives what is written to depth slice k of V: f(z), with the residual at r.
fn finish(z: f32, k: u32, r: u32) -> f32 {
	var slope = 0.0;
	if p.activation == 4u {
		slope = slopes[k];
	}
	var added = 0.0;
	if p.residual != 0u {
		added = residual(r);
	}
	// The function stands here once: software adapters compute both sides of each branch.
	let f = activate(select(z, z + added, p.residual == 1u), slope);
	return select(f, f + added, p.residual == 2u);
}

// finish_at applies the epilogue to element i of v, which begins with depth slice k, and with r in R.
fn finish_at(i: u32, k: u32, r: u32) {
	var z = v[i];
	for (var lane = 0u; lane < 4u; lane++) {
		z[lane] = finish(z[lane], k + lane, r + lane);
	}
	v[i] = z;
}

// load gives number i of X.
fn load(i: u32) -> f32 {
	let four = i >> 2u;
	return textureLoad(x, vec2<u32>(four & 1023u, four >> 10u))[i & 3u];
}

// What the kernels share in which a thread computes a strip of neurons, or several below each other, of
// a few depth slices. Neighbouring threads have neighbouring depth slices.

const THREADS: u32 = 8u;
const STRIP: u32 = 16u; // neurons along x
const ROWS: u32 = 2u; // along y
const CHANNELS: u32 = 16u; // depth slices

struct Strip {
	plane: u32, // image and z
	y: u32, // of the first neuron
	x: u32,
	channel: u32, // the first depth slice
}

// locate finds the strips of a thread. Threads that a folded grid leaves over have planes that are none.
fn locate(thread: u32) -> Strip {
	let blocks = (p.out_channels + CHANNELS - 1u) / CHANNELS;
	let strips = (p.out_size.z + STRIP - 1u) / STRIP;
	let bands = (p.out_size.y + ROWS - 1u) / ROWS;
	var at: Strip;
	at.channel = thread % blocks * CHANNELS;
	at.x = thread / blocks % strips * STRIP;
	at.y = thread / blocks / strips % bands * ROWS;
	at.plane = thread / blocks / strips / bands;
	return at;
}

// Plane is where rows of X begin for one image and one z, where filters have one z.
struct Plane {
	first: u32, // rows before it
	inside: bool,
}

fn from_plane(plane: u32) -> Plane {
	let z = plane % p.out_size.x * p.stride.x - p.pad.x;
	return Plane((plane / p.out_size.x * p.in_size.x + z) * p.in_size.y, z < p.in_size.x);
}

// has tells whether a neuron of the strips, counted from the first one, is one of V's at depth slice k,
// counted likewise.
fn has(at: Strip, row: u32, column: u32, k: u32) -> bool {
	let below = vec4<u32>(p.images * p.out_size.x, p.out_size.y, p.out_size.z, p.out_channels);
	return all(vec4<u32>(at.plane, at.y + row, at.x + column, at.channel + k) < below);
}

// pixel is the number of its pixel.
fn pixel(at: Strip, row: u32, column: u32) -> u32 {
	return (at.plane * p.out_size.y + at.y + row) * p.out_size.z + at.x + column;
}

// element is its place in V.
fn element(at: Strip, row: u32, column: u32, k: u32) -> u32 {
	return v_at(pixel(at, row, column), at.channel + k);
}

fn biases(channel: u32) -> vec4<f32> {
	return vec4<f32>(b[channel], b[channel + 1u], b[channel + 2u], b[channel + 3u]);
}

// finish_all applies the epilogue to what this thread has written. A copy of it for every number in
// registers would take compilers very long.
fn finish_all(at: Strip) {
	if p.activation == 0u && p.residual == 0u {
		return;
	}
	for (var n = 0u; n < ROWS * STRIP * CHANNELS; n += STORED) {
		let row = n / CHANNELS / STRIP;
		let column = n / CHANNELS % STRIP;
		let k = n % CHANNELS;
		if has(at, row, column, k) {
			let channel = at.channel + k;
			finish_at(element(at, row, column, k) / STORED, channel, r_at(pixel(at, row, column), channel));
		}
	}
}

// put writes the sums of four depth slices at a neuron, which have their biases. It is a loop even where it
// has one round at most, for some compilers take minutes over as many branches.
fn put(at: Strip, row: u32, column: u32, four: u32, sums: vec4<f32>) {
	for (var k = 4u * four; k < 4u * four + 4u && has(at, row, column, k); k += 4u) {
		store(element(at, row, column, k) / 4u, sums);
	}
}

fn fetch(i: u32, inside: bool) -> f32 {
	return select(0.0, load(i), inside);
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let at = locate((workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread);
	let plane = from_plane(at.plane);
	let left = at.x * 2u - p.pad.z;
	let bias0 = biases(at.channel);
	let bias1 = biases(at.channel + 4u);
	let bias2 = biases(at.channel + 8u);
	let bias3 = biases(at.channel + 12u);
	for (var down = 0u; down < ROWS; down++) {
		// Rows and columns before X are wrapped around to large numbers.
		let top = (at.y + down) * 2u - p.pad.y;
		var sum0_0 = bias0;
		var sum1_0 = bias0;
		var sum2_0 = bias0;
		var sum3_0 = bias0;
		var sum4_0 = bias0;
		var sum5_0 = bias0;
		var sum6_0 = bias0;
		var sum7_0 = bias0;
		var sum8_0 = bias0;
		var sum9_0 = bias0;
		var sum10_0 = bias0;
		var sum11_0 = bias0;
		var sum12_0 = bias0;
		var sum13_0 = bias0;
		var sum14_0 = bias0;
		var sum15_0 = bias0;
		var sum0_1 = bias1;
		var sum1_1 = bias1;
		var sum2_1 = bias1;
		var sum3_1 = bias1;
		var sum4_1 = bias1;
		var sum5_1 = bias1;
		var sum6_1 = bias1;
		var sum7_1 = bias1;
		var sum8_1 = bias1;
		var sum9_1 = bias1;
		var sum10_1 = bias1;
		var sum11_1 = bias1;
		var sum12_1 = bias1;
		var sum13_1 = bias1;
		var sum14_1 = bias1;
		var sum15_1 = bias1;
		var sum0_2 = bias2;
		var sum1_2 = bias2;
		var sum2_2 = bias2;
		var sum3_2 = bias2;
		var sum4_2 = bias2;
		var sum5_2 = bias2;
		var sum6_2 = bias2;
		var sum7_2 = bias2;
		var sum8_2 = bias2;
		var sum9_2 = bias2;
		var sum10_2 = bias2;
		var sum11_2 = bias2;
		var sum12_2 = bias2;
		var sum13_2 = bias2;
		var sum14_2 = bias2;
		var sum15_2 = bias2;
		var sum0_3 = bias3;
		var sum1_3 = bias3;
		var sum2_3 = bias3;
		var sum3_3 = bias3;
		var sum4_3 = bias3;
		var sum5_3 = bias3;
		var sum6_3 = bias3;
		var sum7_3 = bias3;
		var sum8_3 = bias3;
		var sum9_3 = bias3;
		var sum10_3 = bias3;
		var sum11_3 = bias3;
		var sum12_3 = bias3;
		var sum13_3 = bias3;
		var sum14_3 = bias3;
		var sum15_3 = bias3;
		for (var row = 0u; row < 3u; row++) {
			let inside = plane.inside & (top + row < p.in_size.y);
			let column0 = x_at((plane.first + top + row) * p.in_size.z + left, 0u);
			let inside0 = inside & (left < p.in_size.z);
			let x0_0 = fetch(column0, inside0);
			let x0_1 = fetch(column0 + 1u, inside0);
			let x0_2 = fetch(column0 + 2u, inside0);
			let column1 = column0 + p.x_pitch;
			let inside1 = inside & (left + 1u < p.in_size.z);
			let x1_0 = fetch(column1, inside1);
			let x1_1 = fetch(column1 + 1u, inside1);
			let x1_2 = fetch(column1 + 2u, inside1);
			let column2 = column1 + p.x_pitch;
			let inside2 = inside & (left + 2u < p.in_size.z);
			let x2_0 = fetch(column2, inside2);
			let x2_1 = fetch(column2 + 1u, inside2);
			let x2_2 = fetch(column2 + 2u, inside2);
			let column3 = column2 + p.x_pitch;
			let inside3 = inside & (left + 3u < p.in_size.z);
			let x3_0 = fetch(column3, inside3);
			let x3_1 = fetch(column3 + 1u, inside3);
			let x3_2 = fetch(column3 + 2u, inside3);
			let column4 = column3 + p.x_pitch;
			let inside4 = inside & (left + 4u < p.in_size.z);
			let x4_0 = fetch(column4, inside4);
			let x4_1 = fetch(column4 + 1u, inside4);
			let x4_2 = fetch(column4 + 2u, inside4);
			let column5 = column4 + p.x_pitch;
			let inside5 = inside & (left + 5u < p.in_size.z);
			let x5_0 = fetch(column5, inside5);
			let x5_1 = fetch(column5 + 1u, inside5);
			let x5_2 = fetch(column5 + 2u, inside5);
			let column6 = column5 + p.x_pitch;
			let inside6 = inside & (left + 6u < p.in_size.z);
			let x6_0 = fetch(column6, inside6);
			let x6_1 = fetch(column6 + 1u, inside6);
			let x6_2 = fetch(column6 + 2u, inside6);
			let column7 = column6 + p.x_pitch;
			let inside7 = inside & (left + 7u < p.in_size.z);
			let x7_0 = fetch(column7, inside7);
			let x7_1 = fetch(column7 + 1u, inside7);
			let x7_2 = fetch(column7 + 2u, inside7);
			let column8 = column7 + p.x_pitch;
			let inside8 = inside & (left + 8u < p.in_size.z);
			let x8_0 = fetch(column8, inside8);
			let x8_1 = fetch(column8 + 1u, inside8);
			let x8_2 = fetch(column8 + 2u, inside8);
			let column9 = column8 + p.x_pitch;
			let inside9 = inside & (left + 9u < p.in_size.z);
			let x9_0 = fetch(column9, inside9);
			let x9_1 = fetch(column9 + 1u, inside9);
			let x9_2 = fetch(column9 + 2u, inside9);
			let column10 = column9 + p.x_pitch;
			let inside10 = inside & (left + 10u < p.in_size.z);
			let x10_0 = fetch(column10, inside10);
			let x10_1 = fetch(column10 + 1u, inside10);
			let x10_2 = fetch(column10 + 2u, inside10);
			let column11 = column10 + p.x_pitch;
			let inside11 = inside & (left + 11u < p.in_size.z);
			let x11_0 = fetch(column11, inside11);
			let x11_1 = fetch(column11 + 1u, inside11);
			let x11_2 = fetch(column11 + 2u, inside11);
			let column12 = column11 + p.x_pitch;
			let inside12 = inside & (left + 12u < p.in_size.z);
			let x12_0 = fetch(column12, inside12);
			let x12_1 = fetch(column12 + 1u, inside12);
			let x12_2 = fetch(column12 + 2u, inside12);
			let column13 = column12 + p.x_pitch;
			let inside13 = inside & (left + 13u < p.in_size.z);
			let x13_0 = fetch(column13, inside13);
			let x13_1 = fetch(column13 + 1u, inside13);
			let x13_2 = fetch(column13 + 2u, inside13);
			let column14 = column13 + p.x_pitch;
			let inside14 = inside & (left + 14u < p.in_size.z);
			let x14_0 = fetch(column14, inside14);
			let x14_1 = fetch(column14 + 1u, inside14);
			let x14_2 = fetch(column14 + 2u, inside14);
			let column15 = column14 + p.x_pitch;
			let inside15 = inside & (left + 15u < p.in_size.z);
			let x15_0 = fetch(column15, inside15);
			let x15_1 = fetch(column15 + 1u, inside15);
			let x15_2 = fetch(column15 + 2u, inside15);
			let column16 = column15 + p.x_pitch;
			let inside16 = inside & (left + 16u < p.in_size.z);
			let x16_0 = fetch(column16, inside16);
			let x16_1 = fetch(column16 + 1u, inside16);
			let x16_2 = fetch(column16 + 2u, inside16);
			let column17 = column16 + p.x_pitch;
			let inside17 = inside & (left + 17u < p.in_size.z);
			let x17_0 = fetch(column17, inside17);
			let x17_1 = fetch(column17 + 1u, inside17);
			let x17_2 = fetch(column17 + 2u, inside17);
			let column18 = column17 + p.x_pitch;
			let inside18 = inside & (left + 18u < p.in_size.z);
			let x18_0 = fetch(column18, inside18);
			let x18_1 = fetch(column18 + 1u, inside18);
			let x18_2 = fetch(column18 + 2u, inside18);
			let column19 = column18 + p.x_pitch;
			let inside19 = inside & (left + 19u < p.in_size.z);
			let x19_0 = fetch(column19, inside19);
			let x19_1 = fetch(column19 + 1u, inside19);
			let x19_2 = fetch(column19 + 2u, inside19);
			let column20 = column19 + p.x_pitch;
			let inside20 = inside & (left + 20u < p.in_size.z);
			let x20_0 = fetch(column20, inside20);
			let x20_1 = fetch(column20 + 1u, inside20);
			let x20_2 = fetch(column20 + 2u, inside20);
			let column21 = column20 + p.x_pitch;
			let inside21 = inside & (left + 21u < p.in_size.z);
			let x21_0 = fetch(column21, inside21);
			let x21_1 = fetch(column21 + 1u, inside21);
			let x21_2 = fetch(column21 + 2u, inside21);
			let column22 = column21 + p.x_pitch;
			let inside22 = inside & (left + 22u < p.in_size.z);
			let x22_0 = fetch(column22, inside22);
			let x22_1 = fetch(column22 + 1u, inside22);
			let x22_2 = fetch(column22 + 2u, inside22);
			let column23 = column22 + p.x_pitch;
			let inside23 = inside & (left + 23u < p.in_size.z);
			let x23_0 = fetch(column23, inside23);
			let x23_1 = fetch(column23 + 1u, inside23);
			let x23_2 = fetch(column23 + 2u, inside23);
			let column24 = column23 + p.x_pitch;
			let inside24 = inside & (left + 24u < p.in_size.z);
			let x24_0 = fetch(column24, inside24);
			let x24_1 = fetch(column24 + 1u, inside24);
			let x24_2 = fetch(column24 + 2u, inside24);
			let column25 = column24 + p.x_pitch;
			let inside25 = inside & (left + 25u < p.in_size.z);
			let x25_0 = fetch(column25, inside25);
			let x25_1 = fetch(column25 + 1u, inside25);
			let x25_2 = fetch(column25 + 2u, inside25);
			let column26 = column25 + p.x_pitch;
			let inside26 = inside & (left + 26u < p.in_size.z);
			let x26_0 = fetch(column26, inside26);
			let x26_1 = fetch(column26 + 1u, inside26);
			let x26_2 = fetch(column26 + 2u, inside26);
			let column27 = column26 + p.x_pitch;
			let inside27 = inside & (left + 27u < p.in_size.z);
			let x27_0 = fetch(column27, inside27);
			let x27_1 = fetch(column27 + 1u, inside27);
			let x27_2 = fetch(column27 + 2u, inside27);
			let column28 = column27 + p.x_pitch;
			let inside28 = inside & (left + 28u < p.in_size.z);
			let x28_0 = fetch(column28, inside28);
			let x28_1 = fetch(column28 + 1u, inside28);
			let x28_2 = fetch(column28 + 2u, inside28);
			let column29 = column28 + p.x_pitch;
			let inside29 = inside & (left + 29u < p.in_size.z);
			let x29_0 = fetch(column29, inside29);
			let x29_1 = fetch(column29 + 1u, inside29);
			let x29_2 = fetch(column29 + 2u, inside29);
			let column30 = column29 + p.x_pitch;
			let inside30 = inside & (left + 30u < p.in_size.z);
			let x30_0 = fetch(column30, inside30);
			let x30_1 = fetch(column30 + 1u, inside30);
			let x30_2 = fetch(column30 + 2u, inside30);
			let column31 = column30 + p.x_pitch;
			let inside31 = inside & (left + 31u < p.in_size.z);
			let x31_0 = fetch(column31, inside31);
			let x31_1 = fetch(column31 + 1u, inside31);
			let x31_2 = fetch(column31 + 2u, inside31);
			let column32 = column31 + p.x_pitch;
			let inside32 = inside & (left + 32u < p.in_size.z);
			let x32_0 = fetch(column32, inside32);
			let x32_1 = fetch(column32 + 1u, inside32);
			let x32_2 = fetch(column32 + 2u, inside32);
			let weight = (at.channel / CHANNELS * 3u + row) * 36u;
			let w0_0_0 = weigh(weight);
			let w0_1_0 = weigh(weight + 4u);
			let w0_2_0 = weigh(weight + 8u);
			let w1_0_0 = weigh(weight + 12u);
			let w1_1_0 = weigh(weight + 16u);
			let w1_2_0 = weigh(weight + 20u);
			let w2_0_0 = weigh(weight + 24u);
			let w2_1_0 = weigh(weight + 28u);
			let w2_2_0 = weigh(weight + 32u);
			sum0_0 += x0_0 * w0_0_0;
			sum0_0 += x0_1 * w0_1_0;
			sum0_0 += x0_2 * w0_2_0;
			sum0_0 += x1_0 * w1_0_0;
			sum0_0 += x1_1 * w1_1_0;
			sum0_0 += x1_2 * w1_2_0;
			sum0_0 += x2_0 * w2_0_0;
			sum0_0 += x2_1 * w2_1_0;
			sum0_0 += x2_2 * w2_2_0;
			sum1_0 += x2_0 * w0_0_0;
			sum1_0 += x2_1 * w0_1_0;
			sum1_0 += x2_2 * w0_2_0;
			sum1_0 += x3_0 * w1_0_0;
			sum1_0 += x3_1 * w1_1_0;
			sum1_0 += x3_2 * w1_2_0;
			sum1_0 += x4_0 * w2_0_0;
			sum1_0 += x4_1 * w2_1_0;
			sum1_0 += x4_2 * w2_2_0;
			sum2_0 += x4_0 * w0_0_0;
			sum2_0 += x4_1 * w0_1_0;
			sum2_0 += x4_2 * w0_2_0;
			sum2_0 += x5_0 * w1_0_0;
			sum2_0 += x5_1 * w1_1_0;
			sum2_0 += x5_2 * w1_2_0;
			sum2_0 += x6_0 * w2_0_0;
			sum2_0 += x6_1 * w2_1_0;
			sum2_0 += x6_2 * w2_2_0;
			sum3_0 += x6_0 * w0_0_0;
			sum3_0 += x6_1 * w0_1_0;
			sum3_0 += x6_2 * w0_2_0;
			sum3_0 += x7_0 * w1_0_0;
			sum3_0 += x7_1 * w1_1_0;
			sum3_0 += x7_2 * w1_2_0;
			sum3_0 += x8_0 * w2_0_0;
			sum3_0 += x8_1 * w2_1_0;
			sum3_0 += x8_2 * w2_2_0;
			sum4_0 += x8_0 * w0_0_0;
			sum4_0 += x8_1 * w0_1_0;
			sum4_0 += x8_2 * w0_2_0;
			sum4_0 += x9_0 * w1_0_0;
			sum4_0 += x9_1 * w1_1_0;
			sum4_0 += x9_2 * w1_2_0;
			sum4_0 += x10_0 * w2_0_0;
			sum4_0 += x10_1 * w2_1_0;
			sum4_0 += x10_2 * w2_2_0;
			sum5_0 += x10_0 * w0_0_0;
			sum5_0 += x10_1 * w0_1_0;
			sum5_0 += x10_2 * w0_2_0;
			sum5_0 += x11_0 * w1_0_0;
			sum5_0 += x11_1 * w1_1_0;
			sum5_0 += x11_2 * w1_2_0;
			sum5_0 += x12_0 * w2_0_0;
			sum5_0 += x12_1 * w2_1_0;
			sum5_0 += x12_2 * w2_2_0;
			sum6_0 += x12_0 * w0_0_0;
			sum6_0 += x12_1 * w0_1_0;
			sum6_0 += x12_2 * w0_2_0;
			sum6_0 += x13_0 * w1_0_0;
			sum6_0 += x13_1 * w1_1_0;
			sum6_0 += x13_2 * w1_2_0;
			sum6_0 += x14_0 * w2_0_0;
			sum6_0 += x14_1 * w2_1_0;
			sum6_0 += x14_2 * w2_2_0;
			sum7_0 += x14_0 * w0_0_0;
			sum7_0 += x14_1 * w0_1_0;
			sum7_0 += x14_2 * w0_2_0;
			sum7_0 += x15_0 * w1_0_0;
			sum7_0 += x15_1 * w1_1_0;
			sum7_0 += x15_2 * w1_2_0;
			sum7_0 += x16_0 * w2_0_0;
			sum7_0 += x16_1 * w2_1_0;
			sum7_0 += x16_2 * w2_2_0;
			sum8_0 += x16_0 * w0_0_0;
			sum8_0 += x16_1 * w0_1_0;
			sum8_0 += x16_2 * w0_2_0;
			sum8_0 += x17_0 * w1_0_0;
			sum8_0 += x17_1 * w1_1_0;
			sum8_0 += x17_2 * w1_2_0;
			sum8_0 += x18_0 * w2_0_0;
			sum8_0 += x18_1 * w2_1_0;
			sum8_0 += x18_2 * w2_2_0;
			sum9_0 += x18_0 * w0_0_0;
			sum9_0 += x18_1 * w0_1_0;
			sum9_0 += x18_2 * w0_2_0;
			sum9_0 += x19_0 * w1_0_0;
			sum9_0 += x19_1 * w1_1_0;
			sum9_0 += x19_2 * w1_2_0;
			sum9_0 += x20_0 * w2_0_0;
			sum9_0 += x20_1 * w2_1_0;
			sum9_0 += x20_2 * w2_2_0;
			sum10_0 += x20_0 * w0_0_0;
			sum10_0 += x20_1 * w0_1_0;
			sum10_0 += x20_2 * w0_2_0;
			sum10_0 += x21_0 * w1_0_0;
			sum10_0 += x21_1 * w1_1_0;
			sum10_0 += x21_2 * w1_2_0;
			sum10_0 += x22_0 * w2_0_0;
			sum10_0 += x22_1 * w2_1_0;
			sum10_0 += x22_2 * w2_2_0;
			sum11_0 += x22_0 * w0_0_0;
			sum11_0 += x22_1 * w0_1_0;
			sum11_0 += x22_2 * w0_2_0;
			sum11_0 += x23_0 * w1_0_0;
			sum11_0 += x23_1 * w1_1_0;
			sum11_0 += x23_2 * w1_2_0;
			sum11_0 += x24_0 * w2_0_0;
			sum11_0 += x24_1 * w2_1_0;
			sum11_0 += x24_2 * w2_2_0;
			sum12_0 += x24_0 * w0_0_0;
			sum12_0 += x24_1 * w0_1_0;
			sum12_0 += x24_2 * w0_2_0;
			sum12_0 += x25_0 * w1_0_0;
			sum12_0 += x25_1 * w1_1_0;
			sum12_0 += x25_2 * w1_2_0;
			sum12_0 += x26_0 * w2_0_0;
			sum12_0 += x26_1 * w2_1_0;
			sum12_0 += x26_2 * w2_2_0;
			sum13_0 += x26_0 * w0_0_0;
			sum13_0 += x26_1 * w0_1_0;
			sum13_0 += x26_2 * w0_2_0;
			sum13_0 += x27_0 * w1_0_0;
			sum13_0 += x27_1 * w1_1_0;
			sum13_0 += x27_2 * w1_2_0;
			sum13_0 += x28_0 * w2_0_0;
			sum13_0 += x28_1 * w2_1_0;
			sum13_0 += x28_2 * w2_2_0;
			sum14_0 += x28_0 * w0_0_0;
			sum14_0 += x28_1 * w0_1_0;
			sum14_0 += x28_2 * w0_2_0;
			sum14_0 += x29_0 * w1_0_0;
			sum14_0 += x29_1 * w1_1_0;
			sum14_0 += x29_2 * w1_2_0;
			sum14_0 += x30_0 * w2_0_0;
			sum14_0 += x30_1 * w2_1_0;
			sum14_0 += x30_2 * w2_2_0;
			sum15_0 += x30_0 * w0_0_0;
			sum15_0 += x30_1 * w0_1_0;
			sum15_0 += x30_2 * w0_2_0;
			sum15_0 += x31_0 * w1_0_0;
			sum15_0 += x31_1 * w1_1_0;
			sum15_0 += x31_2 * w1_2_0;
			sum15_0 += x32_0 * w2_0_0;
			sum15_0 += x32_1 * w2_1_0;
			sum15_0 += x32_2 * w2_2_0;
			let w0_0_1 = weigh(weight + 1u);
			let w0_1_1 = weigh(weight + 5u);
			let w0_2_1 = weigh(weight + 9u);
			let w1_0_1 = weigh(weight + 13u);
			let w1_1_1 = weigh(weight + 17u);
			let w1_2_1 = weigh(weight + 21u);
			let w2_0_1 = weigh(weight + 25u);
			let w2_1_1 = weigh(weight + 29u);
			let w2_2_1 = weigh(weight + 33u);
			sum0_1 += x0_0 * w0_0_1;
			sum0_1 += x0_1 * w0_1_1;
			sum0_1 += x0_2 * w0_2_1;
			sum0_1 += x1_0 * w1_0_1;
			sum0_1 += x1_1 * w1_1_1;
			sum0_1 += x1_2 * w1_2_1;
			sum0_1 += x2_0 * w2_0_1;
			sum0_1 += x2_1 * w2_1_1;
			sum0_1 += x2_2 * w2_2_1;
			sum1_1 += x2_0 * w0_0_1;
			sum1_1 += x2_1 * w0_1_1;
			sum1_1 += x2_2 * w0_2_1;
			sum1_1 += x3_0 * w1_0_1;
			sum1_1 += x3_1 * w1_1_1;
			sum1_1 += x3_2 * w1_2_1;
			sum1_1 += x4_0 * w2_0_1;
			sum1_1 += x4_1 * w2_1_1;
			sum1_1 += x4_2 * w2_2_1;
			sum2_1 += x4_0 * w0_0_1;
			sum2_1 += x4_1 * w0_1_1;
			sum2_1 += x4_2 * w0_2_1;
			sum2_1 += x5_0 * w1_0_1;
			sum2_1 += x5_1 * w1_1_1;
			sum2_1 += x5_2 * w1_2_1;
			sum2_1 += x6_0 * w2_0_1;
			sum2_1 += x6_1 * w2_1_1;
			sum2_1 += x6_2 * w2_2_1;
			sum3_1 += x6_0 * w0_0_1;
			sum3_1 += x6_1 * w0_1_1;
			sum3_1 += x6_2 * w0_2_1;
			sum3_1 += x7_0 * w1_0_1;
			sum3_1 += x7_1 * w1_1_1;
			sum3_1 += x7_2 * w1_2_1;
			sum3_1 += x8_0 * w2_0_1;
			sum3_1 += x8_1 * w2_1_1;
			sum3_1 += x8_2 * w2_2_1;
			sum4_1 += x8_0 * w0_0_1;
			sum4_1 += x8_1 * w0_1_1;
			sum4_1 += x8_2 * w0_2_1;
			sum4_1 += x9_0 * w1_0_1;
			sum4_1 += x9_1 * w1_1_1;
			sum4_1 += x9_2 * w1_2_1;
			sum4_1 += x10_0 * w2_0_1;
			sum4_1 += x10_1 * w2_1_1;
			sum4_1 += x10_2 * w2_2_1;
			sum5_1 += x10_0 * w0_0_1;
			sum5_1 += x10_1 * w0_1_1;
			sum5_1 += x10_2 * w0_2_1;
			sum5_1 += x11_0 * w1_0_1;
			sum5_1 += x11_1 * w1_1_1;
			sum5_1 += x11_2 * w1_2_1;
			sum5_1 += x12_0 * w2_0_1;
			sum5_1 += x12_1 * w2_1_1;
			sum5_1 += x12_2 * w2_2_1;
			sum6_1 += x12_0 * w0_0_1;
			sum6_1 += x12_1 * w0_1_1;
			sum6_1 += x12_2 * w0_2_1;
			sum6_1 += x13_0 * w1_0_1;
			sum6_1 += x13_1 * w1_1_1;
			sum6_1 += x13_2 * w1_2_1;
			sum6_1 += x14_0 * w2_0_1;
			sum6_1 += x14_1 * w2_1_1;
			sum6_1 += x14_2 * w2_2_1;
			sum7_1 += x14_0 * w0_0_1;
			sum7_1 += x14_1 * w0_1_1;
			sum7_1 += x14_2 * w0_2_1;
			sum7_1 += x15_0 * w1_0_1;
			sum7_1 += x15_1 * w1_1_1;
			sum7_1 += x15_2 * w1_2_1;
			sum7_1 += x16_0 * w2_0_1;
			sum7_1 += x16_1 * w2_1_1;
			sum7_1 += x16_2 * w2_2_1;
			sum8_1 += x16_0 * w0_0_1;
			sum8_1 += x16_1 * w0_1_1;
			sum8_1 += x16_2 * w0_2_1;
			sum8_1 += x17_0 * w1_0_1;
			sum8_1 += x17_1 * w1_1_1;
			sum8_1 += x17_2 * w1_2_1;
			sum8_1 += x18_0 * w2_0_1;
			sum8_1 += x18_1 * w2_1_1;
			sum8_1 += x18_2 * w2_2_1;
			sum9_1 += x18_0 * w0_0_1;
			sum9_1 += x18_1 * w0_1_1;
			sum9_1 += x18_2 * w0_2_1;
			sum9_1 += x19_0 * w1_0_1;
			sum9_1 += x19_1 * w1_1_1;
			sum9_1 += x19_2 * w1_2_1;
			sum9_1 += x20_0 * w2_0_1;
			sum9_1 += x20_1 * w2_1_1;
			sum9_1 += x20_2 * w2_2_1;
			sum10_1 += x20_0 * w0_0_1;
			sum10_1 += x20_1 * w0_1_1;
			sum10_1 += x20_2 * w0_2_1;
			sum10_1 += x21_0 * w1_0_1;
			sum10_1 += x21_1 * w1_1_1;
			sum10_1 += x21_2 * w1_2_1;
			sum10_1 += x22_0 * w2_0_1;
			sum10_1 += x22_1 * w2_1_1;
			sum10_1 += x22_2 * w2_2_1;
			sum11_1 += x22_0 * w0_0_1;
			sum11_1 += x22_1 * w0_1_1;
			sum11_1 += x22_2 * w0_2_1;
			sum11_1 += x23_0 * w1_0_1;
			sum11_1 += x23_1 * w1_1_1;
			sum11_1 += x23_2 * w1_2_1;
			sum11_1 += x24_0 * w2_0_1;
			sum11_1 += x24_1 * w2_1_1;
			sum11_1 += x24_2 * w2_2_1;
			sum12_1 += x24_0 * w0_0_1;
			sum12_1 += x24_1 * w0_1_1;
			sum12_1 += x24_2 * w0_2_1;
			sum12_1 += x25_0 * w1_0_1;
			sum12_1 += x25_1 * w1_1_1;
			sum12_1 += x25_2 * w1_2_1;
			sum12_1 += x26_0 * w2_0_1;
			sum12_1 += x26_1 * w2_1_1;
			sum12_1 += x26_2 * w2_2_1;
			sum13_1 += x26_0 * w0_0_1;
			sum13_1 += x26_1 * w0_1_1;
			sum13_1 += x26_2 * w0_2_1;
			sum13_1 += x27_0 * w1_0_1;
			sum13_1 += x27_1 * w1_1_1;
			sum13_1 += x27_2 * w1_2_1;
			sum13_1 += x28_0 * w2_0_1;
			sum13_1 += x28_1 * w2_1_1;
			sum13_1 += x28_2 * w2_2_1;
			sum14_1 += x28_0 * w0_0_1;
			sum14_1 += x28_1 * w0_1_1;
			sum14_1 += x28_2 * w0_2_1;
			sum14_1 += x29_0 * w1_0_1;
			sum14_1 += x29_1 * w1_1_1;
			sum14_1 += x29_2 * w1_2_1;
			sum14_1 += x30_0 * w2_0_1;
			sum14_1 += x30_1 * w2_1_1;
			sum14_1 += x30_2 * w2_2_1;
			sum15_1 += x30_0 * w0_0_1;
			sum15_1 += x30_1 * w0_1_1;
			sum15_1 += x30_2 * w0_2_1;
			sum15_1 += x31_0 * w1_0_1;
			sum15_1 += x31_1 * w1_1_1;
			sum15_1 += x31_2 * w1_2_1;
			sum15_1 += x32_0 * w2_0_1;
			sum15_1 += x32_1 * w2_1_1;
			sum15_1 += x32_2 * w2_2_1;
			let w0_0_2 = weigh(weight + 2u);
			let w0_1_2 = weigh(weight + 6u);
			let w0_2_2 = weigh(weight + 10u);
			let w1_0_2 = weigh(weight + 14u);
			let w1_1_2 = weigh(weight + 18u);
			let w1_2_2 = weigh(weight + 22u);
			let w2_0_2 = weigh(weight + 26u);
			let w2_1_2 = weigh(weight + 30u);
			let w2_2_2 = weigh(weight + 34u);
			sum0_2 += x0_0 * w0_0_2;
			sum0_2 += x0_1 * w0_1_2;
			sum0_2 += x0_2 * w0_2_2;
			sum0_2 += x1_0 * w1_0_2;
			sum0_2 += x1_1 * w1_1_2;
			sum0_2 += x1_2 * w1_2_2;
			sum0_2 += x2_0 * w2_0_2;
			sum0_2 += x2_1 * w2_1_2;
			sum0_2 += x2_2 * w2_2_2;
			sum1_2 += x2_0 * w0_0_2;
			sum1_2 += x2_1 * w0_1_2;
			sum1_2 += x2_2 * w0_2_2;
			sum1_2 += x3_0 * w1_0_2;
			sum1_2 += x3_1 * w1_1_2;
			sum1_2 += x3_2 * w1_2_2;
			sum1_2 += x4_0 * w2_0_2;
			sum1_2 += x4_1 * w2_1_2;
			sum1_2 += x4_2 * w2_2_2;
			sum2_2 += x4_0 * w0_0_2;
			sum2_2 += x4_1 * w0_1_2;
			sum2_2 += x4_2 * w0_2_2;
			sum2_2 += x5_0 * w1_0_2;
			sum2_2 += x5_1 * w1_1_2;
			sum2_2 += x5_2 * w1_2_2;
			sum2_2 += x6_0 * w2_0_2;
			sum2_2 += x6_1 * w2_1_2;
			sum2_2 += x6_2 * w2_2_2;
			sum3_2 += x6_0 * w0_0_2;
			sum3_2 += x6_1 * w0_1_2;
			sum3_2 += x6_2 * w0_2_2;
			sum3_2 += x7_0 * w1_0_2;
			sum3_2 += x7_1 * w1_1_2;
			sum3_2 += x7_2 * w1_2_2;
			sum3_2 += x8_0 * w2_0_2;
			sum3_2 += x8_1 * w2_1_2;
			sum3_2 += x8_2 * w2_2_2;
			sum4_2 += x8_0 * w0_0_2;
			sum4_2 += x8_1 * w0_1_2;
			sum4_2 += x8_2 * w0_2_2;
			sum4_2 += x9_0 * w1_0_2;
			sum4_2 += x9_1 * w1_1_2;
			sum4_2 += x9_2 * w1_2_2;
			sum4_2 += x10_0 * w2_0_2;
			sum4_2 += x10_1 * w2_1_2;
			sum4_2 += x10_2 * w2_2_2;
			sum5_2 += x10_0 * w0_0_2;
			sum5_2 += x10_1 * w0_1_2;
			sum5_2 += x10_2 * w0_2_2;
			sum5_2 += x11_0 * w1_0_2;
			sum5_2 += x11_1 * w1_1_2;
			sum5_2 += x11_2 * w1_2_2;
			sum5_2 += x12_0 * w2_0_2;
			sum5_2 += x12_1 * w2_1_2;
			sum5_2 += x12_2 * w2_2_2;
			sum6_2 += x12_0 * w0_0_2;
			sum6_2 += x12_1 * w0_1_2;
			sum6_2 += x12_2 * w0_2_2;
			sum6_2 += x13_0 * w1_0_2;
			sum6_2 += x13_1 * w1_1_2;
			sum6_2 += x13_2 * w1_2_2;
			sum6_2 += x14_0 * w2_0_2;
			sum6_2 += x14_1 * w2_1_2;
			sum6_2 += x14_2 * w2_2_2;
			sum7_2 += x14_0 * w0_0_2;
			sum7_2 += x14_1 * w0_1_2;
			sum7_2 += x14_2 * w0_2_2;
			sum7_2 += x15_0 * w1_0_2;
			sum7_2 += x15_1 * w1_1_2;
			sum7_2 += x15_2 * w1_2_2;
			sum7_2 += x16_0 * w2_0_2;
			sum7_2 += x16_1 * w2_1_2;
			sum7_2 += x16_2 * w2_2_2;
			sum8_2 += x16_0 * w0_0_2;
			sum8_2 += x16_1 * w0_1_2;
			sum8_2 += x16_2 * w0_2_2;
			sum8_2 += x17_0 * w1_0_2;
			sum8_2 += x17_1 * w1_1_2;
			sum8_2 += x17_2 * w1_2_2;
			sum8_2 += x18_0 * w2_0_2;
			sum8_2 += x18_1 * w2_1_2;
			sum8_2 += x18_2 * w2_2_2;
			sum9_2 += x18_0 * w0_0_2;
			sum9_2 += x18_1 * w0_1_2;
			sum9_2 += x18_2 * w0_2_2;
			sum9_2 += x19_0 * w1_0_2;
			sum9_2 += x19_1 * w1_1_2;
			sum9_2 += x19_2 * w1_2_2;
			sum9_2 += x20_0 * w2_0_2;
			sum9_2 += x20_1 * w2_1_2;
			sum9_2 += x20_2 * w2_2_2;
			sum10_2 += x20_0 * w0_0_2;
			sum10_2 += x20_1 * w0_1_2;
			sum10_2 += x20_2 * w0_2_2;
			sum10_2 += x21_0 * w1_0_2;
			sum10_2 += x21_1 * w1_1_2;
			sum10_2 += x21_2 * w1_2_2;
			sum10_2 += x22_0 * w2_0_2;
			sum10_2 += x22_1 * w2_1_2;
			sum10_2 += x22_2 * w2_2_2;
			sum11_2 += x22_0 * w0_0_2;
			sum11_2 += x22_1 * w0_1_2;
			sum11_2 += x22_2 * w0_2_2;
			sum11_2 += x23_0 * w1_0_2;
			sum11_2 += x23_1 * w1_1_2;
			sum11_2 += x23_2 * w1_2_2;
			sum11_2 += x24_0 * w2_0_2;
			sum11_2 += x24_1 * w2_1_2;
			sum11_2 += x24_2 * w2_2_2;
			sum12_2 += x24_0 * w0_0_2;
			sum12_2 += x24_1 * w0_1_2;
			sum12_2 += x24_2 * w0_2_2;
			sum12_2 += x25_0 * w1_0_2;
			sum12_2 += x25_1 * w1_1_2;
			sum12_2 += x25_2 * w1_2_2;
			sum12_2 += x26_0 * w2_0_2;
			sum12_2 += x26_1 * w2_1_2;
			sum12_2 += x26_2 * w2_2_2;
			sum13_2 += x26_0 * w0_0_2;
			sum13_2 += x26_1 * w0_1_2;
			sum13_2 += x26_2 * w0_2_2;
			sum13_2 += x27_0 * w1_0_2;
			sum13_2 += x27_1 * w1_1_2;
			sum13_2 += x27_2 * w1_2_2;
			sum13_2 += x28_0 * w2_0_2;
			sum13_2 += x28_1 * w2_1_2;
			sum13_2 += x28_2 * w2_2_2;
			sum14_2 += x28_0 * w0_0_2;
			sum14_2 += x28_1 * w0_1_2;
			sum14_2 += x28_2 * w0_2_2;
			sum14_2 += x29_0 * w1_0_2;
			sum14_2 += x29_1 * w1_1_2;
			sum14_2 += x29_2 * w1_2_2;
			sum14_2 += x30_0 * w2_0_2;
			sum14_2 += x30_1 * w2_1_2;
			sum14_2 += x30_2 * w2_2_2;
			sum15_2 += x30_0 * w0_0_2;
			sum15_2 += x30_1 * w0_1_2;
			sum15_2 += x30_2 * w0_2_2;
			sum15_2 += x31_0 * w1_0_2;
			sum15_2 += x31_1 * w1_1_2;
			sum15_2 += x31_2 * w1_2_2;
			sum15_2 += x32_0 * w2_0_2;
			sum15_2 += x32_1 * w2_1_2;
			sum15_2 += x32_2 * w2_2_2;
			let w0_0_3 = weigh(weight + 3u);
			let w0_1_3 = weigh(weight + 7u);
			let w0_2_3 = weigh(weight + 11u);
			let w1_0_3 = weigh(weight + 15u);
			let w1_1_3 = weigh(weight + 19u);
			let w1_2_3 = weigh(weight + 23u);
			let w2_0_3 = weigh(weight + 27u);
			let w2_1_3 = weigh(weight + 31u);
			let w2_2_3 = weigh(weight + 35u);
			sum0_3 += x0_0 * w0_0_3;
			sum0_3 += x0_1 * w0_1_3;
			sum0_3 += x0_2 * w0_2_3;
			sum0_3 += x1_0 * w1_0_3;
			sum0_3 += x1_1 * w1_1_3;
			sum0_3 += x1_2 * w1_2_3;
			sum0_3 += x2_0 * w2_0_3;
			sum0_3 += x2_1 * w2_1_3;
			sum0_3 += x2_2 * w2_2_3;
			sum1_3 += x2_0 * w0_0_3;
			sum1_3 += x2_1 * w0_1_3;
			sum1_3 += x2_2 * w0_2_3;
			sum1_3 += x3_0 * w1_0_3;
			sum1_3 += x3_1 * w1_1_3;
			sum1_3 += x3_2 * w1_2_3;
			sum1_3 += x4_0 * w2_0_3;
			sum1_3 += x4_1 * w2_1_3;
			sum1_3 += x4_2 * w2_2_3;
			sum2_3 += x4_0 * w0_0_3;
			sum2_3 += x4_1 * w0_1_3;
			sum2_3 += x4_2 * w0_2_3;
			sum2_3 += x5_0 * w1_0_3;
			sum2_3 += x5_1 * w1_1_3;
			sum2_3 += x5_2 * w1_2_3;
			sum2_3 += x6_0 * w2_0_3;
			sum2_3 += x6_1 * w2_1_3;
			sum2_3 += x6_2 * w2_2_3;
			sum3_3 += x6_0 * w0_0_3;
			sum3_3 += x6_1 * w0_1_3;
			sum3_3 += x6_2 * w0_2_3;
			sum3_3 += x7_0 * w1_0_3;
			sum3_3 += x7_1 * w1_1_3;
			sum3_3 += x7_2 * w1_2_3;
			sum3_3 += x8_0 * w2_0_3;
			sum3_3 += x8_1 * w2_1_3;
			sum3_3 += x8_2 * w2_2_3;
			sum4_3 += x8_0 * w0_0_3;
			sum4_3 += x8_1 * w0_1_3;
			sum4_3 += x8_2 * w0_2_3;
			sum4_3 += x9_0 * w1_0_3;
			sum4_3 += x9_1 * w1_1_3;
			sum4_3 += x9_2 * w1_2_3;
			sum4_3 += x10_0 * w2_0_3;
			sum4_3 += x10_1 * w2_1_3;
			sum4_3 += x10_2 * w2_2_3;
			sum5_3 += x10_0 * w0_0_3;
			sum5_3 += x10_1 * w0_1_3;
			sum5_3 += x10_2 * w0_2_3;
			sum5_3 += x11_0 * w1_0_3;
			sum5_3 += x11_1 * w1_1_3;
			sum5_3 += x11_2 * w1_2_3;
			sum5_3 += x12_0 * w2_0_3;
			sum5_3 += x12_1 * w2_1_3;
			sum5_3 += x12_2 * w2_2_3;
			sum6_3 += x12_0 * w0_0_3;
			sum6_3 += x12_1 * w0_1_3;
			sum6_3 += x12_2 * w0_2_3;
			sum6_3 += x13_0 * w1_0_3;
			sum6_3 += x13_1 * w1_1_3;
			sum6_3 += x13_2 * w1_2_3;
			sum6_3 += x14_0 * w2_0_3;
			sum6_3 += x14_1 * w2_1_3;
			sum6_3 += x14_2 * w2_2_3;
			sum7_3 += x14_0 * w0_0_3;
			sum7_3 += x14_1 * w0_1_3;
			sum7_3 += x14_2 * w0_2_3;
			sum7_3 += x15_0 * w1_0_3;
			sum7_3 += x15_1 * w1_1_3;
			sum7_3 += x15_2 * w1_2_3;
			sum7_3 += x16_0 * w2_0_3;
			sum7_3 += x16_1 * w2_1_3;
			sum7_3 += x16_2 * w2_2_3;
			sum8_3 += x16_0 * w0_0_3;
			sum8_3 += x16_1 * w0_1_3;
			sum8_3 += x16_2 * w0_2_3;
			sum8_3 += x17_0 * w1_0_3;
			sum8_3 += x17_1 * w1_1_3;
			sum8_3 += x17_2 * w1_2_3;
			sum8_3 += x18_0 * w2_0_3;
			sum8_3 += x18_1 * w2_1_3;
			sum8_3 += x18_2 * w2_2_3;
			sum9_3 += x18_0 * w0_0_3;
			sum9_3 += x18_1 * w0_1_3;
			sum9_3 += x18_2 * w0_2_3;
			sum9_3 += x19_0 * w1_0_3;
			sum9_3 += x19_1 * w1_1_3;
			sum9_3 += x19_2 * w1_2_3;
			sum9_3 += x20_0 * w2_0_3;
			sum9_3 += x20_1 * w2_1_3;
			sum9_3 += x20_2 * w2_2_3;
			sum10_3 += x20_0 * w0_0_3;
			sum10_3 += x20_1 * w0_1_3;
			sum10_3 += x20_2 * w0_2_3;
			sum10_3 += x21_0 * w1_0_3;
			sum10_3 += x21_1 * w1_1_3;
			sum10_3 += x21_2 * w1_2_3;
			sum10_3 += x22_0 * w2_0_3;
			sum10_3 += x22_1 * w2_1_3;
			sum10_3 += x22_2 * w2_2_3;
			sum11_3 += x22_0 * w0_0_3;
			sum11_3 += x22_1 * w0_1_3;
			sum11_3 += x22_2 * w0_2_3;
			sum11_3 += x23_0 * w1_0_3;
			sum11_3 += x23_1 * w1_1_3;
			sum11_3 += x23_2 * w1_2_3;
			sum11_3 += x24_0 * w2_0_3;
			sum11_3 += x24_1 * w2_1_3;
			sum11_3 += x24_2 * w2_2_3;
			sum12_3 += x24_0 * w0_0_3;
			sum12_3 += x24_1 * w0_1_3;
			sum12_3 += x24_2 * w0_2_3;
			sum12_3 += x25_0 * w1_0_3;
			sum12_3 += x25_1 * w1_1_3;
			sum12_3 += x25_2 * w1_2_3;
			sum12_3 += x26_0 * w2_0_3;
			sum12_3 += x26_1 * w2_1_3;
			sum12_3 += x26_2 * w2_2_3;
			sum13_3 += x26_0 * w0_0_3;
			sum13_3 += x26_1 * w0_1_3;
			sum13_3 += x26_2 * w0_2_3;
			sum13_3 += x27_0 * w1_0_3;
			sum13_3 += x27_1 * w1_1_3;
			sum13_3 += x27_2 * w1_2_3;
			sum13_3 += x28_0 * w2_0_3;
			sum13_3 += x28_1 * w2_1_3;
			sum13_3 += x28_2 * w2_2_3;
			sum14_3 += x28_0 * w0_0_3;
			sum14_3 += x28_1 * w0_1_3;
			sum14_3 += x28_2 * w0_2_3;
			sum14_3 += x29_0 * w1_0_3;
			sum14_3 += x29_1 * w1_1_3;
			sum14_3 += x29_2 * w1_2_3;
			sum14_3 += x30_0 * w2_0_3;
			sum14_3 += x30_1 * w2_1_3;
			sum14_3 += x30_2 * w2_2_3;
			sum15_3 += x30_0 * w0_0_3;
			sum15_3 += x30_1 * w0_1_3;
			sum15_3 += x30_2 * w0_2_3;
			sum15_3 += x31_0 * w1_0_3;
			sum15_3 += x31_1 * w1_1_3;
			sum15_3 += x31_2 * w1_2_3;
			sum15_3 += x32_0 * w2_0_3;
			sum15_3 += x32_1 * w2_1_3;
			sum15_3 += x32_2 * w2_2_3;
		}
		put(at, down, 0u, 0u, sum0_0);
		put(at, down, 0u, 1u, sum0_1);
		put(at, down, 0u, 2u, sum0_2);
		put(at, down, 0u, 3u, sum0_3);
		put(at, down, 1u, 0u, sum1_0);
		put(at, down, 1u, 1u, sum1_1);
		put(at, down, 1u, 2u, sum1_2);
		put(at, down, 1u, 3u, sum1_3);
		put(at, down, 2u, 0u, sum2_0);
		put(at, down, 2u, 1u, sum2_1);
		put(at, down, 2u, 2u, sum2_2);
		put(at, down, 2u, 3u, sum2_3);
		put(at, down, 3u, 0u, sum3_0);
		put(at, down, 3u, 1u, sum3_1);
		put(at, down, 3u, 2u, sum3_2);
		put(at, down, 3u, 3u, sum3_3);
		put(at, down, 4u, 0u, sum4_0);
		put(at, down, 4u, 1u, sum4_1);
		put(at, down, 4u, 2u, sum4_2);
		put(at, down, 4u, 3u, sum4_3);
		put(at, down, 5u, 0u, sum5_0);
		put(at, down, 5u, 1u, sum5_1);
		put(at, down, 5u, 2u, sum5_2);
		put(at, down, 5u, 3u, sum5_3);
		put(at, down, 6u, 0u, sum6_0);
		put(at, down, 6u, 1u, sum6_1);
		put(at, down, 6u, 2u, sum6_2);
		put(at, down, 6u, 3u, sum6_3);
		put(at, down, 7u, 0u, sum7_0);
		put(at, down, 7u, 1u, sum7_1);
		put(at, down, 7u, 2u, sum7_2);
		put(at, down, 7u, 3u, sum7_3);
		put(at, down, 8u, 0u, sum8_0);
		put(at, down, 8u, 1u, sum8_1);
		put(at, down, 8u, 2u, sum8_2);
		put(at, down, 8u, 3u, sum8_3);
		put(at, down, 9u, 0u, sum9_0);
		put(at, down, 9u, 1u, sum9_1);
		put(at, down, 9u, 2u, sum9_2);
		put(at, down, 9u, 3u, sum9_3);
		put(at, down, 10u, 0u, sum10_0);
		put(at, down, 10u, 1u, sum10_1);
		put(at, down, 10u, 2u, sum10_2);
		put(at, down, 10u, 3u, sum10_3);
		put(at, down, 11u, 0u, sum11_0);
		put(at, down, 11u, 1u, sum11_1);
		put(at, down, 11u, 2u, sum11_2);
		put(at, down, 11u, 3u, sum11_3);
		put(at, down, 12u, 0u, sum12_0);
		put(at, down, 12u, 1u, sum12_1);
		put(at, down, 12u, 2u, sum12_2);
		put(at, down, 12u, 3u, sum12_3);
		put(at, down, 13u, 0u, sum13_0);
		put(at, down, 13u, 1u, sum13_1);
		put(at, down, 13u, 2u, sum13_2);
		put(at, down, 13u, 3u, sum13_3);
		put(at, down, 14u, 0u, sum14_0);
		put(at, down, 14u, 1u, sum14_1);
		put(at, down, 14u, 2u, sum14_2);
		put(at, down, 14u, 3u, sum14_3);
		put(at, down, 15u, 0u, sum15_0);
		put(at, down, 15u, 1u, sum15_1);
		put(at, down, 15u, 2u, sum15_2);
		put(at, down, 15u, 3u, sum15_3);
	}
	finish_all(at);
}
