// The transform of X for Winograd's algorithm: U = Bᵀ x B, of the {{.H}} x {{.W}} inputs x that a tile's outputs
// read. The CPU twin is cpuref/transform_input.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" .Cell}}
@group(0) @binding(2) var<storage, read_write> u: array<Cell>;

{{template "load" .Cell}}

{{template "winograd" .}}

{{template "window" .}}

// transform is Bᵀ d.
fn transform(d: Line) -> Line {
{{- if eq .Side 4}}
	return Line(d.e0 - d.e2, d.e1 + d.e2, d.e2 - d.e1, d.e3 - d.e1);
{{- else if eq .Side 5}}
	let first = 2.0 * (d.e0 - d.e2) + d.e3 - d.e1;
	let last = 2.0 * (d.e1 - d.e3) + d.e4 - d.e2;
	let twice = 2.0 * d.e1;
	return Line(first, d.e3 - twice - d.e2, d.e3 + twice - 3.0 * d.e2, d.e3 - d.e1, last);
{{- else if eq .Side 6}}
	let first = 4.0 * d.e0 - 5.0 * d.e2 + d.e4;
	let last = 4.0 * d.e1 - 5.0 * d.e3 + d.e5;
	let even1 = d.e4 - 4.0 * d.e2;
	let odd1 = d.e3 - 4.0 * d.e1;
	let even2 = d.e4 - d.e2;
	let odd2 = 2.0 * (d.e3 - d.e1);
	return Line(first, even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, last);
{{- else}}
	let first = d.e0 - d.e6 + 5.25 * (d.e4 - d.e2);
	let last = d.e7 - d.e1 + 5.25 * (d.e3 - d.e5);
	let even1 = d.e2 + d.e6 - 4.25 * d.e4;
	let odd1 = d.e1 + d.e5 - 4.25 * d.e3;
	let even2 = 0.25 * d.e2 - 1.25 * d.e4 + d.e6;
	let odd2 = 0.5 * d.e1 - 2.5 * d.e3 + 2.0 * d.e5;
	let even3 = 4.0 * d.e2 - 5.0 * d.e4 + d.e6;
	let odd3 = 2.0 * d.e1 - 2.5 * d.e3 + 0.5 * d.e5;
	return Line(first, even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, even3 + odd3, even3 - odd3, last);
{{- end}}
}

// keep writes one line of the tile, from element e on.
fn keep(t: Tile, e: u32, line: Line) {
{{- range .Line}}
	u[between(t, {{if .}}e + {{.}}u{{else}}e{{end}})] = line.e{{.}};
{{- end}}
}

// element transforms one block of channels of one tile{{if .Plane}}: the columns, then the rows{{end}}.
fn element(i: u32) {
	let blocks = p.in_channels / VECTOR;
	let t = tile_of(i / blocks, i % blocks, blocks);
{{- range .Line}}
	let f{{.}} = tap(t.o, vec3<u32>(0u, {{if $.Down}}{{.}}u{{else}}0u{{end}}, {{if $.Across}}{{.}}u{{else}}0u{{end}}));
{{- end}}
{{- if .Plane}}
{{- range $c := .Line}}
	let d{{$c}} = transform(Line({{range $.Line}}{{if .}}, {{end}}input(t, f{{.}}, f{{$c}}){{end}}));
{{- end}}
{{- range $r := .Line}}
	keep(t, {{$.At $r 0}}u, transform(Line({{range $.Line}}{{if .}}, {{end}}d{{.}}.e{{$r}}{{end}})));
{{- end}}
{{- else}}
	keep(t, 0u, transform(Line({{range .Line}}{{if .}}, {{end}}input(t, f{{.}}, f{{.}}){{end}})));
{{- end}}
}
