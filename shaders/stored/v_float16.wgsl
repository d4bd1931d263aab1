{{- define "v" -}}
var<storage, read_write> v: array<vec2<u32>>;
{{- end -}}

{{- define "store" -}}
{{template "clamp"}}

// store rounds four numbers of V, once and behind the epilogue, and stores two to a word, the first in its lower half.
fn store(i: u32, z: vec4<f32>) {
	let low = vec2<f32>(activate(z.x), activate(z.y));
	let high = vec2<f32>(activate(z.z), activate(z.w));
	v[i] = vec2<u32>(pack2x16float(low), pack2x16float(high));
}
{{- end -}}

{{- define "epilogue" -}}
{{template "keep_nan"}}
{{- end -}}

{{- define "finish_at" -}}
// finish_at does nothing: store has applied the epilogue.
fn finish_at(i: u32, k: u32, r: u32) {}
{{- end -}}

{{- define "finished" -}}
true
{{- end -}}

{{- define "finishes" -}}
false
{{- end -}}
