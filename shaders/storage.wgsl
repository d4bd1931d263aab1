{{- /* How kernels read X, packed filters and products, and write V: the folder stored has the same for volumes that
are stored otherwise, and for what is read from textures. */ -}}

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

{{- define "w" -}}
var<storage, read> w: array<vec4<f32>>;
{{- end -}}

{{- define "weights_at" -}}
w[{{.}}]
{{- end -}}

{{- define "products" -}}
var<storage, read> products: array<{{.}}>;
{{- end -}}

{{- define "products_at" -}}
products[{{.}}]
{{- end -}}

{{- define "dv" -}}
var<storage, read> dv: array<{{.}}>;
{{- end -}}

{{- define "dv_at" -}}
dv[{{.}}]
{{- end -}}
