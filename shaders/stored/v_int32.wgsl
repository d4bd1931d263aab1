{{- define "v" -}}
var<storage, read_write> v: array<{{whole .}}>;
{{- end -}}

{{- define "store" -}}
// store writes sums, which float32 has exactly, as whole numbers.
fn store(i: u32, z: {{.}}) {
	v[i] = {{whole .}}(z);
}
{{- end -}}
