// ReLU over a whole volume, in place: V = max(0, V). The CPU twin is cpuref/relu.go.

struct Params {
	outputs: u32, // numbers of V
	channels: u32, // of V
	pitch: u32, // numbers from one pixel of V to the next
	first: u32, // V's first channel among them
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> v: array<f32>;

{{template "keep_nan"}}

fn element(i: u32) {
	let at = i / p.channels * p.pitch + p.first + i % p.channels;
	v[at] = keep_nan(max(v[at], 0.0), v[at]);
}

{{template "elementwise" .}}
