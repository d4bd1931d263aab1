// The gradient with respect to the filters as an implicit GEMM with tiles in workgroup memory:
//
//   dW_k[fx, fy, c] = sum over images and (x, y) of dV[x, y, k] * X[x*S - P + fx, y*S - P + fy, c]
//
// A workgroup computes 64 weights (fx, fy, c), a filter's counted one after the other, of each of 32
// depth slices k, summed up over some neurons, 16 per step; a thread 8 of 8. Sums that are split stand one dW
// after the other. Fragments of eight numbers are stored as mat2x4, as in shared.wgsl. The CPU twin is
// cpuref/gradients.go.

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

const ROWS: u32 = 64u;
const COLUMNS: u32 = 32u;
const DEPTH: u32 = 16u;
const THREADS: u32 = 32u;
const VECTOR: u32 = 4u; // weights whose inputs are loaded at once
const LOADERS: u32 = ROWS / VECTOR; // threads that load what one neuron's weights read
const STRIDE: u32 = THREADS / LOADERS; // neurons that all threads load at once

// The fragment behind the last step's stays empty: without it neighbours would lie in one memory bank.
var<workgroup> xs: array<array<mat2x4<f32>, 17>, 8>; // [weight / 8][neuron]
var<workgroup> ds: array<array<mat2x4<f32>, 17>, 4>; // [depth slice / 8][neuron]

// Neuron is where the neuron is whose inputs a thread loads next.
struct Neuron {
	image: u32,
	o: vec3<u32>,
}

// apart is what lies between neurons that are STRIDE apart, as if there were as many of each size.
fn apart() -> Neuron {
	let row = STRIDE / p.out_size.z;
	let plane = row / p.out_size.y;
	return Neuron(plane / p.out_size.x, vec3<u32>(plane % p.out_size.x, row % p.out_size.y, STRIDE % p.out_size.z));
}

// advance goes STRIDE neurons on. There is no branch: loads that stand on either side of one wait for each other.
fn advance(before: Neuron, step: Neuron) -> Neuron {
	var n = before;
	n.o += step.o;
	let row = n.o.z >= p.out_size.z;
	n.o.z -= select(0u, p.out_size.z, row);
	n.o.y += u32(row);
	let plane = n.o.y >= p.out_size.y;
	n.o.y -= select(0u, p.out_size.y, plane);
	n.o.x += u32(plane);
	let image = n.o.x >= p.out_size.x;
	n.o.x -= select(0u, p.out_size.x, image);
	n.image += step.image + u32(image);
	return n;
}

