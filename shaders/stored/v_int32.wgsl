{{- define "v" -}}
var<storage, read_write> v: array<{{whole .}}>;
{{- end -}}

{{- define "store" -}}
// store writes sums, which float32 has exactly, as whole numbers.
fn store(i: u32, z: {{.}}) {
	v[i] = {{whole .}}(z);
}
{{- end -}}

{{- define "epilogue" -}}
// Sums have no epilogue.
{{- end -}}

{{- define "finish_at" -}}
fn finish_at(i: u32, k: u32, r: u32) {}
{{- end -}}

{{- define "finished" -}}
true
{{- end -}}

{{- define "finishes" -}}
false
{{- end -}}
