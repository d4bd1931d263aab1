// The transform of products to V for Winograd's algorithm: V = f(Aᵀ m A + b), of the 8 x 8 products m
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
@group(0) @binding(5) var<storage, read_write> v: array<vec4<f32>>;

fn store(i: u32, z: vec4<f32>) {
	v[i] = z;
}

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

// What Winograd's transforms share: tiles of 8 x 8 inputs or products.

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
	return vec2<u32>(8u + 1u, 8u + 1u) - p.filter_size.yz;
}

// Line is one row or column of a tile's inputs or products.
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

// between is where element e of the tile is in U or in the products, [tiles][64][channels].
fn between(t: Tile, e: u32) -> u32 {
	return (t.number * 64u + e) * t.blocks + t.block;
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
	let even3 = d.e5 + d.e6;
	let odd3 = d.e5 - d.e6;
	return Outputs(
		d.e0 + even1 + even2 + even3,
		odd1 + 2.0 * odd2 + 0.5 * odd3,
		even1 + 4.0 * even2 + 0.25 * even3,
		odd1 + 8.0 * odd2 + 0.125 * odd3 + d.e7,
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

// complete applies the epilogue to an output that was written.
fn complete(t: Tile, f: vec3<u32>) {
	let o = t.o + f * p.dilation;
	if all(o < p.out_size) {
		finish_at(block_of(t, o), VECTOR * t.block, r_at(pixel(t, o), VECTOR * t.block));
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
	let d0 = transform(Line(multiplied(t, 0u), multiplied(t, 8u), multiplied(t, 16u), multiplied(t, 24u), multiplied(t, 32u), multiplied(t, 40u), multiplied(t, 48u), multiplied(t, 56u)));
	let d1 = transform(Line(multiplied(t, 1u), multiplied(t, 9u), multiplied(t, 17u), multiplied(t, 25u), multiplied(t, 33u), multiplied(t, 41u), multiplied(t, 49u), multiplied(t, 57u)));
	let d2 = transform(Line(multiplied(t, 2u), multiplied(t, 10u), multiplied(t, 18u), multiplied(t, 26u), multiplied(t, 34u), multiplied(t, 42u), multiplied(t, 50u), multiplied(t, 58u)));
	let d3 = transform(Line(multiplied(t, 3u), multiplied(t, 11u), multiplied(t, 19u), multiplied(t, 27u), multiplied(t, 35u), multiplied(t, 43u), multiplied(t, 51u), multiplied(t, 59u)));
	let d4 = transform(Line(multiplied(t, 4u), multiplied(t, 12u), multiplied(t, 20u), multiplied(t, 28u), multiplied(t, 36u), multiplied(t, 44u), multiplied(t, 52u), multiplied(t, 60u)));
	let d5 = transform(Line(multiplied(t, 5u), multiplied(t, 13u), multiplied(t, 21u), multiplied(t, 29u), multiplied(t, 37u), multiplied(t, 45u), multiplied(t, 53u), multiplied(t, 61u)));
	let d6 = transform(Line(multiplied(t, 6u), multiplied(t, 14u), multiplied(t, 22u), multiplied(t, 30u), multiplied(t, 38u), multiplied(t, 46u), multiplied(t, 54u), multiplied(t, 62u)));
	let d7 = transform(Line(multiplied(t, 7u), multiplied(t, 15u), multiplied(t, 23u), multiplied(t, 31u), multiplied(t, 39u), multiplied(t, 47u), multiplied(t, 55u), multiplied(t, 63u)));
	keep(t, vec3<u32>(0u, 0u, 0u), transform(Line(d0.e0, d1.e0, d2.e0, d3.e0, d4.e0, d5.e0, d6.e0, d7.e0)));
	keep(t, vec3<u32>(0u, 1u, 0u), transform(Line(d0.e1, d1.e1, d2.e1, d3.e1, d4.e1, d5.e1, d6.e1, d7.e1)));
	keep(t, vec3<u32>(0u, 2u, 0u), transform(Line(d0.e2, d1.e2, d2.e2, d3.e2, d4.e2, d5.e2, d6.e2, d7.e2)));
	keep(t, vec3<u32>(0u, 3u, 0u), transform(Line(d0.e3, d1.e3, d2.e3, d3.e3, d4.e3, d5.e3, d6.e3, d7.e3)));
	// The epilogue's functions are many: in a loop they are compiled once, not for each output.
	if p.activation != 0u || p.residual != 0u {
		for (var each = 0u; each < 16u; each++) {
			complete(t, vec3<u32>(0u, each / 4u, each % 4u));
		}
	}
}
