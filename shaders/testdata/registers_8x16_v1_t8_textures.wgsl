// An implicit GEMM in registers: one thread computes 8 neurons of each of 16 depth slices. All threads of a
// workgroup have the same depth slices, so that the address of a weight is equal for the whole workgroup.
// Filters are packed in blocks of a workgroup's depth slices, depth slice innermost: see pack in package
// host. The CPU twin is cpuref/conv.go.

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
@group(0) @binding(6) var<storage, read_write> v: array<f32>;

fn store(i: u32, z: f32) {
	v[i] = z;
}

const STORED: u32 = 1u; // depth slices that are stored at once

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
	v[i] = finish(v[i], k, r);
}

// load gives number i of X.
fn load(i: u32) -> f32 {
	let four = i >> 2u;
	return textureLoad(x, vec2<u32>(four & 1023u, four >> 10u))[i & 3u];
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
	for (var i = 4u * four; i < min(4u * four + 4u, to.count); i++) {
		store(to.first + i, sums[i % 4u]);
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

const THREADS: u32 = 8u;
const PIXELS: u32 = 8u;
const CHANNELS: u32 = 16u;
const COLUMNS: u32 = 16u; // depth slices of a workgroup
const VECTOR: u32 = 1u; // input channels that are loaded at once

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let tile = locate(workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z), THREADS * PIXELS, COLUMNS);
	let first = tile.pixel + thread * PIXELS;
	let start0 = window(first + 0u);
	let image0 = image(first + 0u);
	let start1 = window(first + 1u);
	let image1 = image(first + 1u);
	let start2 = window(first + 2u);
	let image2 = image(first + 2u);
	let start3 = window(first + 3u);
	let image3 = image(first + 3u);
	let start4 = window(first + 4u);
	let image4 = image(first + 4u);
	let start5 = window(first + 5u);
	let image5 = image(first + 5u);
	let start6 = window(first + 6u);
	let image6 = image(first + 6u);
	let start7 = window(first + 7u);
	let image7 = image(first + 7u);
	let bias0 = biases(tile, 0u);
	let bias1 = biases(tile, 1u);
	let bias2 = biases(tile, 2u);
	let bias3 = biases(tile, 3u);
	var sum0_0 = bias0;
	var sum0_1 = bias1;
	var sum0_2 = bias2;
	var sum0_3 = bias3;
	var sum1_0 = bias0;
	var sum1_1 = bias1;
	var sum1_2 = bias2;
	var sum1_3 = bias3;
	var sum2_0 = bias0;
	var sum2_1 = bias1;
	var sum2_2 = bias2;
	var sum2_3 = bias3;
	var sum3_0 = bias0;
	var sum3_1 = bias1;
	var sum3_2 = bias2;
	var sum3_3 = bias3;
	var sum4_0 = bias0;
	var sum4_1 = bias1;
	var sum4_2 = bias2;
	var sum4_3 = bias3;
	var sum5_0 = bias0;
	var sum5_1 = bias1;
	var sum5_2 = bias2;
	var sum5_3 = bias3;
	var sum6_0 = bias0;
	var sum6_1 = bias1;
	var sum6_2 = bias2;
	var sum6_3 = bias3;
	var sum7_0 = bias0;
	var sum7_1 = bias1;
	var sum7_2 = bias2;
	var sum7_3 = bias3;

	let columns = p.group_inputs / VECTOR;
	let begin = tile.split * columns / p.split_k;
	let end = (tile.split + 1u) * columns / p.split_k;
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	var f = vec3<u32>();
	for (var tap = 0u; tap < taps; tap++) {
		let from0 = source(start0, f);
		let inside0 = all(from0 < p.in_size);
		let pixel0 = image0 + flat(from0, p.in_size);
		let column0 = select(0u, x_at(pixel0, tile.group * p.group_inputs) / VECTOR, inside0);
		let from1 = source(start1, f);
		let inside1 = all(from1 < p.in_size);
		let pixel1 = image1 + flat(from1, p.in_size);
		let column1 = select(0u, x_at(pixel1, tile.group * p.group_inputs) / VECTOR, inside1);
		let from2 = source(start2, f);
		let inside2 = all(from2 < p.in_size);
		let pixel2 = image2 + flat(from2, p.in_size);
		let column2 = select(0u, x_at(pixel2, tile.group * p.group_inputs) / VECTOR, inside2);
		let from3 = source(start3, f);
		let inside3 = all(from3 < p.in_size);
		let pixel3 = image3 + flat(from3, p.in_size);
		let column3 = select(0u, x_at(pixel3, tile.group * p.group_inputs) / VECTOR, inside3);
		let from4 = source(start4, f);
		let inside4 = all(from4 < p.in_size);
		let pixel4 = image4 + flat(from4, p.in_size);
		let column4 = select(0u, x_at(pixel4, tile.group * p.group_inputs) / VECTOR, inside4);
		let from5 = source(start5, f);
		let inside5 = all(from5 < p.in_size);
		let pixel5 = image5 + flat(from5, p.in_size);
		let column5 = select(0u, x_at(pixel5, tile.group * p.group_inputs) / VECTOR, inside5);
		let from6 = source(start6, f);
		let inside6 = all(from6 < p.in_size);
		let pixel6 = image6 + flat(from6, p.in_size);
		let column6 = select(0u, x_at(pixel6, tile.group * p.group_inputs) / VECTOR, inside6);
		let from7 = source(start7, f);
		let inside7 = all(from7 < p.in_size);
		let pixel7 = image7 + flat(from7, p.in_size);
		let column7 = select(0u, x_at(pixel7, tile.group * p.group_inputs) / VECTOR, inside7);
		let channel = (tile.column * taps + tap) * p.group_inputs + begin * VECTOR;
		var weight = channel * (COLUMNS / 4u);
		for (var c = begin; c < end; c++) {
			let w0_0 = weigh(weight + 0u);
			let w0_1 = weigh(weight + 1u);
			let w0_2 = weigh(weight + 2u);
			let w0_3 = weigh(weight + 3u);
			// A sum gets all that there is for it at once: where registers are few it is moved to and fro but once.
			let x0 = select(f32(), load(column0 + c), inside0);
			sum0_0 += x0 * w0_0;
			sum0_1 += x0 * w0_1;
			sum0_2 += x0 * w0_2;
			sum0_3 += x0 * w0_3;
			let x1 = select(f32(), load(column1 + c), inside1);
			sum1_0 += x1 * w0_0;
			sum1_1 += x1 * w0_1;
			sum1_2 += x1 * w0_2;
			sum1_3 += x1 * w0_3;
			let x2 = select(f32(), load(column2 + c), inside2);
			sum2_0 += x2 * w0_0;
			sum2_1 += x2 * w0_1;
			sum2_2 += x2 * w0_2;
			sum2_3 += x2 * w0_3;
			let x3 = select(f32(), load(column3 + c), inside3);
			sum3_0 += x3 * w0_0;
			sum3_1 += x3 * w0_1;
			sum3_2 += x3 * w0_2;
			sum3_3 += x3 * w0_3;
			let x4 = select(f32(), load(column4 + c), inside4);
			sum4_0 += x4 * w0_0;
			sum4_1 += x4 * w0_1;
			sum4_2 += x4 * w0_2;
			sum4_3 += x4 * w0_3;
			let x5 = select(f32(), load(column5 + c), inside5);
			sum5_0 += x5 * w0_0;
			sum5_1 += x5 * w0_1;
			sum5_2 += x5 * w0_2;
			sum5_3 += x5 * w0_3;
			let x6 = select(f32(), load(column6 + c), inside6);
			sum6_0 += x6 * w0_0;
			sum6_1 += x6 * w0_1;
			sum6_2 += x6 * w0_2;
			sum6_3 += x6 * w0_3;
			let x7 = select(f32(), load(column7 + c), inside7);
			sum7_0 += x7 * w0_0;
			sum7_1 += x7 * w0_1;
			sum7_2 += x7 * w0_2;
			sum7_3 += x7 * w0_3;
			weight += VECTOR * COLUMNS / 4u;
		}
		f = next(f);
	}

	let to0 = row(tile, first + 0u, CHANNELS);
	write(to0, 0u, sum0_0);
	write(to0, 1u, sum0_1);
	write(to0, 2u, sum0_2);
	write(to0, 3u, sum0_3);
	let to1 = row(tile, first + 1u, CHANNELS);
	write(to1, 0u, sum1_0);
	write(to1, 1u, sum1_1);
	write(to1, 2u, sum1_2);
	write(to1, 3u, sum1_3);
	let to2 = row(tile, first + 2u, CHANNELS);
	write(to2, 0u, sum2_0);
	write(to2, 1u, sum2_1);
	write(to2, 2u, sum2_2);
	write(to2, 3u, sum2_3);
	let to3 = row(tile, first + 3u, CHANNELS);
	write(to3, 0u, sum3_0);
	write(to3, 1u, sum3_1);
	write(to3, 2u, sum3_2);
	write(to3, 3u, sum3_3);
	let to4 = row(tile, first + 4u, CHANNELS);
	write(to4, 0u, sum4_0);
	write(to4, 1u, sum4_1);
	write(to4, 2u, sum4_2);
	write(to4, 3u, sum4_3);
	let to5 = row(tile, first + 5u, CHANNELS);
	write(to5, 0u, sum5_0);
	write(to5, 1u, sum5_1);
	write(to5, 2u, sum5_2);
	write(to5, 3u, sum5_3);
	let to6 = row(tile, first + 6u, CHANNELS);
	write(to6, 0u, sum6_0);
	write(to6, 1u, sum6_1);
	write(to6, 2u, sum6_2);
	write(to6, 3u, sum6_3);
	let to7 = row(tile, first + 7u, CHANNELS);
	write(to7, 0u, sum7_0);
	write(to7, 1u, sum7_1);
	write(to7, 2u, sum7_2);
	write(to7, 3u, sum7_3);
	finish_all(tile, first, PIXELS, CHANNELS);
}
