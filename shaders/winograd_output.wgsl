// The transform of products to V for Winograd's algorithm: V = f(Aᵀ m A + b), of the {{.H}} x {{.W}} products m
// of a tile. The CPU twin is cpuref/transform_output.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "products" "Cell"}}
@group(0) @binding(2) var<storage, read> b: array<Cell>;
@group(0) @binding(3) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(4) var<storage, read> residuals: array<f32>;
@group(0) @binding(5) {{template "v" .Cell}}

{{template "store" .Cell}}
{{- if finishes}}

{{template "finish_at" .}}
{{- end}}

{{template "winograd" .}}

// multiplied is element e of a tile's products.
fn multiplied(t: Tile, e: u32) -> Cell {
	let i = between(t, e);
	return {{template "products_at" "i"}};
}

// Outputs is one row or column of a tile's outputs.
struct Outputs {
{{- range .Outputs}}
	e{{.}}: Cell,
{{- end}}
}

// transform is Aᵀ d.
fn transform(d: Line) -> Outputs {
	let even1 = d.e1 + d.e2;
	let odd1 = d.e1 - d.e2;
{{- if gt .Side 5}}
	let even2 = d.e3 + d.e4;
	let odd2 = d.e3 - d.e4;
{{- end}}
{{- if gt .Side 6}}
	let even3 = d.e5 + d.e6;
	let odd3 = d.e5 - d.e6;
{{- end}}
	return Outputs(
{{- range $j := .Outputs}}
		{{if not $j}}d.e0 + {{end}}{{$.Parity $j}}1
{{- if eq $.Side 5}} + {{if $j}}{{$.Power 2.0 $j}} * {{end}}d.e3{{end}}
{{- if gt $.Side 5}} + {{if $j}}{{$.Power 2.0 $j}} * {{end}}{{$.Parity $j}}2{{end}}
{{- if gt $.Side 6}} + {{if $j}}{{$.Power 0.5 $j}} * {{end}}{{$.Parity $j}}3{{end}}
{{- if eq $j $.Last}} + d.e{{$.End}}{{end}},
{{- end}}
	);
}

{{template "write" .}}

// keep writes a line of outputs from output f on.
fn keep(t: Tile, f: vec3<u32>, z: Outputs) {
{{- range .Outputs}}
	write(t, {{if .}}f + vec3<u32>(0u, {{if $.Across}}0u, {{.}}u{{else}}{{.}}u, 0u{{end}}){{else}}f{{end}}, z.e{{.}});
{{- end}}
}

// element computes one block of channels of one tile{{if .Plane}}: the columns, then the rows{{end}}.
fn element(i: u32) {
	let blocks = p.out_channels / VECTOR;
	let t = tile_of(i / blocks, i % blocks, blocks);
{{- if .Plane}}
{{- range $c := .Line}}
	let d{{$c}} = transform(Line({{range $.Line}}{{if .}}, {{end}}multiplied(t, {{$.At . $c}}u){{end}}));
{{- end}}
{{- range $r := .Outputs}}
	keep(t, vec3<u32>(0u, {{$r}}u, 0u), transform(Line({{range $.Line}}{{if .}}, {{end}}d{{.}}.e{{$r}}{{end}})));
{{- end}}
{{- else}}
	keep(t, vec3<u32>(0u), transform(Line({{range .Line}}{{if .}}, {{end}}multiplied(t, {{.}}u){{end}})));
{{- end}}
{{- if finishes}}
	// The epilogue's functions are many: in a loop they are compiled once, not for each output.
	if p.activation != 0u || p.residual != 0u {
		for (var each = 0u; each < {{.Count}}u; each++) {
{{- if .Plane}}
			complete(t, vec3<u32>(0u, each / {{.M}}u, each % {{.M}}u));
{{- else}}
			complete(t, vec3<u32>(0u, {{if .Across}}0u, each{{else}}each, 0u{{end}}));
{{- end}}
		}
	}
{{- end}}
}
