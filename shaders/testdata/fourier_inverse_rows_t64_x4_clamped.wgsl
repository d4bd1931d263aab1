// The transform by rows, or by columns where filters have one tap along rows, of lines to V: a thread takes the 23
// numbers of a row of a tile, which has 4 outputs to 15. The CPU twin is cpuref/transform_output.go.

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
@group(0) @binding(1) var<storage, read> lines: array<Cell>;
@group(0) @binding(2) var<storage, read> b: array<Cell>;
@group(0) @binding(3) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(4) var<storage, read> residuals: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<vec4<f32>>;

// clamped is z held between what the parameters say, as ReLU, Clip and no function need it: see Params.Clamp. NaN
// stays.
fn clamped(z: vec4<f32>) -> vec4<f32> {
	let held = min(max(z, vec4<f32>(p.alpha)), vec4<f32>(p.beta));
	return select(held, z, (bitcast<vec4<u32>>(z) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u));
}

fn store(i: u32, z: vec4<f32>) {
	v[i] = clamped(z);
}

// What Fourier's transforms share: tiles of 16 inputs along each axis where filters have more than one tap.
// 16 real numbers have a spectrum of 23: frequencies 0 and 8, real, and between them the sum of both parts, the
// real part and the negative imaginary part of each. In lines between two transforms all that one thread reads,
// or writes, is of one row or column of a tile.

// What transforms of tiles share: threads that compute one block of channels of one tile, or of one line of it.

const VECTOR: u32 = 4u;
alias Cell = vec4<f32>;

// Tile is where a thread works. Blocks of channels are counted, not numbers.
struct Tile {
	number: u32,
	image: u32,
	o: vec3<u32>, // its first output
	block: u32,
	blocks: u32,
}

