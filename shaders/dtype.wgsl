{{- define "dtype" -}}
// How the operands are stored. Loads give what is added up.
{{- if eq .DType "int8"}}

// Four to a word, the first in its lowest byte.
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> w: array<u32>;
@group(0) @binding(3) var<storage, read> b: array<i32>;
@group(0) @binding(4) var<storage, read> w_zeros: array<i32>; // zero points, one for each output channel
@group(0) @binding(5) var<storage, read_write> v: array<i32>;

{{template "signed_byte"}}

fn product(i: u32, weight: u32, k: u32) -> i32 {
	return (signed_byte(x[i / 4u], i) - p.x_zero) * (signed_byte(w[weight / 4u], weight) - w_zeros[k]);
}
{{- else if eq .DType "float16"}}

// Two to a word, the first in its lower half; they are multiplied and added as f32.
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> w: array<u32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(5) var<storage, read> residuals: array<u32>;
@group(0) @binding(6) var<storage, read_write> v: array<u32>;

fn half(word: u32, i: u32) -> f32 {
	let both = unpack2x16float(word);
	return select(both.x, both.y, i % 2u == 1u);
}

fn product(i: u32, weight: u32, k: u32) -> f32 {
	return half(x[i / 2u], i) * half(w[weight / 2u], weight);
}

fn residual(i: u32) -> f32 {
	return half(residuals[i / 2u], i);
}
{{- else}}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(5) var<storage, read> residuals: array<f32>;
@group(0) @binding(6) var<storage, read_write> v: array<f32>;

fn product(i: u32, weight: u32, k: u32) -> f32 {
	return x[i] * w[weight];
}

fn residual(i: u32) -> f32 {
	return residuals[i];
}
{{- end}}
{{- end -}}

{{- define "signed_byte" -}}
fn signed_byte(word: u32, i: u32) -> i32 {
	return i32(word << (24u - i % 4u * 8u)) >> 24u;
}
{{- end -}}

{{- define "signed_bytes" -}}
{{template "signed_byte"}}

fn signed_bytes(word: u32) -> vec4<i32> {
	return vec4<i32>(signed_byte(word, 0u), signed_byte(word, 1u), signed_byte(word, 2u), signed_byte(word, 3u));
}
{{- end -}}