// put writes the sums of a weight for four depth slices.
fn put(to: u32, weight: u32, slice: u32, sums: vec4<f32>) {
	for (var i = 0u; i < 4u; i++) {
		if weight < p.w_output && slice + i < p.group_outputs {
			dw[to + (slice + i) * p.w_output + weight] = sums[i];
		}
	}
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	// Neighbouring workgroups have neighbouring weights, then depth slices, groups, and parts of the sum.
	let unit = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
	let across = (p.w_output + ROWS - 1u) / ROWS;
	let down = (p.group_outputs + COLUMNS - 1u) / COLUMNS;
	let groups = p.out_channels / p.group_outputs;
	let first_weight = unit % across * ROWS;
	let first_slice = unit / across % down * COLUMNS;
	let group = unit / across / down % groups;
	let split = unit / across / down / groups;

	let outs = p.out_size.x * p.out_size.y * p.out_size.z;
	let ins = p.in_size.x * p.in_size.y * p.in_size.z;
	let neurons = p.images * outs;
	let each = (neurons + p.split_k - 1u) / p.split_k;
	let begin = min(split * each, neurons);
	let end = min(begin + each, neurons);

	// What this thread loads: the inputs of some weights of one tap, and the gradients of four depth slices.
	let lane = thread % LOADERS * VECTOR;
	let weight = first_weight + lane;
	let f = unflat(weight / p.group_inputs, p.filter_size);
	let channel = group * p.group_inputs + weight % p.group_inputs;
	let x_row = thread / LOADERS;
	var n = Neuron((begin + x_row) / outs, unflat((begin + x_row) % outs, p.out_size));
	let quad = thread % (COLUMNS / 4u);
	let slice = first_slice + 4u * quad;
	let d_row = thread / (COLUMNS / 4u);

	let mine = thread / (COLUMNS / 8u);
	let my_slice = thread % (COLUMNS / 8u);
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

	let step = apart();
	for (var first = begin; first < end; first += DEPTH) {
		// Inputs of neurons that are not of this part are zeros, so that it does not matter which gradients they meet;
		// sums of weights and depth slices that there are not are never written.
		let source0 = from_input(n.o, f);
		let inside0 = (first + x_row < end) & all(source0 < p.in_size);
		let at0 = x_at(n.image * ins + flat(source0, p.in_size), channel) / VECTOR;
		n = advance(n, step);
		let source1 = from_input(n.o, f);
		let inside1 = (first + x_row + 2u < end) & all(source1 < p.in_size);
		let at1 = x_at(n.image * ins + flat(source1, p.in_size), channel) / VECTOR;
		n = advance(n, step);
		let source2 = from_input(n.o, f);
		let inside2 = (first + x_row + 4u < end) & all(source2 < p.in_size);
		let at2 = x_at(n.image * ins + flat(source2, p.in_size), channel) / VECTOR;
		n = advance(n, step);
		let source3 = from_input(n.o, f);
		let inside3 = (first + x_row + 6u < end) & all(source3 < p.in_size);
		let at3 = x_at(n.image * ins + flat(source3, p.in_size), channel) / VECTOR;
		n = advance(n, step);
		let source4 = from_input(n.o, f);
		let inside4 = (first + x_row + 8u < end) & all(source4 < p.in_size);
		let at4 = x_at(n.image * ins + flat(source4, p.in_size), channel) / VECTOR;
		n = advance(n, step);
		let source5 = from_input(n.o, f);
		let inside5 = (first + x_row + 10u < end) & all(source5 < p.in_size);
		let at5 = x_at(n.image * ins + flat(source5, p.in_size), channel) / VECTOR;
		n = advance(n, step);
		let source6 = from_input(n.o, f);
		let inside6 = (first + x_row + 12u < end) & all(source6 < p.in_size);
		let at6 = x_at(n.image * ins + flat(source6, p.in_size), channel) / VECTOR;
		n = advance(n, step);
		let source7 = from_input(n.o, f);
		let inside7 = (first + x_row + 14u < end) & all(source7 < p.in_size);
		let at7 = x_at(n.image * ins + flat(source7, p.in_size), channel) / VECTOR;
		n = advance(n, step);
		let x0 = x[at0];
		let x1 = x[at1];
		let x2 = x[at2];
		let x3 = x[at3];
		let x4 = x[at4];
		let x5 = x[at5];
		let x6 = x[at6];
		let x7 = x[at7];
		let d0 = dv[v_at(first + d_row, group * p.group_outputs + slice) / 4u];
		let d1 = dv[v_at(first + d_row + 4u, group * p.group_outputs + slice) / 4u];
		let d2 = dv[v_at(first + d_row + 8u, group * p.group_outputs + slice) / 4u];
		let d3 = dv[v_at(first + d_row + 12u, group * p.group_outputs + slice) / 4u];
		// All threads are done with what was loaded before.
		workgroupBarrier();
		xs[lane / 8u][x_row][lane / 4u % 2u] =
			select(vec4<f32>(), x0, inside0);
		xs[lane / 8u][x_row + 2u][lane / 4u % 2u] =
			select(vec4<f32>(), x1, inside1);
		xs[lane / 8u][x_row + 4u][lane / 4u % 2u] =
			select(vec4<f32>(), x2, inside2);
		xs[lane / 8u][x_row + 6u][lane / 4u % 2u] =
			select(vec4<f32>(), x3, inside3);
		xs[lane / 8u][x_row + 8u][lane / 4u % 2u] =
			select(vec4<f32>(), x4, inside4);
		xs[lane / 8u][x_row + 10u][lane / 4u % 2u] =
			select(vec4<f32>(), x5, inside5);
		xs[lane / 8u][x_row + 12u][lane / 4u % 2u] =
			select(vec4<f32>(), x6, inside6);
		xs[lane / 8u][x_row + 14u][lane / 4u % 2u] =
			select(vec4<f32>(), x7, inside7);
		ds[quad / 2u][d_row][quad % 2u] = d0;
		ds[quad / 2u][d_row + 4u][quad % 2u] = d1;
		ds[quad / 2u][d_row + 8u][quad % 2u] = d2;
		ds[quad / 2u][d_row + 12u][quad % 2u] = d3;
		workgroupBarrier();
		for (var i = 0u; i < DEPTH; i++) {
			let xf = xs[mine][i];
			let df = ds[my_slice][i];
			sum0_0 += xf[0].x * df[0];
			sum0_1 += xf[0].x * df[1];
			sum1_0 += xf[0].y * df[0];
			sum1_1 += xf[0].y * df[1];
			sum2_0 += xf[0].z * df[0];
			sum2_1 += xf[0].z * df[1];
			sum3_0 += xf[0].w * df[0];
			sum3_1 += xf[0].w * df[1];
			sum4_0 += xf[1].x * df[0];
			sum4_1 += xf[1].x * df[1];
			sum5_0 += xf[1].y * df[0];
			sum5_1 += xf[1].y * df[1];
			sum6_0 += xf[1].z * df[0];
			sum6_1 += xf[1].z * df[1];
			sum7_0 += xf[1].w * df[0];
			sum7_1 += xf[1].w * df[1];
		}
	}

	if split < p.split_k {
		let to = split * p.outputs + group * p.w_group;
		let last = first_slice + 8u * my_slice;
		put(to, first_weight + 8u * mine, last, sum0_0);
		put(to, first_weight + 8u * mine, last + 4u, sum0_1);
		put(to, first_weight + 8u * mine + 1u, last, sum1_0);
		put(to, first_weight + 8u * mine + 1u, last + 4u, sum1_1);
		put(to, first_weight + 8u * mine + 2u, last, sum2_0);
		put(to, first_weight + 8u * mine + 2u, last + 4u, sum2_1);
		put(to, first_weight + 8u * mine + 3u, last, sum3_0);
		put(to, first_weight + 8u * mine + 3u, last + 4u, sum3_1);
		put(to, first_weight + 8u * mine + 4u, last, sum4_0);
		put(to, first_weight + 8u * mine + 4u, last + 4u, sum4_1);
		put(to, first_weight + 8u * mine + 5u, last, sum5_0);
		put(to, first_weight + 8u * mine + 5u, last + 4u, sum5_1);
		put(to, first_weight + 8u * mine + 6u, last, sum6_0);
		put(to, first_weight + 8u * mine + 6u, last + 4u, sum6_1);
		put(to, first_weight + 8u * mine + 7u, last, sum7_0);
		put(to, first_weight + 8u * mine + 7u, last + 4u, sum7_1);
	}
}
