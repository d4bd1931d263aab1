// A depthwise separable convolution: a depthwise layer and the 1x1 layer behind it. A workgroup computes tiles of V as
// shared.wgsl does, 64 neurons of each of 64 depth slices, a thread 8 of 8. What shared.wgsl loads of
// X, this one computes: 16 depth slices of the depthwise layer a step, which are in workgroup memory alone.
// The parameters have the windows of the depthwise layer, and the channels of the 1x1 layer, whose filters are packed
// as for shared.wgsl. The CPU twin is cpuref/separable.go.

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
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
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
// For each four channels the depthwise layer's weights, tap by tap, its biases, and between what it holds its outputs.
@group(0) @binding(7) var<storage, read> depthwise: array<vec4<f32>>;

fn load(i: u32) -> vec4<f32> {
	return x[i];
}

// What the kernels that compute tiles of V share. V is taken for a matrix with a row for each (image, z,
// y, x), a pixel, and a column for each depth slice; tiles of one group do not reach into the next.

struct Tile {
	pixel: u32, // the first one
	channel: u32, // the first depth slice, in its group
	group: u32,
	column: u32, // the tile's among those of all groups, which is the number of its block of packed weights
	split: u32, // of the input channels, of which there are p.split_k: each adds up for itself
	inside: bool, // false for workgroups that a folded grid leaves over
}

// locate finds the tile of a workgroup; tiles beside each other in memory come one after the other.
fn locate(workgroup: u32, tile_pixels: u32, tile_channels: u32) -> Tile {
	let pixels = p.images * p.out_size.x * p.out_size.y * p.out_size.z;
	let rows = (pixels + tile_pixels - 1u) / tile_pixels;
	let columns = (p.group_outputs + tile_channels - 1u) / tile_channels; // of a group
	var tile: Tile;
	tile.column = p.first_column + workgroup / rows % p.columns;
	tile.pixel = workgroup % rows * tile_pixels;
	tile.channel = tile.column % columns * tile_channels;
	tile.group = tile.column / columns;
	tile.split = workgroup / rows / p.columns;
	tile.inside = tile.split < p.split_k;
	return tile;
}

// window is the corner of a pixel's window in the padded input, as from_padded takes it.
fn window(pixel: u32) -> vec3<i32> {
	let o = unflat(pixel % (p.out_size.x * p.out_size.y * p.out_size.z), p.out_size);
	return vec3<i32>(o * p.stride) - vec3<i32>(p.pad);
}

// image is the first position of a pixel's image in X.
fn image(pixel: u32) -> u32 {
	return pixel / (p.out_size.x * p.out_size.y * p.out_size.z) * p.in_size.x * p.in_size.y * p.in_size.z;
}

fn source(start: vec3<i32>, f: vec3<u32>) -> vec3<u32> {
	return from_padded(start + vec3<i32>(f * p.dilation));
}

// next is the tap behind f.
fn next(f: vec3<u32>) -> vec3<u32> {
	var n = vec3<u32>(f.x, f.y, f.z + 1u);
	if n.z == p.filter_size.z {
		n = vec3<u32>(f.x, f.y + 1u, 0u);
	}
	if n.y == p.filter_size.y {
		n = vec3<u32>(f.x + 1u, 0u, 0u);
	}
	return n;
}

// slice is the first depth slice of a tile among those of all groups.
fn slice(tile: Tile) -> u32 {
	return tile.group * p.group_outputs + tile.channel;
}

// Row is where a thread's depth slices of one pixel stand in V, and how many of them there are: none
// outside of V. The sums of split-K stand one V after the other, which then is no wider one. Both are counted as v's
// elements.
struct Row {
	first: u32,
	count: u32,
}

fn row(tile: Tile, pixel: u32, channels: u32) -> Row {
	let pixels = p.images * p.out_size.x * p.out_size.y * p.out_size.z;
	let inside = tile.inside & (pixel < pixels) & (tile.channel < p.group_outputs);
	let first = tile.split * p.outputs + v_at(pixel, slice(tile));
	return Row(first / STORED, select(0u, min(p.group_outputs - tile.channel, channels), inside) / STORED);
}

// biases are what the sums of four depth slices begin with. Whoever adds up the sums of split-K adds them.
fn biases(tile: Tile, four: u32) -> vec4<f32> {
	let first = slice(tile) + 4u * four;
	return select(vec4<f32>(b[first], b[first + 1u], b[first + 2u], b[first + 3u]), vec4<f32>(), p.split_k > 1u);
}

// write writes the sums of four depth slices.
fn write(to: Row, four: u32, sums: vec4<f32>) {
	if four < to.count {
		store(to.first + four, sums);
	}
}

// finish_all applies the epilogue to what this thread has written. A copy of it for every number in
// registers would take compilers very long.
fn finish_all(tile: Tile, first: u32, pixels: u32, channels: u32) {
	if p.split_k > 1u || (p.activation == 0u && p.residual == 0u) {
		return;
	}
	for (var n = 0u; n < pixels; n++) {
		let to = row(tile, first + n, channels);
		let k = slice(tile);
		let r = r_at(first + n, k);
		for (var i = 0u; i < to.count; i++) {
			finish_at(to.first + i, k + i * STORED, r + i * STORED);
		}
	}
}

