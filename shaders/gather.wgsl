// V[i] = X at coordinates of which some are i's and some are looked up, for ONNX's Gather, GatherElements and
// GatherND: each number of V has a few indices, one for each axis of X that is looked up. An index below 0 counts from
// the end. The CPU twin is cpuref/operators/gather.go.

{{template "strided"}}

struct Params {
	shape: Shape, // of V
	x: View, // which stays in place along axes that are looked up
	index: View, // of the first of a number's indices
	v: View,
	sizes: Axes, // of the axes of X that are looked up
	steps: Axes, // numbers from one of their coordinates to the next
	outputs: u32,
	lookups: u32, // indices of a number
	index_step: u32, // from one of them to the next
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<u32>;
@group(0) @binding(2) var<storage, read> indices: array<i32>;
@group(0) @binding(3) var<storage, read_write> v: array<u32>;

{{template "walk" .Walk}}

fn element(i: u32) {
	let at = shape_offsets(i);
	var place = at.x;
	for (var k = 0u; k < p.lookups; k++) {
		let index = indices[at.index + k * p.index_step];
		let size = i32(p.sizes[k / 4u][k % 4u]);
		place += u32(select(index, index + size, index < 0)) * p.steps[k / 4u][k % 4u];
	}
	v[at.v] = xs[place];
}

{{template "elementwise" .}}
