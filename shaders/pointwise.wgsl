// {{.Kernel}}, number by number: V is {{.Expression}}, for x of X
{{- if ge .Inputs 2}} and y of Y{{end}}
{{- if ge .Inputs 3}} and z of Z{{end}}.
{{- if .Flat}} Each tensor has one axis.{{end}}

{{template "strided"}}

struct Params {
	shape: Shape, // of V
	x: View,
	y: View,
	z: View,
	v: View,
	alpha: f32, // what the expression may ask for
	beta: f32,
	outputs: u32, // numbers of V
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<{{.Type 0}}>;
{{- if ge .Inputs 2}}
@group(0) @binding(2) var<storage, read> ys: array<{{.Type 1}}>;
{{- end}}
{{- if ge .Inputs 3}}
@group(0) @binding(3) var<storage, read> zs: array<{{.Type 2}}>;
{{- end}}
@group(0) @binding({{.Out}}) var<storage, read_write> v: array<{{.Result}}>;
{{- .Functions}}

fn number(x: {{.Type 0}}
{{- if ge .Inputs 2}}, y: {{.Type 1}}{{end}}
{{- if ge .Inputs 3}}, z: {{.Type 2}}{{end}}) -> {{.Result}} {
{{- if .Careful}}
	return select({{.Expression}}, x, is_nan(x));
{{- else}}
	return {{.Expression}};
{{- end}}
}
{{if .Flat}}
fn element(i: u32) {
	let x = xs[p.x.offset + i * p.x.strides[1].w];
{{- if ge .Inputs 2}}
	let y = ys[p.y.offset + i * p.y.strides[1].w];
{{- end}}
{{- if ge .Inputs 3}}
	let z = zs[p.z.offset + i * p.z.strides[1].w];
{{- end}}
	v[p.v.offset + i * p.v.strides[1].w] = number(x{{if ge .Inputs 2}}, y{{end}}{{if ge .Inputs 3}}, z{{end}});
}
{{else}}
{{template "walk" .Walk}}

fn element(i: u32) {
	let at = shape_offsets(i);
	v[at.v] = number(xs[at.x]{{if ge .Inputs 2}}, ys[at.y]{{end}}{{if ge .Inputs 3}}, zs[at.z]{{end}});
}
{{end}}
{{template "several_elements" .}}
