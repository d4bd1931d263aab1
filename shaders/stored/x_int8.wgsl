{{- define "x" -}}
var<storage, read> x: array<u32>;
{{- end -}}

{{- define "load" -}}
{{- if eq . "f32" -}}
{{template "signed_byte"}}

// load gives x - zero of number i of X, of which four are stored to a word, the first in its lowest byte.
fn load(i: u32) -> f32 {
	return f32(signed_byte(x[i / 4u], i) - p.x_zero);
}
{{- else -}}
{{template "signed_bytes"}}

// load gives x - zero of four numbers of X, which are stored to a word, the first in its lowest byte.
fn load(i: u32) -> vec4<f32> {
	return vec4<f32>(signed_bytes(x[i]) - p.x_zero);
}
{{- end -}}
{{- end -}}
