// The way back from space to depth of the gradient with respect to the filters: each weight's is that of a tap's
// residue in the layer of stride 1. The CPU twin is transform.SpaceToDepthFilters, which goes the other way.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // the gradient of the layer of stride 1
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;

fn element(i: u32) {
	let tap = i / p.group_inputs;
	let f = unflat(tap % (p.filter_size.y * p.filter_size.z), p.filter_size);
	let k = tap / (p.filter_size.y * p.filter_size.z);
	let size = (p.filter_size + p.stride - 1u) / p.stride;
	let at = f / p.stride;
	let residue = f.y % p.stride.y * p.stride.z + f.z % p.stride.z;
	let place = k * size.y * size.z + flat(at, size);
	dw[i] = x[(place * p.stride.y * p.stride.z + residue) * p.group_inputs + i % p.group_inputs];
}

{{template "elementwise" .}}