// tile_of finds a tile by its number. Where filters are dilated the outputs of a tile lie as far apart as their
// taps, so that it has the others of as many residues as neighbours.
fn tile_of(number: u32, block: u32, blocks: u32) -> Tile {
	let outputs = outputs();
	let size = p.out_size.yz;
	let dilation = p.dilation.yz;
	let residues = min(dilation, size);
	let tiles = residues * (((size + dilation - 1u) / dilation + outputs - 1u) / outputs);
	let at = vec2<u32>(number / tiles.y % tiles.x, number % tiles.y);
	let o = vec3<u32>(0u, at % residues + at / residues * outputs * dilation);
	return Tile(number, number / tiles.y / tiles.x, o, block, blocks);
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

// sixteen is 16 along the axes that are transformed, else 1.
fn sixteen() -> vec2<u32> {
	return select(vec2<u32>(1u), vec2<u32>(16u), p.filter_size.yz > vec2<u32>(1u));
}

// outputs is how many outputs a tile has along each axis.
fn outputs() -> vec2<u32> {
	return sixteen() + 1u - p.filter_size.yz;
}

// along is a step along the rows of a tile, or along its only column.
fn along() -> vec3<u32> {
	return select(vec3<u32>(0u, 1u, 0u), vec3<u32>(0u, 0u, 1u), p.filter_size.z > 1u);
}

// rows_of is how many rows are transformed: none but the first where there is only one axis.
fn rows_of(size: vec2<u32>) -> u32 {
	return select(1u, size.x, all(p.filter_size.yz > vec2<u32>(1u)));
}

const COS1: f32 = 0.92387953; // of pi / 8, and the sine of 3 pi / 8
const COS2: f32 = 0.70710678;
const COS3: f32 = 0.38268343;

struct Line {
	e0: Cell,
	e1: Cell,
	e2: Cell,
	e3: Cell,
	e4: Cell,
	e5: Cell,
	e6: Cell,
	e7: Cell,
	e8: Cell,
	e9: Cell,
	e10: Cell,
	e11: Cell,
	e12: Cell,
	e13: Cell,
	e14: Cell,
	e15: Cell,
}

struct Spectrum {
	z0: Cell,
	z1: Cell,
	z2: Cell,
	z3: Cell,
	z4: Cell,
	z5: Cell,
	z6: Cell,
	z7: Cell,
	z8: Cell,
	z9: Cell,
	z10: Cell,
	z11: Cell,
	z12: Cell,
	z13: Cell,
	z14: Cell,
	z15: Cell,
	z16: Cell,
	z17: Cell,
	z18: Cell,
	z19: Cell,
	z20: Cell,
	z21: Cell,
	z22: Cell,
}

// inverse is the line of a spectrum of products k1, k2, k3 for each frequency, which is k1 + k3 and k1 - k2: the
// steps of transform in reverse order. The filter has the scale.
fn inverse(d: Spectrum) -> Line {
	let r1 = d.z1 + d.z3;
	let i1 = d.z1 - d.z2;
	let r2 = d.z4 + d.z6;
	let i2 = d.z4 - d.z5;
	let r3 = d.z7 + d.z9;
	let i3 = d.z7 - d.z8;
	let r4 = d.z10 + d.z12;
	let i4 = d.z10 - d.z11;
	let r5 = d.z13 + d.z15;
	let i5 = d.z13 - d.z14;
	let r6 = d.z16 + d.z18;
	let i6 = d.z16 - d.z17;
	let r7 = d.z19 + d.z21;
	let i7 = d.z19 - d.z20;
	let even = d.z0 + d.z22;
	let odd = d.z0 - d.z22;
	let r26 = COS2 * (r2 - r6);
	let i26 = COS2 * (i2 + i6);
	let p0 = even + r4;
	let p1 = odd + i4;
	let p2 = even - r4;
	let p3 = odd - i4;
	let q0 = r2 + r6;
	let q1 = i26 + r26;
	let q2 = i2 - i6;
	let q3 = i26 - r26;
	let r17 = r1 - r7;
	let r35 = r3 - r5;
	let i17 = i1 + i7;
	let i35 = i3 + i5;
	let c0 = (r1 + r7) + (r3 + r5);
	let c1 = COS1 * r17 + COS3 * r35;
	let c2 = COS2 * ((r1 + r7) - (r3 + r5));
	let c3 = COS3 * r17 - COS1 * r35;
	let s1 = COS3 * i17 + COS1 * i35;
	let s2 = COS2 * ((i1 - i7) + (i3 - i5));
	let s3 = COS1 * i17 - COS3 * i35;
	let s4 = (i1 - i7) - (i3 - i5);
	let e0 = p0 + q0;
	let e4 = p0 - q0;
	let e1 = p1 + q1;
	let e5 = p1 - q1;
	let e2 = p2 + q2;
	let e6 = p2 - q2;
	let e3 = p3 + q3;
	let e7 = p3 - q3;
	let o1 = c1 + s1;
	let o2 = c2 + s2;
	let o3 = c3 + s3;
	let o5 = s3 - c3;
	let o6 = s2 - c2;
	let o7 = s1 - c1;
	return Line(
		e0 + c0, e1 + o1, e2 + o2, e3 + o3, e4 + s4, e5 + o5, e6 + o6, e7 + o7,
		e0 - c0, e1 - o1, e2 - o2, e3 - o3, e4 - s4, e5 - o5, e6 - o6, e7 - o7,
	);
}

// pixel is the number of output o among all images'.
fn pixel(t: Tile, o: vec3<u32>) -> u32 {
	return t.image * p.out_size.y * p.out_size.z + flat(o, p.out_size);
}

// block_of is where the tile's block of channels of output o is in V.
fn block_of(t: Tile, o: vec3<u32>) -> u32 {
	return v_at(pixel(t, o), VECTOR * t.block) / VECTOR;
}

// write writes an output, f places from the tile's first, unless it hangs over V's edge.
fn write(t: Tile, f: vec3<u32>, z: Cell) {
	let o = t.o + f * p.dilation;
	if all(o < p.out_size) {
		store(block_of(t, o), z + b[t.block]);
	}
}

fn element(i: u32) {
	let blocks = p.out_channels / VECTOR;
	let rows = rows_of(outputs());
	let line = i / blocks;
	let t = tile_of(line / rows, i % blocks, blocks);
	let row = line % rows;
	let start = (t.number * rows_of(sixteen()) + row) * 23u;
	let z = inverse(Spectrum(lines[(start + 0u) * blocks + t.block], lines[(start + 1u) * blocks + t.block], lines[(start + 2u) * blocks + t.block], lines[(start + 3u) * blocks + t.block], lines[(start + 4u) * blocks + t.block], lines[(start + 5u) * blocks + t.block], lines[(start + 6u) * blocks + t.block], lines[(start + 7u) * blocks + t.block], lines[(start + 8u) * blocks + t.block], lines[(start + 9u) * blocks + t.block], lines[(start + 10u) * blocks + t.block], lines[(start + 11u) * blocks + t.block], lines[(start + 12u) * blocks + t.block], lines[(start + 13u) * blocks + t.block], lines[(start + 14u) * blocks + t.block], lines[(start + 15u) * blocks + t.block], lines[(start + 16u) * blocks + t.block], lines[(start + 17u) * blocks + t.block], lines[(start + 18u) * blocks + t.block], lines[(start + 19u) * blocks + t.block], lines[(start + 20u) * blocks + t.block], lines[(start + 21u) * blocks + t.block], lines[(start + 22u) * blocks + t.block]));
	let wide = outputs().x * outputs().y / rows;
	let first = vec3<u32>(0u, row, 0u);
	let step = along();
	write(t, first + 0u * step, z.e0);
	write(t, first + 1u * step, z.e1);
	write(t, first + 2u * step, z.e2);
	write(t, first + 3u * step, z.e3);
	if 4u < wide {
		write(t, first + 4u * step, z.e4);
	}
	if 5u < wide {
		write(t, first + 5u * step, z.e5);
	}
	if 6u < wide {
		write(t, first + 6u * step, z.e6);
	}
	if 7u < wide {
		write(t, first + 7u * step, z.e7);
	}
	if 8u < wide {
		write(t, first + 8u * step, z.e8);
	}
	if 9u < wide {
		write(t, first + 9u * step, z.e9);
	}
	if 10u < wide {
		write(t, first + 10u * step, z.e10);
	}
	if 11u < wide {
		write(t, first + 11u * step, z.e11);
	}
	if 12u < wide {
		write(t, first + 12u * step, z.e12);
	}
	if 13u < wide {
		write(t, first + 13u * step, z.e13);
	}
	if 14u < wide {
		write(t, first + 14u * step, z.e14);
	}
}
