{{- define "store" -}}
{{template "clamped" .}}

fn store(i: u32, z: {{.}}) {
	v[i] = clamped(z);
}
{{- end -}}
