{{- /* How kernels read X and write V: the folder stored has the same for volumes that are stored otherwise. */ -}}

{{- define "x" -}}
var<storage, read> x: array<{{.}}>;
{{- end -}}

{{- define "load" -}}
fn load(i: u32) -> {{.}} {
	return x[i];
}
{{- end -}}

{{- define "v" -}}
var<storage, read_write> v: array<{{.}}>;
{{- end -}}

{{- define "store" -}}
fn store(i: u32, z: {{.}}) {
	v[i] = z;
}
{{- end -}}
