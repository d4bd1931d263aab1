// The transform of products to the gradient with respect to the filters by Winograd's algorithm: dW = Gᵀ m G, of
// the 8 x 8 products m of a filter, which were summed up over all tiles. The judge of its results is
// cpuref/transform_gradient.go.

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
@group(0) @binding(1) var<storage, read> products: array<Cell>;
@group(0) @binding(2) var<storage, read_write> dw: array<Cell>;

const VECTOR: u32 = 4u;
alias Cell = vec4<f32>;

// Line is one row or column of the products, Taps of a filter.
struct Line {
	e0: Cell,
	e1: Cell,
	e2: Cell,
	e3: Cell,
	e4: Cell,
	e5: Cell,
	e6: Cell,
	e7: Cell,
}

struct Taps {
	e0: Cell,
	e1: Cell,
	e2: Cell,
	e3: Cell,
	e4: Cell,
}

// transform is Gᵀ d.
fn transform(d: Line) -> Taps {
	let even1 = (-2.0 / 9.0) * (d.e1 + d.e2);
	let odd1 = (-2.0 / 9.0) * (d.e1 - d.e2);
	let even2 = (1.0 / 90.0) * (d.e3 + d.e4);
	let odd2 = (1.0 / 90.0) * (d.e3 - d.e4);
	let even3 = (32.0 / 45.0) * (d.e5 + d.e6);
	let odd3 = (32.0 / 45.0) * (d.e5 - d.e6);
	return Taps(
		1.0 * d.e0 + even1 + even2 + even3,
		odd1 + 2.0 * odd2 + 0.5 * odd3,
		even1 + 4.0 * even2 + 0.25 * even3,
		odd1 + 8.0 * odd2 + 0.125 * odd3,
		even1 + 16.0 * even2 + 0.0625 * even3 + d.e7,
	);
}

// element computes all taps of one block of input channels of one filter: the columns, then the rows.
fn element(i: u32) {
	let blocks = p.group_inputs / VECTOR;
	let step = p.out_channels * blocks; // products of a position
	let d0 = transform(Line(products[i], products[i + 8u * step], products[i + 16u * step], products[i + 24u * step], products[i + 32u * step], products[i + 40u * step], products[i + 48u * step], products[i + 56u * step]));
	let d1 = transform(Line(products[i + 1u * step], products[i + 9u * step], products[i + 17u * step], products[i + 25u * step], products[i + 33u * step], products[i + 41u * step], products[i + 49u * step], products[i + 57u * step]));
	let d2 = transform(Line(products[i + 2u * step], products[i + 10u * step], products[i + 18u * step], products[i + 26u * step], products[i + 34u * step], products[i + 42u * step], products[i + 50u * step], products[i + 58u * step]));
	let d3 = transform(Line(products[i + 3u * step], products[i + 11u * step], products[i + 19u * step], products[i + 27u * step], products[i + 35u * step], products[i + 43u * step], products[i + 51u * step], products[i + 59u * step]));
	let d4 = transform(Line(products[i + 4u * step], products[i + 12u * step], products[i + 20u * step], products[i + 28u * step], products[i + 36u * step], products[i + 44u * step], products[i + 52u * step], products[i + 60u * step]));
	let d5 = transform(Line(products[i + 5u * step], products[i + 13u * step], products[i + 21u * step], products[i + 29u * step], products[i + 37u * step], products[i + 45u * step], products[i + 53u * step], products[i + 61u * step]));
	let d6 = transform(Line(products[i + 6u * step], products[i + 14u * step], products[i + 22u * step], products[i + 30u * step], products[i + 38u * step], products[i + 46u * step], products[i + 54u * step], products[i + 62u * step]));
	let d7 = transform(Line(products[i + 7u * step], products[i + 15u * step], products[i + 23u * step], products[i + 31u * step], products[i + 39u * step], products[i + 47u * step], products[i + 55u * step], products[i + 63u * step]));
	let to = i / blocks * p.w_output / VECTOR + i % blocks;
	let row0 = transform(Line(d0.e0, d1.e0, d2.e0, d3.e0, d4.e0, d5.e0, d6.e0, d7.e0));
	dw[to] = row0.e0;
	dw[to + 1u * blocks] = row0.e1;
	dw[to + 2u * blocks] = row0.e2;
	dw[to + 3u * blocks] = row0.e3;
	dw[to + 4u * blocks] = row0.e4;
	let row1 = transform(Line(d0.e1, d1.e1, d2.e1, d3.e1, d4.e1, d5.e1, d6.e1, d7.e1));
	dw[to + 5u * blocks] = row1.e0;
	dw[to + 6u * blocks] = row1.e1;
	dw[to + 7u * blocks] = row1.e2;
	dw[to + 8u * blocks] = row1.e3;
	dw[to + 9u * blocks] = row1.e4;
	let row2 = transform(Line(d0.e2, d1.e2, d2.e2, d3.e2, d4.e2, d5.e2, d6.e2, d7.e2));
	dw[to + 10u * blocks] = row2.e0;
	dw[to + 11u * blocks] = row2.e1;
	dw[to + 12u * blocks] = row2.e2;
	dw[to + 13u * blocks] = row2.e3;
	dw[to + 14u * blocks] = row2.e4;
	let row3 = transform(Line(d0.e3, d1.e3, d2.e3, d3.e3, d4.e3, d5.e3, d6.e3, d7.e3));
	dw[to + 15u * blocks] = row3.e0;
	dw[to + 16u * blocks] = row3.e1;
	dw[to + 17u * blocks] = row3.e2;
	dw[to + 18u * blocks] = row3.e3;
	dw[to + 19u * blocks] = row3.e4;
	let row4 = transform(Line(d0.e4, d1.e4, d2.e4, d3.e4, d4.e4, d5.e4, d6.e4, d7.e4));
	dw[to + 20u * blocks] = row4.e0;
	dw[to + 21u * blocks] = row4.e1;
	dw[to + 22u * blocks] = row4.e2;
	dw[to + 23u * blocks] = row4.e3;
	dw[to + 24u * blocks] = row4.e4;
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
