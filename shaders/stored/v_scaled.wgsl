{{- define "store" -}}
{{template "dequantized" .}}

fn store(i: u32, z: {{.}}) {
	v[i] = dequantized(i, z);
}
{{- end -}}
