{{- define "store" -}}
{{template "clamp"}}

// store applies the epilogue in registers.
fn store(i: u32, z: {{.}}) {
{{- if eq . "f32"}}
	v[i] = activate(z);
{{- else}}
	v[i] = vec4<f32>(activate(z.x), activate(z.y), activate(z.z), activate(z.w));
{{- end}}
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
