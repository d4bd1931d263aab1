{{- /* What is read from textures: vectors of four numbers, of which i is at (i % 1024, i / 1024). */ -}}

{{- define "x" -}}
var x: texture_storage_2d<rgba32float, read>;
{{- end -}}

{{- define "load" -}}
{{- if eq . "f32" -}}
// load gives number i of X.
fn load(i: u32) -> f32 {
	let four = i >> 2u;
	return textureLoad(x, vec2<u32>(four & 1023u, four >> 10u))[i & 3u];
}
{{- else -}}
fn load(i: u32) -> vec4<f32> {
	return textureLoad(x, vec2<u32>(i & 1023u, i >> 10u));
}
{{- end -}}
{{- end -}}

{{- define "w" -}}
var w: texture_storage_2d<rgba32float, read>;

fn weigh(i: u32) -> vec4<f32> {
	return textureLoad(w, vec2<u32>(i & 1023u, i >> 10u));
}
{{- end -}}

{{- define "weights_at" -}}
weigh({{.}})
{{- end -}}

{{- define "products" -}}
var products: texture_storage_2d<rgba32float, read>;
{{- end -}}

{{- define "products_at" -}}
textureLoad(products, vec2<u32>({{.}} & 1023u, {{.}} >> 10u))
{{- end -}}

{{- define "dv" -}}
var dv: texture_storage_2d<rgba32float, read>;

fn gradient_of_v(i: u32) -> vec4<f32> {
	return textureLoad(dv, vec2<u32>(i & 1023u, i >> 10u));
}
{{- end -}}

{{- define "dv_at" -}}
gradient_of_v({{.}})
{{- end -}}
