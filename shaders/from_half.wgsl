// From float16 as it is stored to float32: two numbers of each word of X. A thread takes several words. The CPU
// twin is FromHalf in tensor/half.go.

struct Params {
	outputs: u32, // threads
}

@group(0) @binding(0) var<uniform> p: Params;
{{- if eq .Words 4}}
@group(0) @binding(1) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;

fn element(i: u32) {
	let words = x[i];
	v[2u * i] = vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
	v[2u * i + 1u] = vec4<f32>(unpack2x16float(words.z), unpack2x16float(words.w));
}
{{- else}}
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> v: array<vec2<f32>>;

fn element(i: u32) {
	v[i] = unpack2x16float(x[i]);
}
{{- end}}

{{template "elementwise" .}}
