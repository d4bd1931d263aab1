// Depth to space: V of a transposed layer, the outputs of which lie in Y residue by residue, as channels of
// convolutions of stride 1: see package transform. A thread takes the channels of a pixel of V, or every LANES-th
// block of them. The CPU twin is cpuref/depth_to_space.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> y: array<Cell>;
@group(0) @binding(2) var<storage, read> residues: array<Residue>; // of V's pixels, modulo p.stride
@group(0) @binding(3) var<storage, read> b: array<Cell>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(5) var<storage, read> residuals: array<f32>;
@group(0) @binding(6) {{template "v" .Cell}}

{{template "store" .Cell}}

const VECTOR: u32 = {{.Vector}}u;
const LANES: u32 = {{.Lanes}}u;
alias Cell = {{.Cell}};

struct Residue {
	first: u32, // its first number, from the first of its place in Y
	step: u32, // numbers from one group to the next, 0 where no tap reaches its outputs
}

fn residual(i: u32) -> f32 {
	return residuals[i];
}

{{template "epilogue" .}}

{{template "finish_at" .}}

fn element(i: u32) {
	let pixel = i / LANES;
	let lane = i % LANES;
	let pixels = p.out_size.x * p.out_size.y * p.out_size.z;
	let places = p.in_size.x * p.in_size.y * p.in_size.z;
	let o = unflat(pixel % pixels, p.out_size);
	let residue = residues[flat(o % p.stride, p.stride)];
	let place = pixel / pixels * places + flat(o / p.stride, p.in_size);
	let inputs = p.group_outputs / VECTOR;
	var at = x_at(place, residue.first) / VECTOR;
	let blocks = p.out_channels / VECTOR;
	for (var group = 0u; group < blocks; group += inputs) {
		for (var block = lane; block < inputs; block += LANES) {
			let sum = select(Cell(0.0), y[at + block], residue.step != 0u);
			store(v_at(pixel, VECTOR * (group + block)) / VECTOR, sum + b[group + block]);
		}
		at += residue.step / VECTOR;
	}
	// The epilogue's functions are many: they are in a loop of their own, which others do not enter.
	if {{template "finishes"}} {
		for (var block = lane; block < blocks; block += LANES) {
			let k = VECTOR * block;
			finish_at(v_at(pixel, k) / VECTOR, k, r_at(pixel, k));
		}
	}
}

{{template "elementwise" .}}
