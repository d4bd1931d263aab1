// The transform of products to the gradient with respect to the filters by Winograd's algorithm: dW = Gᵀ m G, of
// the {{.H}} x {{.W}} products m of a filter, which were summed up over all tiles. The judge of its results is
// cpuref/transform_gradient.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> products: array<Cell>;
@group(0) @binding(2) var<storage, read_write> dw: array<Cell>;

const VECTOR: u32 = {{.Vector}}u;
alias Cell = {{.Cell}};

// Line is one row or column of the products, Taps of a filter.
struct Line {
{{- range .Line}}
	e{{.}}: Cell,
{{- end}}
}

struct Taps {
{{- range .Taps}}
	e{{.}}: Cell,
{{- end}}
}

// transform is Gᵀ d.
fn transform(d: Line) -> Taps {
{{- range $i, $point := .Pairs}}
	let even{{$.Number $i}} = {{$.Scaled $i}} * (d.e{{$.First $i}} + d.e{{$.Second $i}});
	let odd{{$.Number $i}} = {{$.Scaled $i}} * (d.e{{$.First $i}} - d.e{{$.Second $i}});
{{- end}}
	return Taps(
{{- range $j := .Taps}}
		{{if not $j}}{{$.Zero}} * d.e0 + {{end -}}
{{- range $i, $point := $.Pairs}}{{if $i}} + {{end}}{{$.Times $point $j}}{{$.Parity $j}}{{$.Number $i}}{{end}}
{{- if eq $j $.LastTap}} + d.e{{$.End}}{{end}},
{{- end}}
	);
}

// element computes all taps of one block of input channels of one filter: the columns, then the rows.
fn element(i: u32) {
	let blocks = p.group_inputs / VECTOR;
	let step = p.out_channels * blocks; // products of a position
{{- range $c := .Line}}
	let d{{$c}} = transform(Line(
{{- range $.Line}}{{if .}}, {{end}}products[i{{with $.At . $c}}{{plus .}} * step{{end}}]{{end}}));
{{- end}}
	let to = i / blocks * p.w_output / VECTOR + i % blocks;
{{- range $r := .Taps}}
	let row{{$r}} = transform(Line({{range $.Line}}{{if .}}, {{end}}d{{.}}.e{{$r}}{{end}}));
{{- range $.Taps}}
	dw[to{{with $.Tap $r .}}{{plus .}} * blocks{{end}}] = row{{$r}}.e{{.}};
{{- end}}
{{- end}}
}

{{template "elementwise" .}}
