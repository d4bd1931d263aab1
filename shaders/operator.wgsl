// An elementwise operator: V = {{.Expression}},
// for x of X{{if eq .Inputs 2}} and y of Y, which have V's shape{{else}}, which has V's shape{{end}}.
// Each may be some channels of a wider volume. The CPU twin is cpuref/operator.go.

struct Params {
	outputs: u32, // numbers of V
	channels: u32,
	x_pitch: u32, // numbers from one pixel to the next
	x_first: u32, // the first channel
	y_pitch: u32,
	y_first: u32,
	v_pitch: u32,
	v_first: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<f32>;
{{- if eq .Inputs 2}}
@group(0) @binding(2) var<storage, read> ys: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;
{{- else}}
@group(0) @binding(2) var<storage, read_write> v: array<f32>;
{{- end}}

fn element(i: u32) {
	let pixel = i / p.channels;
	let channel = i % p.channels;
	let x = xs[pixel * p.x_pitch + p.x_first + channel];
{{- if eq .Inputs 2}}
	let y = ys[pixel * p.y_pitch + p.y_first + channel];
{{- end}}
	v[pixel * p.v_pitch + p.v_first + channel] = {{.Expression}};
}

{{template "elementwise" .}}