const ROWS: u32 = 64u;
const COLUMNS: u32 = 64u;
const DEPTH: u32 = 16u;
const THREADS: u32 = 64u;
const LOADERS: u32 = DEPTH / 4u; // threads that compute one neuron's channels

// The fragment behind the last step's stays empty: without it neighbours would lie in one memory bank.
var<workgroup> xs: array<array<mat2x4<f32>, 17>, 8>; // [neuron / 8][channel]
var<workgroup> ws: array<array<mat2x4<f32>, 17>, 8>; // [depth slice / 8][channel]

struct Neurons { // four of the depthwise layer's beside each other, of four depth slices
	n0: vec4<f32>,
	n1: vec4<f32>,
	n2: vec4<f32>,
	n3: vec4<f32>,
}

// limited is z held between low and high. NaN stays.
fn limited(z: vec4<f32>, low: vec4<f32>, high: vec4<f32>) -> vec4<f32> {
	let size = bitcast<vec4<u32>>(z) & vec4<u32>(0x7fffffffu);
	return select(min(max(z, low), high), z, size > vec4<u32>(0x7f800000u));
}

// neurons computes those from the given pixel on. Behind the last channel they are 0. Windows that begin before the
// input are wrapped around to large numbers, from which taps step back to it.
fn neurons(pixel: u32, channel: u32) -> Neurons {
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	let weights = channel / 4u * (taps + 3u);
	let step = p.x_pitch / 4u;
	let start0 = vec3<u32>(window(pixel + 0u));
	let i0 = (image(pixel + 0u) + flat(start0, p.in_size)) * step + (p.x_first + channel) / 4u;
	var sum0 = depthwise[weights + taps];
	let start1 = vec3<u32>(window(pixel + 1u));
	let i1 = (image(pixel + 1u) + flat(start1, p.in_size)) * step + (p.x_first + channel) / 4u;
	var sum1 = depthwise[weights + taps];
	let start2 = vec3<u32>(window(pixel + 2u));
	let i2 = (image(pixel + 2u) + flat(start2, p.in_size)) * step + (p.x_first + channel) / 4u;
	var sum2 = depthwise[weights + taps];
	let start3 = vec3<u32>(window(pixel + 3u));
	let i3 = (image(pixel + 3u) + flat(start3, p.in_size)) * step + (p.x_first + channel) / 4u;
	var sum3 = depthwise[weights + taps];
	var f = vec3<u32>();
	for (var tap = 0u; tap < taps; tap++) {
		let weight = depthwise[weights + tap];
		let more = f * p.dilation;
		let further = flat(more, p.in_size) * step;
		sum0 += weight * select(vec4<f32>(), load(i0 + further), all(start0 + more < p.in_size));
		sum1 += weight * select(vec4<f32>(), load(i1 + further), all(start1 + more < p.in_size));
		sum2 += weight * select(vec4<f32>(), load(i2 + further), all(start2 + more < p.in_size));
		sum3 += weight * select(vec4<f32>(), load(i3 + further), all(start3 + more < p.in_size));
		f = next(f);
	}
	let low = depthwise[weights + taps + 1u];
	let high = depthwise[weights + taps + 2u];
	let some = channel < p.group_inputs;
	return Neurons(
		select(vec4<f32>(), limited(sum0, low, high), some),
		select(vec4<f32>(), limited(sum1, low, high), some),
		select(vec4<f32>(), limited(sum2, low, high), some),
		select(vec4<f32>(), limited(sum3, low, high), some),
	);
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let tile = locate(workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z), ROWS, COLUMNS);
	// What this thread computes of the depthwise layer: channels from lane on, of the neurons in four rows of the tile
	// at a time; and what it loads of the weights: four depth slices.
	let lane = thread % LOADERS * 4u;
	let row0 = thread / LOADERS * 4u;
	let slices = thread % (COLUMNS / 4u);
	let step = thread / (COLUMNS / 4u);
	let first_row = thread / (COLUMNS / 8u);
	let first_column = thread % (COLUMNS / 8u);
	var sum0_0 = vec4<f32>();
	var sum0_1 = vec4<f32>();
	var sum1_0 = vec4<f32>();
	var sum1_1 = vec4<f32>();
	var sum2_0 = vec4<f32>();
	var sum2_1 = vec4<f32>();
	var sum3_0 = vec4<f32>();
	var sum3_1 = vec4<f32>();
	var sum4_0 = vec4<f32>();
	var sum4_1 = vec4<f32>();
	var sum5_0 = vec4<f32>();
	var sum5_1 = vec4<f32>();
	var sum6_0 = vec4<f32>();
	var sum6_1 = vec4<f32>();
	var sum7_0 = vec4<f32>();
	var sum7_1 = vec4<f32>();

	let steps = (p.group_inputs + DEPTH - 1u) / DEPTH;
	var weight = tile.column * steps * (DEPTH * COLUMNS / 4u) + thread;
	for (var c = 0u; c < steps; c++) {
		let x0 = neurons(tile.pixel + row0, c * DEPTH + lane);
		let w0 = w[weight];
		let w1 = w[weight + 1u * THREADS];
		let w2 = w[weight + 2u * THREADS];
		let w3 = w[weight + 3u * THREADS];
		weight += DEPTH * COLUMNS / 4u;
		// All threads are done with what was stored before.
		workgroupBarrier();
		xs[row0 / 8u][lane + 0u][row0 / 4u % 2u] = vec4<f32>(x0.n0.x, x0.n1.x, x0.n2.x, x0.n3.x);
		xs[row0 / 8u][lane + 1u][row0 / 4u % 2u] = vec4<f32>(x0.n0.y, x0.n1.y, x0.n2.y, x0.n3.y);
		xs[row0 / 8u][lane + 2u][row0 / 4u % 2u] = vec4<f32>(x0.n0.z, x0.n1.z, x0.n2.z, x0.n3.z);
		xs[row0 / 8u][lane + 3u][row0 / 4u % 2u] = vec4<f32>(x0.n0.w, x0.n1.w, x0.n2.w, x0.n3.w);
		ws[slices / 2u][step][slices % 2u] = w0;
		ws[slices / 2u][step + 1u * (THREADS * 4u / COLUMNS)][slices % 2u] = w1;
		ws[slices / 2u][step + 2u * (THREADS * 4u / COLUMNS)][slices % 2u] = w2;
		ws[slices / 2u][step + 3u * (THREADS * 4u / COLUMNS)][slices % 2u] = w3;
		workgroupBarrier();
		{
			let xf = xs[first_row][0];
			let wf = ws[first_column][0];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][1];
			let wf = ws[first_column][1];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][2];
			let wf = ws[first_column][2];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][3];
			let wf = ws[first_column][3];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][4];
			let wf = ws[first_column][4];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][5];
			let wf = ws[first_column][5];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][6];
			let wf = ws[first_column][6];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][7];
			let wf = ws[first_column][7];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][8];
			let wf = ws[first_column][8];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][9];
			let wf = ws[first_column][9];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][10];
			let wf = ws[first_column][10];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][11];
			let wf = ws[first_column][11];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][12];
			let wf = ws[first_column][12];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][13];
			let wf = ws[first_column][13];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][14];
			let wf = ws[first_column][14];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
		{
			let xf = xs[first_row][15];
			let wf = ws[first_column][15];
			sum0_0 += xf[0].x * wf[0];
			sum0_1 += xf[0].x * wf[1];
			sum1_0 += xf[0].y * wf[0];
			sum1_1 += xf[0].y * wf[1];
			sum2_0 += xf[0].z * wf[0];
			sum2_1 += xf[0].z * wf[1];
			sum3_0 += xf[0].w * wf[0];
			sum3_1 += xf[0].w * wf[1];
			sum4_0 += xf[1].x * wf[0];
			sum4_1 += xf[1].x * wf[1];
			sum5_0 += xf[1].y * wf[0];
			sum5_1 += xf[1].y * wf[1];
			sum6_0 += xf[1].z * wf[0];
			sum6_1 += xf[1].z * wf[1];
			sum7_0 += xf[1].w * wf[0];
			sum7_1 += xf[1].w * wf[1];
		}
	}

	let first = tile.pixel + 8u * first_row;
	var mine = tile;
	mine.channel += 8u * first_column;
	let bias0 = biases(mine, 0u);
	let bias1 = biases(mine, 1u);
	let to0 = row(mine, first + 0u, 8u);
	write(to0, 0u, sum0_0 + bias0);
	write(to0, 1u, sum0_1 + bias1);
	let to1 = row(mine, first + 1u, 8u);
	write(to1, 0u, sum1_0 + bias0);
	write(to1, 1u, sum1_1 + bias1);
	let to2 = row(mine, first + 2u, 8u);
	write(to2, 0u, sum2_0 + bias0);
	write(to2, 1u, sum2_1 + bias1);
	let to3 = row(mine, first + 3u, 8u);
	write(to3, 0u, sum3_0 + bias0);
	write(to3, 1u, sum3_1 + bias1);
	let to4 = row(mine, first + 4u, 8u);
	write(to4, 0u, sum4_0 + bias0);
	write(to4, 1u, sum4_1 + bias1);
	let to5 = row(mine, first + 5u, 8u);
	write(to5, 0u, sum5_0 + bias0);
	write(to5, 1u, sum5_1 + bias1);
	let to6 = row(mine, first + 6u, 8u);
	write(to6, 0u, sum6_0 + bias0);
	write(to6, 1u, sum6_1 + bias1);
	let to7 = row(mine, first + 7u, 8u);
	write(to7, 0u, sum7_0 + bias0);
	write(to7, 1u, sum7_1 + bias1);
	finish_all(mine, first, 8u, 8u);
}
