// ReLU over a whole volume, in place: V = max(0, V). The CPU twin is cpuref/relu.go.

struct Params {
	outputs: u32, // numbers of V
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> v: array<f32>;

fn element(i: u32) {
	v[i] = max(v[i], 0.0);
}

{{template "elementwise" .}}
