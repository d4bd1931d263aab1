// The transform of X for Winograd's algorithm: U = Bᵀ x B, of the 6 x 6 inputs x that a tile's outputs
// read. The CPU twin is cpuref/transform_input.go.

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
@group(0) @binding(2) var<storage, read_write> u: array<Cell>;

fn load(i: u32) -> vec4<f32> {
	return textureLoad(x, vec2<u32>(i & 1023u, i >> 10u));
}

// What Winograd's transforms share: tiles of 6 x 6 inputs or products.

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

// outputs is how many outputs a tile has along each axis.
fn outputs() -> vec2<u32> {
	return vec2<u32>(6u + 1u, 6u + 1u) - p.filter_size.yz;
}

// Line is one row or column of a tile's inputs or products.
struct Line {
	e0: Cell,
	e1: Cell,
	e2: Cell,
	e3: Cell,
	e4: Cell,
	e5: Cell,
}

// between is where element e of the tile is in U or in the products, [tiles][36][channels].
fn between(t: Tile, e: u32) -> u32 {
	return (t.number * 36u + e) * t.blocks + t.block;
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

// transform is Bᵀ d.
fn transform(d: Line) -> Line {
	let first = 4.0 * d.e0 - 5.0 * d.e2 + d.e4;
	let last = 4.0 * d.e1 - 5.0 * d.e3 + d.e5;
	let even1 = d.e4 - 4.0 * d.e2;
	let odd1 = d.e3 - 4.0 * d.e1;
	let even2 = d.e4 - d.e2;
	let odd2 = 2.0 * (d.e3 - d.e1);
	return Line(first, even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, last);
}

// keep writes one line of the tile, from element e on.
fn keep(t: Tile, e: u32, line: Line) {
	u[between(t, e)] = line.e0;
	u[between(t, e + 1u)] = line.e1;
	u[between(t, e + 2u)] = line.e2;
	u[between(t, e + 3u)] = line.e3;
	u[between(t, e + 4u)] = line.e4;
	u[between(t, e + 5u)] = line.e5;
}

// element transforms one block of channels of one tile: the columns, then the rows.
fn element(i: u32) {
	let blocks = p.in_channels / VECTOR;
	let t = tile_of(i / blocks, i % blocks, blocks);
	let f0 = tap(t.o, vec3<u32>(0u, 0u, 0u));
	let f1 = tap(t.o, vec3<u32>(0u, 1u, 1u));
	let f2 = tap(t.o, vec3<u32>(0u, 2u, 2u));
	let f3 = tap(t.o, vec3<u32>(0u, 3u, 3u));
	let f4 = tap(t.o, vec3<u32>(0u, 4u, 4u));
	let f5 = tap(t.o, vec3<u32>(0u, 5u, 5u));
	let d0 = transform(Line(input(t, f0, f0), input(t, f1, f0), input(t, f2, f0), input(t, f3, f0), input(t, f4, f0), input(t, f5, f0)));
	let d1 = transform(Line(input(t, f0, f1), input(t, f1, f1), input(t, f2, f1), input(t, f3, f1), input(t, f4, f1), input(t, f5, f1)));
	let d2 = transform(Line(input(t, f0, f2), input(t, f1, f2), input(t, f2, f2), input(t, f3, f2), input(t, f4, f2), input(t, f5, f2)));
	let d3 = transform(Line(input(t, f0, f3), input(t, f1, f3), input(t, f2, f3), input(t, f3, f3), input(t, f4, f3), input(t, f5, f3)));
	let d4 = transform(Line(input(t, f0, f4), input(t, f1, f4), input(t, f2, f4), input(t, f3, f4), input(t, f4, f4), input(t, f5, f4)));
	let d5 = transform(Line(input(t, f0, f5), input(t, f1, f5), input(t, f2, f5), input(t, f3, f5), input(t, f4, f5), input(t, f5, f5)));
	keep(t, 0u, transform(Line(d0.e0, d1.e0, d2.e0, d3.e0, d4.e0, d5.e0)));
	keep(t, 6u, transform(Line(d0.e1, d1.e1, d2.e1, d3.e1, d4.e1, d5.e1)));
	keep(t, 12u, transform(Line(d0.e2, d1.e2, d2.e2, d3.e2, d4.e2, d5.e2)));
	keep(t, 18u, transform(Line(d0.e3, d1.e3, d2.e3, d3.e3, d4.e3, d5.e3)));
	keep(t, 24u, transform(Line(d0.e4, d1.e4, d2.e4, d3.e4, d4.e4, d5.e4)));
	keep(t, 30u, transform(Line(d0.e5, d1.e5, d2.e5, d3.e5, d4.e5, d5.e5)));
}
