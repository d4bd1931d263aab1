{{- define "v" -}}
var<storage, read_write> v: array<vec2<u32>>;
{{- end -}}

{{- define "store" -}}
{{template "clamped" .}}

// store rounds four numbers of V, once and behind the epilogue, and stores two to a word, the first in its lower half.
fn store(i: u32, z: vec4<f32>) {
	let f = clamped(z);
	v[i] = vec2<u32>(pack2x16float(f.xy), pack2x16float(f.zw));
}
{{- end -}}
