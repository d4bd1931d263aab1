// From float32 to int8, as ONNX's QuantizeLinear. X may be some channels of a wider volume; V stands alone. The CPU
// twin is cpuref/quantize.go.

{{template "linear"}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<f32>;
@group(0) @binding(2) var<storage, read_write> v: array<u32>; // four numbers to a word

{{template "quantized"}}

// number gives number i as the low byte of a word.
fn number(i: u32) -> u32 {
	return quantized(xs[i / p.channels * p.pitch + p.first + i % p.channels], p.scale, p.zero);
}

{{template "wordwise" .}}
{{- define "linear" -}}
struct Params {
	outputs: u32, // numbers of V
	channels: u32, // of the float32 volume
	pitch: u32, // numbers from one pixel of it to the next
	first: u32, // its first channel among them
	scale: f32, // of the int8 volume
	zero: i32, // the number of the int8 volume that stands for 0
}
{{- end -}}

{{- define "quantized" -}}
// quantized is what stands for z, as the low byte of a word: the nearest number, of two as near ones the even one,
// held to the range of int8. NaN becomes the zero point, by its bits, as keep_nan has it.
fn quantized(z: f32, scale: f32, zero: i32) -> u32 {
	let steps_from_zero = select(round(z / scale), 0.0, (bitcast<u32>(z) & 0x7fffffffu) > 0x7f800000u);
	return u32(i32(clamp(steps_from_zero + f32(zero), -128.0, 127.0))) & 255u;
}
{{- end -}}
