// The transform of X by rows, or by columns where filters have one tap along rows: a thread takes 16 inputs of a
// tile. The CPU twin is cpuref/transform_input.go.

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
@group(0) @binding(1) var<storage, read> x: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> lines: array<Cell>;

// load gives four numbers of X, of which two are stored to a word, the first in its lower half.
fn load(i: u32) -> vec4<f32> {
	let words = x[i];
	return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
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

// both are a frequency's three numbers.
struct Frequency {
	both: Cell,
	cos: Cell,
	sin: Cell,
}

fn frequency(cos: Cell, sin: Cell) -> Frequency {
	return Frequency(cos + sin, cos, sin);
}

// transform is the spectrum of a line: even frequencies are those of the sums of numbers 8 apart, odd ones of
// their differences, and so on. No number passes more than 7 roundings, see cpuref/fourier.go.
fn transform(d: Line) -> Spectrum {
	let s0 = d.e0 + d.e8;
	let d0 = d.e0 - d.e8;
	let s1 = d.e1 + d.e9;
	let d1 = d.e1 - d.e9;
	let s2 = d.e2 + d.e10;
	let d2 = d.e2 - d.e10;
	let s3 = d.e3 + d.e11;
	let d3 = d.e3 - d.e11;
	let s4 = d.e4 + d.e12;
	let d4 = d.e4 - d.e12;
	let s5 = d.e5 + d.e13;
	let d5 = d.e5 - d.e13;
	let s6 = d.e6 + d.e14;
	let d6 = d.e6 - d.e14;
	let s7 = d.e7 + d.e15;
	let d7 = d.e7 - d.e15;
	let t0 = s0 + s4;
	let u0 = s0 - s4;
	let t1 = s1 + s5;
	let u1 = s1 - s5;
	let t2 = s2 + s6;
	let u2 = s2 - s6;
	let t3 = s3 + s7;
	let u3 = s3 - s7;
	let t02 = t0 + t2;
	let t13 = t1 + t3;
	let u13 = COS2 * (u1 - u3);
	let u31 = COS2 * (u1 + u3);
	let m1 = d1 - d7;
	let m2 = COS2 * (d2 - d6);
	let m3 = d3 - d5;
	let n1 = d1 + d7;
	let n2 = COS2 * (d2 + d6);
	let n3 = d3 + d5;
	let near = d0 + m2;
	let far = d0 - m2;
	let nearer = COS1 * m1 + COS3 * m3;
	let farther = COS3 * m1 - COS1 * m3;
	let up = n2 + d4;
	let down = n2 - d4;
	let upper = COS3 * n1 + COS1 * n3;
	let lower = COS1 * n1 - COS3 * n3;
	let f1 = frequency(near + nearer, upper + up);
	let f2 = frequency(u0 + u13, u31 + u2);
	let f3 = frequency(far + farther, lower + down);
	let f4 = frequency(t0 - t2, t1 - t3);
	let f5 = frequency(far - farther, lower - down);
	let f6 = frequency(u0 - u13, u31 - u2);
	let f7 = frequency(near - nearer, upper - up);
	return Spectrum(t02 + t13, f1.both, f1.cos, f1.sin, f2.both, f2.cos, f2.sin, f3.both, f3.cos, f3.sin, f4.both, f4.cos, f4.sin, f5.both, f5.cos, f5.sin, f6.both, f6.cos, f6.sin, f7.both, f7.cos, f7.sin, t02 - t13);
}

// tap is the input that the window at output o reads with tap f. What only outputs beyond V's edge would
// read lies outside of in_size, as zero padding does.
fn tap(o: vec3<u32>, f: vec3<u32>) -> vec3<u32> {
	let beyond = o + f * p.dilation >= p.out_size + (p.filter_size - 1u) * p.dilation;
	return select(from_input(o, f), vec3<u32>(0xffffffffu), beyond);
}

// input is the tile's block of channels of one input: zeros outside of X, where the number that is read
// does not matter.
fn input(t: Tile, row: vec3<u32>, column: vec3<u32>) -> Cell {
	let at = vec3<u32>(row.x, row.y, column.z);
	let position = t.image * p.in_size.y * p.in_size.z + flat(at, p.in_size);
	return select(Cell(0.0), load(x_at(position, VECTOR * t.block) / VECTOR), all(at < p.in_size));
}

// at is one of the inputs of the tile's row.
fn at(t: Tile, row: u32, column: u32) -> Cell {
	let f = tap(t.o, vec3<u32>(0u, row, 0u) + column * along());
	return input(t, f, f);
}

fn element(i: u32) {
	let blocks = p.in_channels / VECTOR;
	let rows = rows_of(sixteen());
	let line = i / blocks;
	let t = tile_of(line / rows, i % blocks, blocks);
	let row = line % rows;
	let z = transform(Line(at(t, row, 0u), at(t, row, 1u), at(t, row, 2u), at(t, row, 3u), at(t, row, 4u), at(t, row, 5u), at(t, row, 6u), at(t, row, 7u), at(t, row, 8u), at(t, row, 9u), at(t, row, 10u), at(t, row, 11u), at(t, row, 12u), at(t, row, 13u), at(t, row, 14u), at(t, row, 15u)));
	lines[(line * 23u + 0u) * blocks + t.block] = z.z0;
	lines[(line * 23u + 1u) * blocks + t.block] = z.z1;
	lines[(line * 23u + 2u) * blocks + t.block] = z.z2;
	lines[(line * 23u + 3u) * blocks + t.block] = z.z3;
	lines[(line * 23u + 4u) * blocks + t.block] = z.z4;
	lines[(line * 23u + 5u) * blocks + t.block] = z.z5;
	lines[(line * 23u + 6u) * blocks + t.block] = z.z6;
	lines[(line * 23u + 7u) * blocks + t.block] = z.z7;
	lines[(line * 23u + 8u) * blocks + t.block] = z.z8;
	lines[(line * 23u + 9u) * blocks + t.block] = z.z9;
	lines[(line * 23u + 10u) * blocks + t.block] = z.z10;
	lines[(line * 23u + 11u) * blocks + t.block] = z.z11;
	lines[(line * 23u + 12u) * blocks + t.block] = z.z12;
	lines[(line * 23u + 13u) * blocks + t.block] = z.z13;
	lines[(line * 23u + 14u) * blocks + t.block] = z.z14;
	lines[(line * 23u + 15u) * blocks + t.block] = z.z15;
	lines[(line * 23u + 16u) * blocks + t.block] = z.z16;
	lines[(line * 23u + 17u) * blocks + t.block] = z.z17;
	lines[(line * 23u + 18u) * blocks + t.block] = z.z18;
	lines[(line * 23u + 19u) * blocks + t.block] = z.z19;
	lines[(line * 23u + 20u) * blocks + t.block] = z.z20;
	lines[(line * 23u + 21u) * blocks + t.block] = z.z21;
	lines[(line * 23u + 22u) * blocks + t.block] = z.z22;
}
