// From int8 to float32, as ONNX's DequantizeLinear: V = scale * (x - zero). V may be some channels of a wider volume;
// X stands alone. The CPU twin is cpuref/quantize.go.

{{template "linear"}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<u32>; // four numbers to a word, the first in its lowest byte
@group(0) @binding(2) var<storage, read_write> v: array<f32>;

{{template "signed_byte"}}

fn element(i: u32) {
	v[i / p.channels * p.pitch + p.first + i % p.channels] = p.scale * f32(signed_byte(xs[i / 4u], i) - p.zero);
}

{{template "elementwise" .}}
