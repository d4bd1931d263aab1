// Numbers of V at places that indices name become updates, or are combined with them, for ONNX's ScatterElements and
// ScatterND. A thread has a line of updates: all that may meet in one number of V, which they do one after the other.
// An index below 0 counts from the end. The CPU twin is cpuref/operators/gather.go.

{{template "strided"}}

struct Params {
	shape: Shape, // of the lines
	index: View, // of a line's first index
	update: View, // of its first update
	v: View, // which stays in place along axes that are looked up
	sizes: Axes, // of the axes of V that are looked up
	steps: Axes, // numbers from one of their coordinates to the next
	outputs: u32, // lines
	lookups: u32, // indices of an update
	index_step: u32, // from one of them to the next
	updates: u32, // of a line
	index_next: u32, // from one update's indices to the next one's
	update_next: u32, // from one update to the next
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read> updates: array<{{.Type}}>;
@group(0) @binding(3) var<storage, read_write> v: array<{{.Type}}>;

{{template "walk" .Walk}}
{{- .Functions}}

fn combined(x: {{.Type}}, y: {{.Type}}) -> {{.Type}} {
	return {{.Expression}};
}

fn element(i: u32) {
	let at = shape_offsets(i);
	for (var n = 0u; n < p.updates; n++) {
		var place = at.v;
		for (var k = 0u; k < p.lookups; k++) {
			let index = indices[at.index + n * p.index_next + k * p.index_step];
			let size = i32(p.sizes[k / 4u][k % 4u]);
			place += u32(select(index, index + size, index < 0)) * p.steps[k / 4u][k % 4u];
		}
		v[place] = combined(v[place], updates[at.update + n * p.update_next]);
	}
}

{{template "elementwise" .}}
