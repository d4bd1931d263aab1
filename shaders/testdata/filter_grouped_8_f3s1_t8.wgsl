// The gradient with respect to 3x3 filters of stride 1 of groups with 4 input channels: a thread computes it for all
// taps of 4 depth slices, summed up over some rows of neurons. It goes down a strip of 8 neurons and loads
// each X[x,y] under their windows once. Sums that are split stand one dW after the other. Padding is zero. The
// CPU twin is cpuref/gradients.go.

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
@group(0) @binding(2) var<storage, read> dv: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

const THREADS: u32 = 8u;
const STRIP: u32 = 8u; // neurons along x

struct Row { // of X under the windows of a strip
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

fn fetch(i: u32, inside: bool) -> vec4<f32> {
	return select(vec4<f32>(), x[i], inside);
}

// load loads row y of a plane of X from column left on. Both lie before X where they are wrapped around to large
// numbers.
fn load(plane: u32, y: u32, left: u32, channel: u32, inside: bool) -> Row {
	let within = inside & (y < p.in_size.y);
	let i = x_at((plane * p.in_size.y + y) * p.in_size.z + left, channel) / 4u;
	let step = p.x_pitch / 4u;
	return Row(
		fetch(i, within & (left < p.in_size.z)),
		fetch(i + 1u * step, within & (left + 1u < p.in_size.z)),
		fetch(i + 2u * step, within & (left + 2u < p.in_size.z)),
		fetch(i + 3u * step, within & (left + 3u < p.in_size.z)),
		fetch(i + 4u * step, within & (left + 4u < p.in_size.z)),
		fetch(i + 5u * step, within & (left + 5u < p.in_size.z)),
		fetch(i + 6u * step, within & (left + 6u < p.in_size.z)),
		fetch(i + 7u * step, within & (left + 7u < p.in_size.z)),
		fetch(i + 8u * step, within & (left + 8u < p.in_size.z)),
		fetch(i + 9u * step, within & (left + 9u < p.in_size.z)),
	);
}

// neuron loads dV of four depth slices.
fn neuron(row: u32, column: u32, channel: u32) -> vec4<f32> {
	return select(vec4<f32>(), dv[v_at(row * p.out_size.z + column, channel) / 4u], column < p.out_size.z);
}

// put writes the sums of four weights, so many numbers apart.
fn put(to: u32, apart: u32, sums: vec4<f32>) {
	for (var i = 0u; i < 4u; i++) {
		dw[to + i * apart] = sums[i];
	}
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let unit = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	let fours = p.out_channels / 4u;
	let channel = unit % fours * 4u;
	let split = unit / fours;
	if split >= p.split_k {
		return;
	}
	let input = channel / p.group_outputs * 4u;
	var sum0_0_0 = vec4<f32>();
	var sum0_0_1 = vec4<f32>();
	var sum0_0_2 = vec4<f32>();
	var sum0_0_3 = vec4<f32>();
	var sum0_1_0 = vec4<f32>();
	var sum0_1_1 = vec4<f32>();
	var sum0_1_2 = vec4<f32>();
	var sum0_1_3 = vec4<f32>();
	var sum0_2_0 = vec4<f32>();
	var sum0_2_1 = vec4<f32>();
	var sum0_2_2 = vec4<f32>();
	var sum0_2_3 = vec4<f32>();
	var sum1_0_0 = vec4<f32>();
	var sum1_0_1 = vec4<f32>();
	var sum1_0_2 = vec4<f32>();
	var sum1_0_3 = vec4<f32>();
	var sum1_1_0 = vec4<f32>();
	var sum1_1_1 = vec4<f32>();
	var sum1_1_2 = vec4<f32>();
	var sum1_1_3 = vec4<f32>();
	var sum1_2_0 = vec4<f32>();
	var sum1_2_1 = vec4<f32>();
	var sum1_2_2 = vec4<f32>();
	var sum1_2_3 = vec4<f32>();
	var sum2_0_0 = vec4<f32>();
	var sum2_0_1 = vec4<f32>();
	var sum2_0_2 = vec4<f32>();
	var sum2_0_3 = vec4<f32>();
	var sum2_1_0 = vec4<f32>();
	var sum2_1_1 = vec4<f32>();
	var sum2_1_2 = vec4<f32>();
	var sum2_1_3 = vec4<f32>();
	var sum2_2_0 = vec4<f32>();
	var sum2_2_1 = vec4<f32>();
	var sum2_2_2 = vec4<f32>();
	var sum2_2_3 = vec4<f32>();

	let rows = p.images * p.out_size.x * p.out_size.y;
	let each = (rows + p.split_k - 1u) / p.split_k;
	let begin = min(split * each, rows);
	let end = min(begin + each, rows);
	for (var strip = 0u; strip < p.out_size.z; strip += STRIP) {
		let left = strip * 1u - p.pad.z;
		var row0 = Row();
		var row1 = Row();
		var row2 = Row();
		for (var row = begin; row < end; row++) {
			let z = row / p.out_size.y % p.out_size.x * p.stride.x - p.pad.x;
			let inside = z < p.in_size.x;
			let plane = row / p.out_size.y / p.out_size.x * p.in_size.x + z;
			let top = row % p.out_size.y * 1u - p.pad.y;
			// Windows keep rows of X that those above them had, where there are any.
			if row == begin || row % p.out_size.y == 0u {
				row0 = load(plane, top, left, input, inside);
				row1 = load(plane, top + 1u, left, input, inside);
			} else {
				row0 = row1;
				row1 = row2;
			}
			row2 = load(plane, top + 2u, left, input, inside);
			let d0 = neuron(row, strip, channel);
			let d1 = neuron(row, strip + 1u, channel);
			let d2 = neuron(row, strip + 2u, channel);
			let d3 = neuron(row, strip + 3u, channel);
			let d4 = neuron(row, strip + 4u, channel);
			let d5 = neuron(row, strip + 5u, channel);
			let d6 = neuron(row, strip + 6u, channel);
			let d7 = neuron(row, strip + 7u, channel);
			sum0_0_0 += d0.x * row0.x0;
			sum0_0_0 += d1.x * row0.x1;
			sum0_0_0 += d2.x * row0.x2;
			sum0_0_0 += d3.x * row0.x3;
			sum0_0_0 += d4.x * row0.x4;
			sum0_0_0 += d5.x * row0.x5;
			sum0_0_0 += d6.x * row0.x6;
			sum0_0_0 += d7.x * row0.x7;
			sum0_0_1 += d0.y * row0.x0;
			sum0_0_1 += d1.y * row0.x1;
			sum0_0_1 += d2.y * row0.x2;
			sum0_0_1 += d3.y * row0.x3;
			sum0_0_1 += d4.y * row0.x4;
			sum0_0_1 += d5.y * row0.x5;
			sum0_0_1 += d6.y * row0.x6;
			sum0_0_1 += d7.y * row0.x7;
			sum0_0_2 += d0.z * row0.x0;
			sum0_0_2 += d1.z * row0.x1;
			sum0_0_2 += d2.z * row0.x2;
			sum0_0_2 += d3.z * row0.x3;
			sum0_0_2 += d4.z * row0.x4;
			sum0_0_2 += d5.z * row0.x5;
			sum0_0_2 += d6.z * row0.x6;
			sum0_0_2 += d7.z * row0.x7;
			sum0_0_3 += d0.w * row0.x0;
			sum0_0_3 += d1.w * row0.x1;
			sum0_0_3 += d2.w * row0.x2;
			sum0_0_3 += d3.w * row0.x3;
			sum0_0_3 += d4.w * row0.x4;
			sum0_0_3 += d5.w * row0.x5;
			sum0_0_3 += d6.w * row0.x6;
			sum0_0_3 += d7.w * row0.x7;
			sum0_1_0 += d0.x * row0.x1;
			sum0_1_0 += d1.x * row0.x2;
			sum0_1_0 += d2.x * row0.x3;
			sum0_1_0 += d3.x * row0.x4;
			sum0_1_0 += d4.x * row0.x5;
			sum0_1_0 += d5.x * row0.x6;
			sum0_1_0 += d6.x * row0.x7;
			sum0_1_0 += d7.x * row0.x8;
			sum0_1_1 += d0.y * row0.x1;
			sum0_1_1 += d1.y * row0.x2;
			sum0_1_1 += d2.y * row0.x3;
			sum0_1_1 += d3.y * row0.x4;
			sum0_1_1 += d4.y * row0.x5;
			sum0_1_1 += d5.y * row0.x6;
			sum0_1_1 += d6.y * row0.x7;
			sum0_1_1 += d7.y * row0.x8;
			sum0_1_2 += d0.z * row0.x1;
			sum0_1_2 += d1.z * row0.x2;
			sum0_1_2 += d2.z * row0.x3;
			sum0_1_2 += d3.z * row0.x4;
			sum0_1_2 += d4.z * row0.x5;
			sum0_1_2 += d5.z * row0.x6;
			sum0_1_2 += d6.z * row0.x7;
			sum0_1_2 += d7.z * row0.x8;
			sum0_1_3 += d0.w * row0.x1;
			sum0_1_3 += d1.w * row0.x2;
			sum0_1_3 += d2.w * row0.x3;
			sum0_1_3 += d3.w * row0.x4;
			sum0_1_3 += d4.w * row0.x5;
			sum0_1_3 += d5.w * row0.x6;
			sum0_1_3 += d6.w * row0.x7;
			sum0_1_3 += d7.w * row0.x8;
			sum0_2_0 += d0.x * row0.x2;
			sum0_2_0 += d1.x * row0.x3;
			sum0_2_0 += d2.x * row0.x4;
			sum0_2_0 += d3.x * row0.x5;
			sum0_2_0 += d4.x * row0.x6;
			sum0_2_0 += d5.x * row0.x7;
			sum0_2_0 += d6.x * row0.x8;
			sum0_2_0 += d7.x * row0.x9;
			sum0_2_1 += d0.y * row0.x2;
			sum0_2_1 += d1.y * row0.x3;
			sum0_2_1 += d2.y * row0.x4;
			sum0_2_1 += d3.y * row0.x5;
			sum0_2_1 += d4.y * row0.x6;
			sum0_2_1 += d5.y * row0.x7;
			sum0_2_1 += d6.y * row0.x8;
			sum0_2_1 += d7.y * row0.x9;
			sum0_2_2 += d0.z * row0.x2;
			sum0_2_2 += d1.z * row0.x3;
			sum0_2_2 += d2.z * row0.x4;
			sum0_2_2 += d3.z * row0.x5;
			sum0_2_2 += d4.z * row0.x6;
			sum0_2_2 += d5.z * row0.x7;
			sum0_2_2 += d6.z * row0.x8;
			sum0_2_2 += d7.z * row0.x9;
			sum0_2_3 += d0.w * row0.x2;
			sum0_2_3 += d1.w * row0.x3;
			sum0_2_3 += d2.w * row0.x4;
			sum0_2_3 += d3.w * row0.x5;
			sum0_2_3 += d4.w * row0.x6;
			sum0_2_3 += d5.w * row0.x7;
			sum0_2_3 += d6.w * row0.x8;
			sum0_2_3 += d7.w * row0.x9;
			sum1_0_0 += d0.x * row1.x0;
			sum1_0_0 += d1.x * row1.x1;
			sum1_0_0 += d2.x * row1.x2;
			sum1_0_0 += d3.x * row1.x3;
			sum1_0_0 += d4.x * row1.x4;
			sum1_0_0 += d5.x * row1.x5;
			sum1_0_0 += d6.x * row1.x6;
			sum1_0_0 += d7.x * row1.x7;
			sum1_0_1 += d0.y * row1.x0;
			sum1_0_1 += d1.y * row1.x1;
			sum1_0_1 += d2.y * row1.x2;
			sum1_0_1 += d3.y * row1.x3;
			sum1_0_1 += d4.y * row1.x4;
			sum1_0_1 += d5.y * row1.x5;
			sum1_0_1 += d6.y * row1.x6;
			sum1_0_1 += d7.y * row1.x7;
			sum1_0_2 += d0.z * row1.x0;
			sum1_0_2 += d1.z * row1.x1;
			sum1_0_2 += d2.z * row1.x2;
			sum1_0_2 += d3.z * row1.x3;
			sum1_0_2 += d4.z * row1.x4;
			sum1_0_2 += d5.z * row1.x5;
			sum1_0_2 += d6.z * row1.x6;
			sum1_0_2 += d7.z * row1.x7;
			sum1_0_3 += d0.w * row1.x0;
			sum1_0_3 += d1.w * row1.x1;
			sum1_0_3 += d2.w * row1.x2;
			sum1_0_3 += d3.w * row1.x3;
			sum1_0_3 += d4.w * row1.x4;
			sum1_0_3 += d5.w * row1.x5;
			sum1_0_3 += d6.w * row1.x6;
			sum1_0_3 += d7.w * row1.x7;
			sum1_1_0 += d0.x * row1.x1;
			sum1_1_0 += d1.x * row1.x2;
			sum1_1_0 += d2.x * row1.x3;
			sum1_1_0 += d3.x * row1.x4;
			sum1_1_0 += d4.x * row1.x5;
			sum1_1_0 += d5.x * row1.x6;
			sum1_1_0 += d6.x * row1.x7;
			sum1_1_0 += d7.x * row1.x8;
			sum1_1_1 += d0.y * row1.x1;
			sum1_1_1 += d1.y * row1.x2;
			sum1_1_1 += d2.y * row1.x3;
			sum1_1_1 += d3.y * row1.x4;
			sum1_1_1 += d4.y * row1.x5;
			sum1_1_1 += d5.y * row1.x6;
			sum1_1_1 += d6.y * row1.x7;
			sum1_1_1 += d7.y * row1.x8;
			sum1_1_2 += d0.z * row1.x1;
			sum1_1_2 += d1.z * row1.x2;
			sum1_1_2 += d2.z * row1.x3;
			sum1_1_2 += d3.z * row1.x4;
			sum1_1_2 += d4.z * row1.x5;
			sum1_1_2 += d5.z * row1.x6;
			sum1_1_2 += d6.z * row1.x7;
			sum1_1_2 += d7.z * row1.x8;
			sum1_1_3 += d0.w * row1.x1;
			sum1_1_3 += d1.w * row1.x2;
			sum1_1_3 += d2.w * row1.x3;
			sum1_1_3 += d3.w * row1.x4;
			sum1_1_3 += d4.w * row1.x5;
			sum1_1_3 += d5.w * row1.x6;
			sum1_1_3 += d6.w * row1.x7;
			sum1_1_3 += d7.w * row1.x8;
			sum1_2_0 += d0.x * row1.x2;
			sum1_2_0 += d1.x * row1.x3;
			sum1_2_0 += d2.x * row1.x4;
			sum1_2_0 += d3.x * row1.x5;
			sum1_2_0 += d4.x * row1.x6;
			sum1_2_0 += d5.x * row1.x7;
			sum1_2_0 += d6.x * row1.x8;
			sum1_2_0 += d7.x * row1.x9;
			sum1_2_1 += d0.y * row1.x2;
			sum1_2_1 += d1.y * row1.x3;
			sum1_2_1 += d2.y * row1.x4;
			sum1_2_1 += d3.y * row1.x5;
			sum1_2_1 += d4.y * row1.x6;
			sum1_2_1 += d5.y * row1.x7;
			sum1_2_1 += d6.y * row1.x8;
			sum1_2_1 += d7.y * row1.x9;
			sum1_2_2 += d0.z * row1.x2;
			sum1_2_2 += d1.z * row1.x3;
			sum1_2_2 += d2.z * row1.x4;
			sum1_2_2 += d3.z * row1.x5;
			sum1_2_2 += d4.z * row1.x6;
			sum1_2_2 += d5.z * row1.x7;
			sum1_2_2 += d6.z * row1.x8;
			sum1_2_2 += d7.z * row1.x9;
			sum1_2_3 += d0.w * row1.x2;
			sum1_2_3 += d1.w * row1.x3;
			sum1_2_3 += d2.w * row1.x4;
			sum1_2_3 += d3.w * row1.x5;
			sum1_2_3 += d4.w * row1.x6;
			sum1_2_3 += d5.w * row1.x7;
			sum1_2_3 += d6.w * row1.x8;
			sum1_2_3 += d7.w * row1.x9;
			sum2_0_0 += d0.x * row2.x0;
			sum2_0_0 += d1.x * row2.x1;
			sum2_0_0 += d2.x * row2.x2;
			sum2_0_0 += d3.x * row2.x3;
			sum2_0_0 += d4.x * row2.x4;
			sum2_0_0 += d5.x * row2.x5;
			sum2_0_0 += d6.x * row2.x6;
			sum2_0_0 += d7.x * row2.x7;
			sum2_0_1 += d0.y * row2.x0;
			sum2_0_1 += d1.y * row2.x1;
			sum2_0_1 += d2.y * row2.x2;
			sum2_0_1 += d3.y * row2.x3;
			sum2_0_1 += d4.y * row2.x4;
			sum2_0_1 += d5.y * row2.x5;
			sum2_0_1 += d6.y * row2.x6;
			sum2_0_1 += d7.y * row2.x7;
			sum2_0_2 += d0.z * row2.x0;
			sum2_0_2 += d1.z * row2.x1;
			sum2_0_2 += d2.z * row2.x2;
			sum2_0_2 += d3.z * row2.x3;
			sum2_0_2 += d4.z * row2.x4;
			sum2_0_2 += d5.z * row2.x5;
			sum2_0_2 += d6.z * row2.x6;
			sum2_0_2 += d7.z * row2.x7;
			sum2_0_3 += d0.w * row2.x0;
			sum2_0_3 += d1.w * row2.x1;
			sum2_0_3 += d2.w * row2.x2;
			sum2_0_3 += d3.w * row2.x3;
			sum2_0_3 += d4.w * row2.x4;
			sum2_0_3 += d5.w * row2.x5;
			sum2_0_3 += d6.w * row2.x6;
			sum2_0_3 += d7.w * row2.x7;
			sum2_1_0 += d0.x * row2.x1;
			sum2_1_0 += d1.x * row2.x2;
			sum2_1_0 += d2.x * row2.x3;
			sum2_1_0 += d3.x * row2.x4;
			sum2_1_0 += d4.x * row2.x5;
			sum2_1_0 += d5.x * row2.x6;
			sum2_1_0 += d6.x * row2.x7;
			sum2_1_0 += d7.x * row2.x8;
			sum2_1_1 += d0.y * row2.x1;
			sum2_1_1 += d1.y * row2.x2;
			sum2_1_1 += d2.y * row2.x3;
			sum2_1_1 += d3.y * row2.x4;
			sum2_1_1 += d4.y * row2.x5;
			sum2_1_1 += d5.y * row2.x6;
			sum2_1_1 += d6.y * row2.x7;
			sum2_1_1 += d7.y * row2.x8;
			sum2_1_2 += d0.z * row2.x1;
			sum2_1_2 += d1.z * row2.x2;
			sum2_1_2 += d2.z * row2.x3;
			sum2_1_2 += d3.z * row2.x4;
			sum2_1_2 += d4.z * row2.x5;
			sum2_1_2 += d5.z * row2.x6;
			sum2_1_2 += d6.z * row2.x7;
			sum2_1_2 += d7.z * row2.x8;
			sum2_1_3 += d0.w * row2.x1;
			sum2_1_3 += d1.w * row2.x2;
			sum2_1_3 += d2.w * row2.x3;
			sum2_1_3 += d3.w * row2.x4;
			sum2_1_3 += d4.w * row2.x5;
			sum2_1_3 += d5.w * row2.x6;
			sum2_1_3 += d6.w * row2.x7;
			sum2_1_3 += d7.w * row2.x8;
			sum2_2_0 += d0.x * row2.x2;
			sum2_2_0 += d1.x * row2.x3;
			sum2_2_0 += d2.x * row2.x4;
			sum2_2_0 += d3.x * row2.x5;
			sum2_2_0 += d4.x * row2.x6;
			sum2_2_0 += d5.x * row2.x7;
			sum2_2_0 += d6.x * row2.x8;
			sum2_2_0 += d7.x * row2.x9;
			sum2_2_1 += d0.y * row2.x2;
			sum2_2_1 += d1.y * row2.x3;
			sum2_2_1 += d2.y * row2.x4;
			sum2_2_1 += d3.y * row2.x5;
			sum2_2_1 += d4.y * row2.x6;
			sum2_2_1 += d5.y * row2.x7;
			sum2_2_1 += d6.y * row2.x8;
			sum2_2_1 += d7.y * row2.x9;
			sum2_2_2 += d0.z * row2.x2;
			sum2_2_2 += d1.z * row2.x3;
			sum2_2_2 += d2.z * row2.x4;
			sum2_2_2 += d3.z * row2.x5;
			sum2_2_2 += d4.z * row2.x6;
			sum2_2_2 += d5.z * row2.x7;
			sum2_2_2 += d6.z * row2.x8;
			sum2_2_2 += d7.z * row2.x9;
			sum2_2_3 += d0.w * row2.x2;
			sum2_2_3 += d1.w * row2.x3;
			sum2_2_3 += d2.w * row2.x4;
			sum2_2_3 += d3.w * row2.x5;
			sum2_2_3 += d4.w * row2.x6;
			sum2_2_3 += d5.w * row2.x7;
			sum2_2_3 += d6.w * row2.x8;
			sum2_2_3 += d7.w * row2.x9;
		}
	}

	let to = split * p.outputs + channel * p.w_output;
	put(to, 1u, sum0_0_0);
	put(to + 1u * p.w_output, 1u, sum0_0_1);
	put(to + 2u * p.w_output, 1u, sum0_0_2);
	put(to + 3u * p.w_output, 1u, sum0_0_3);
	put(to + 4u, 1u, sum0_1_0);
	put(to + 1u * p.w_output + 4u, 1u, sum0_1_1);
	put(to + 2u * p.w_output + 4u, 1u, sum0_1_2);
	put(to + 3u * p.w_output + 4u, 1u, sum0_1_3);
	put(to + 8u, 1u, sum0_2_0);
	put(to + 1u * p.w_output + 8u, 1u, sum0_2_1);
	put(to + 2u * p.w_output + 8u, 1u, sum0_2_2);
	put(to + 3u * p.w_output + 8u, 1u, sum0_2_3);
	put(to + 12u, 1u, sum1_0_0);
	put(to + 1u * p.w_output + 12u, 1u, sum1_0_1);
	put(to + 2u * p.w_output + 12u, 1u, sum1_0_2);
	put(to + 3u * p.w_output + 12u, 1u, sum1_0_3);
	put(to + 16u, 1u, sum1_1_0);
	put(to + 1u * p.w_output + 16u, 1u, sum1_1_1);
	put(to + 2u * p.w_output + 16u, 1u, sum1_1_2);
	put(to + 3u * p.w_output + 16u, 1u, sum1_1_3);
	put(to + 20u, 1u, sum1_2_0);
	put(to + 1u * p.w_output + 20u, 1u, sum1_2_1);
	put(to + 2u * p.w_output + 20u, 1u, sum1_2_2);
	put(to + 3u * p.w_output + 20u, 1u, sum1_2_3);
	put(to + 24u, 1u, sum2_0_0);
	put(to + 1u * p.w_output + 24u, 1u, sum2_0_1);
	put(to + 2u * p.w_output + 24u, 1u, sum2_0_2);
	put(to + 3u * p.w_output + 24u, 1u, sum2_0_3);
	put(to + 28u, 1u, sum2_1_0);
	put(to + 1u * p.w_output + 28u, 1u, sum2_1_1);
	put(to + 2u * p.w_output + 28u, 1u, sum2_1_2);
	put(to + 3u * p.w_output + 28u, 1u, sum2_1_3);
	put(to + 32u, 1u, sum2_2_0);
	put(to + 1u * p.w_output + 32u, 1u, sum2_2_1);
	put(to + 2u * p.w_output + 32u, 1u, sum2_2_2);
	put(to + 3u * p.w_output + 32u, 1u, sum2_2_3);
}
