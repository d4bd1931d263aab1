// The transform of products to V for Winograd's algorithm: V = f(Aᵀ m A + b), of the 6 x 6 products m
// of a tile. The CPU twin is cpuref/transform_output.go.

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
@group(0) @binding(2) var<storage, read> b: array<Cell>;
@group(0) @binding(3) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(4) var<storage, read> residuals: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<vec2<u32>>;

// clamped is z held between what the parameters say, as ReLU, Clip and no function need it: see Params.Clamp. NaN
// stays.
fn clamped(z: vec4<f32>) -> vec4<f32> {
	let held = min(max(z, vec4<f32>(p.alpha)), vec4<f32>(p.beta));
	return select(held, z, (bitcast<vec4<u32>>(z) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u));
}

// store rounds four numbers of V, once and behind the epilogue, and stores two to a word, the first in its lower half.
fn store(i: u32, z: vec4<f32>) {
	let f = clamped(z);
	v[i] = vec2<u32>(pack2x16float(f.xy), pack2x16float(f.zw));
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

// multiplied is element e of a tile's products.
fn multiplied(t: Tile, e: u32) -> Cell {
	let i = between(t, e);
	return products[i];
}

// Outputs is one row or column of a tile's outputs.
struct Outputs {
	e0: Cell,
	e1: Cell,
	e2: Cell,
	e3: Cell,
}

// transform is Aᵀ d.
fn transform(d: Line) -> Outputs {
	let even1 = d.e1 + d.e2;
	let odd1 = d.e1 - d.e2;
	let even2 = d.e3 + d.e4;
	let odd2 = d.e3 - d.e4;
	return Outputs(
		d.e0 + even1 + even2,
		odd1 + 2.0 * odd2,
		even1 + 4.0 * even2,
		odd1 + 8.0 * odd2 + d.e5,
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

// keep writes a line of outputs from output f on.
fn keep(t: Tile, f: vec3<u32>, z: Outputs) {
	write(t, f, z.e0);
	write(t, f + vec3<u32>(0u, 0u, 1u), z.e1);
	write(t, f + vec3<u32>(0u, 0u, 2u), z.e2);
	write(t, f + vec3<u32>(0u, 0u, 3u), z.e3);
}

// element computes one block of channels of one tile: the columns, then the rows.
fn element(i: u32) {
	let blocks = p.out_channels / VECTOR;
	let t = tile_of(i / blocks, i % blocks, blocks);
	let d0 = transform(Line(multiplied(t, 0u), multiplied(t, 6u), multiplied(t, 12u), multiplied(t, 18u), multiplied(t, 24u), multiplied(t, 30u)));
	let d1 = transform(Line(multiplied(t, 1u), multiplied(t, 7u), multiplied(t, 13u), multiplied(t, 19u), multiplied(t, 25u), multiplied(t, 31u)));
	let d2 = transform(Line(multiplied(t, 2u), multiplied(t, 8u), multiplied(t, 14u), multiplied(t, 20u), multiplied(t, 26u), multiplied(t, 32u)));
	let d3 = transform(Line(multiplied(t, 3u), multiplied(t, 9u), multiplied(t, 15u), multiplied(t, 21u), multiplied(t, 27u), multiplied(t, 33u)));
	let d4 = transform(Line(multiplied(t, 4u), multiplied(t, 10u), multiplied(t, 16u), multiplied(t, 22u), multiplied(t, 28u), multiplied(t, 34u)));
	let d5 = transform(Line(multiplied(t, 5u), multiplied(t, 11u), multiplied(t, 17u), multiplied(t, 23u), multiplied(t, 29u), multiplied(t, 35u)));
	keep(t, vec3<u32>(0u, 0u, 0u), transform(Line(d0.e0, d1.e0, d2.e0, d3.e0, d4.e0, d5.e0)));
	keep(t, vec3<u32>(0u, 1u, 0u), transform(Line(d0.e1, d1.e1, d2.e1, d3.e1, d4.e1, d5.e1)));
	keep(t, vec3<u32>(0u, 2u, 0u), transform(Line(d0.e2, d1.e2, d2.e2, d3.e2, d4.e2, d5.e2)));
	keep(t, vec3<u32>(0u, 3u, 0u), transform(Line(d0.e3, d1.e3, d2.e3, d3.e3, d4.e3, d5.e3)));
}
