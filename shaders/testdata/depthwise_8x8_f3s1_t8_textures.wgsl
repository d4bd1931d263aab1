// Filters 3x3 of stride 1 that slide: a thread computes 8 rows of 8
// neurons of 4 depth slices. It loads each X[x,y] under its windows once, and keeps the filters in registers.
// Each depth slice of V has its own of X.
// Padding is zero. The CPU twin is cpuref/conv.go.

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
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
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

fn load(i: u32) -> vec4<f32> {
	return textureLoad(x, vec2<u32>(i & 1023u, i >> 10u));
}

// What the kernels share in which a thread computes a strip of neurons, or several below each other, of
// a few depth slices. Neighbouring threads have neighbouring depth slices.

const THREADS: u32 = 8u;
const STRIP: u32 = 8u; // neurons along x
const ROWS: u32 = 8u; // along y
const CHANNELS: u32 = 4u; // depth slices

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

struct Taps { // a row of a filter
	w0: vec4<f32>,
	w1: vec4<f32>,
	w2: vec4<f32>,
}

struct Columns { // a row of X under the windows
	x0: vec4<f32>,
	x1: vec4<f32>,
	x2: vec4<f32>,
	x3: vec4<f32>,
	x4: vec4<f32>,
	x5: vec4<f32>,
	x6: vec4<f32>,
	x7: vec4<f32>,
	x8: vec4<f32>,
	x9: vec4<f32>,
}

struct Sums { // a row of neurons
	s0: vec4<f32>,
	s1: vec4<f32>,
	s2: vec4<f32>,
	s3: vec4<f32>,
	s4: vec4<f32>,
	s5: vec4<f32>,
	s6: vec4<f32>,
	s7: vec4<f32>,
}

fn taps(channel: u32, row: u32) -> Taps {
	let step = p.out_channels / 4u;
	let i = row * 3u * step + channel / 4u;
	return Taps(w[i], w[i + 1u * step], w[i + 2u * step], );
}

fn fetch(i: u32, inside: bool) -> vec4<f32> {
	return select(vec4<f32>(), load(i), inside);
}

// columns loads row y of X from the given column on. Both lie before X where they are wrapped around to
// large numbers.
fn columns(plane: Plane, y: u32, left: u32, channel: u32) -> Columns {
	let inside = plane.inside & (y < p.in_size.y);
	let step = p.x_pitch / 4u;
	let i = ((plane.first + y) * p.in_size.z + left) * step + channel / 4u;
	return Columns(
		fetch(i, inside & (left < p.in_size.z)),
		fetch(i + 1u * step, inside & (left + 1u < p.in_size.z)),
		fetch(i + 2u * step, inside & (left + 2u < p.in_size.z)),
		fetch(i + 3u * step, inside & (left + 3u < p.in_size.z)),
		fetch(i + 4u * step, inside & (left + 4u < p.in_size.z)),
		fetch(i + 5u * step, inside & (left + 5u < p.in_size.z)),
		fetch(i + 6u * step, inside & (left + 6u < p.in_size.z)),
		fetch(i + 7u * step, inside & (left + 7u < p.in_size.z)),
		fetch(i + 8u * step, inside & (left + 8u < p.in_size.z)),
		fetch(i + 9u * step, inside & (left + 9u < p.in_size.z)),
	);
}

fn add(sums: Sums, x: Columns, w: Taps) -> Sums {
	return Sums(
		sums.s0 + w.w0 * x.x0 + w.w1 * x.x1 + w.w2 * x.x2,
		sums.s1 + w.w0 * x.x1 + w.w1 * x.x2 + w.w2 * x.x3,
		sums.s2 + w.w0 * x.x2 + w.w1 * x.x3 + w.w2 * x.x4,
		sums.s3 + w.w0 * x.x3 + w.w1 * x.x4 + w.w2 * x.x5,
		sums.s4 + w.w0 * x.x4 + w.w1 * x.x5 + w.w2 * x.x6,
		sums.s5 + w.w0 * x.x5 + w.w1 * x.x6 + w.w2 * x.x7,
		sums.s6 + w.w0 * x.x6 + w.w1 * x.x7 + w.w2 * x.x8,
		sums.s7 + w.w0 * x.x7 + w.w1 * x.x8 + w.w2 * x.x9,
	);
}

// write writes a row of neurons, with an address that steps from one to the next.
fn write(at: Strip, row: u32, sums: Sums) {
	let inside = has(at, row, 0u, 0u);
	let i = element(at, row, 0u, 0u) / 4u;
	let step = p.v_pitch / 4u;
	if inside {
		store(i, sums.s0);
	}
	if inside & (at.x + 1u < p.out_size.z) {
		store(i + 1u * step, sums.s1);
	}
	if inside & (at.x + 2u < p.out_size.z) {
		store(i + 2u * step, sums.s2);
	}
	if inside & (at.x + 3u < p.out_size.z) {
		store(i + 3u * step, sums.s3);
	}
	if inside & (at.x + 4u < p.out_size.z) {
		store(i + 4u * step, sums.s4);
	}
	if inside & (at.x + 5u < p.out_size.z) {
		store(i + 5u * step, sums.s5);
	}
	if inside & (at.x + 6u < p.out_size.z) {
		store(i + 6u * step, sums.s6);
	}
	if inside & (at.x + 7u < p.out_size.z) {
		store(i + 7u * step, sums.s7);
	}
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let at = locate((workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread);
	let plane = from_plane(at.plane);
	let top = at.y * 1u - p.pad.y;
	let left = at.x * 1u - p.pad.z;
	let input = p.x_first + at.channel;
	let w0 = taps(at.channel, 0u);
	let w1 = taps(at.channel, 1u);
	let w2 = taps(at.channel, 2u);
	let bias = biases(at.channel);
	let none = Sums(bias, bias, bias, bias, bias, bias, bias, bias, );
	var sums0 = none;
	var sums1 = none;
	var sums2 = none;
	// Each round loads the rows of X that the next row of windows goes down by. Windows that began
	// 2 rounds ago end.
	for (var n = 0u; n < ROWS + 2u; n++) {
		let x0 = columns(plane, top + n * 1u, left, input);
		sums0 = add(sums0, x0, w0);
		sums1 = add(sums1, x0, w1);
		sums2 = add(sums2, x0, w2);
		if n >= 2u {
			write(at, n - 2u, sums2);
		}
		sums2 = sums1;
		sums1 = sums0;
		sums0 = none;
	}
	finish_all(at);
}
