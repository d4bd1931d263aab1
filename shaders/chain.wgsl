// Functions one after the other, number by number: {{.Text}}. Each but the first reads what the one before it gave.
{{- if .Flat}} Each tensor has one axis.{{end}}

{{template "strided"}}

struct Params {
	shape: Shape, // of V
	v: View,
	x0: View,
	x1: View,
	x2: View,
	x3: View,
	x4: View,
	x5: View,
	first: vec4<f32>, // what the expressions of the first two links may ask for
	second: vec4<f32>, // and of the next two, ...
	third: vec4<f32>,
	fourth: vec4<f32>,
	outputs: u32, // numbers of V
	zero: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
{{- range .Inputs}}
@group(0) @binding({{.Binding}}) var<storage, read> {{.Name}}: array<{{.Type}}>;
{{- end}}
@group(0) @binding({{.Out}}) var<storage, read_write> v: array<{{.Result}}>;
{{- .Functions}}
{{- range .Links}}

fn link{{.Number}}({{.Parameters}}) -> {{.Result}} {
{{- if .Careful}}
	return select({{.Expression}}, x, is_nan(x));
{{- else}}
	return {{.Expression}};
{{- end}}
}
{{- end}}
{{- if not .Flat}}

{{template "walk" .Walk}}
{{- end}}

fn element(i: u32) {
{{- if not .Flat}}
	let at = shape_offsets(i);
{{- end}}
{{- range $n, $in := .Inputs}}
{{- if $.Flat}}
	let in{{$n}} = {{.Name}}[p.{{.Name}}.offset + i * p.{{.Name}}.strides[1].w];
{{- else}}
	let in{{$n}} = {{.Name}}[at.{{.Name}}];
{{- end}}
{{- end}}
	// What a link gives is rounded before the next one reads it, as it would be in memory: no compiler knows that the
	// bits stay what they are.
{{- range .Links}}
	let link{{.Number}}_of = bitcast<{{.Result}}>(bitcast<u32>(link{{.Number}}({{.Arguments}})) ^ p.zero);
{{- end}}
	v[{{if .Flat}}p.v.offset + i * p.v.strides[1].w{{else}}at.v{{end}}] = {{.Last}};
}

{{template "several_elements" .}}
