{{- /* What is read from textures: vectors of four numbers, of which i is at (i % 1024, i / 1024). */ -}}

{{- define "x" -}}
{{- if eq . "f32" -}}
var<storage, read> x: array<f32>;
{{- else -}}
var x: texture_storage_2d<rgba32float, read>;
{{- end -}}
{{- end -}}

{{- define "load" -}}
fn load(i: u32) -> {{.}} {
{{- if eq . "f32"}}
	return x[i];
{{- else}}
	return textureLoad(x, vec2<u32>(i & 1023u, i >> 10u));
{{- end}}
}
{{- end -}}

{{- define "w" -}}
var w: texture_storage_2d<rgba32float, read>;
{{- end -}}

{{- define "weights_at" -}}
textureLoad(w, vec2<u32>(({{.}}) & 1023u, ({{.}}) >> 10u))
{{- end -}}

{{- define "products" -}}
var products: texture_storage_2d<rgba32float, read>;
{{- end -}}

{{- define "products_at" -}}
textureLoad(products, vec2<u32>({{.}} & 1023u, {{.}} >> 10u))
{{- end -}}
