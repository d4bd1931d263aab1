// From int8 as it is stored to float32: x - zero for each of the four numbers of a word of X, exactly. The CPU twin is
// cpuref/quantize.go.

struct Params {
	outputs: u32, // words of X
	zero: i32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;

{{template "signed_bytes"}}

fn element(i: u32) {
	v[i] = vec4<f32>(signed_bytes(x[i]) - p.zero);
}

{{template "elementwise" .}}
