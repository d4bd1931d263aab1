{{- define "v" -}}
var<storage, read_write> v: array<u32>;
{{- end -}}

{{- define "store" -}}
{{template "dequantized" .}}

{{template "quantized"}}

// store makes four numbers of V of sums, as requantize.wgsl does, and stores them to a word, the first in its lowest
// byte.
fn store(i: u32, z: vec4<f32>) {
	let f = dequantized(i, z);
	var word = 0u;
	for (var k = 0u; k < 4u; k++) {
		word += quantized(f[k], p.v_scale, p.v_zero) << (8u * k);
	}
	v[i] = word;
}
{{- end -}}
