{{- define "x" -}}
{{- if eq . "f32" -}}
var<storage, read> x: array<u32>;
{{- else -}}
var<storage, read> x: array<vec2<u32>>;
{{- end -}}
{{- end -}}

{{- define "load" -}}
{{- if eq . "f32" -}}
// load gives number i of X, of which two are stored to a word, the first in its lower half.
fn load(i: u32) -> f32 {
	let both = unpack2x16float(x[i / 2u]);
	return select(both.x, both.y, i % 2u == 1u);
}
{{- else -}}
// load gives four numbers of X, of which two are stored to a word, the first in its lower half.
fn load(i: u32) -> vec4<f32> {
	let words = x[i];
	return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
}
{{- end -}}
{{- end -}}
