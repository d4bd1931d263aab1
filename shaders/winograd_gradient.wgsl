// The transform of dV for the gradient with respect to the filters by Winograd's algorithm: U = A d Aᵀ, of the
// {{.M}} x {{.M}} numbers d of dV that a tile has. The judge of its results is cpuref/transform_gradient.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dv: array<Cell>;
@group(0) @binding(2) var<storage, read_write> u: array<Cell>;

{{template "winograd" .}}

// Outputs is one row or column of a tile's outputs.
struct Outputs {
{{- range .Outputs}}
	e{{.}}: Cell,
{{- end}}
}

// transform is A d.
fn transform(d: Outputs) -> Line {
{{- if eq .Side 4}}
	return Line(d.e0, d.e0 + d.e1, d.e0 - d.e1, d.e1);
{{- else}}
	let even1 = d.e0 + d.e2;
	let odd1 = d.e1 + d.e3;
	let even2 = d.e0 + 4.0 * d.e2;
	let odd2 = 2.0 * d.e1 + 8.0 * d.e3;
	return Line(d.e0, even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, d.e3);
{{- end}}
}

// neuron is the tile's block of channels of dV, f places from its first, and zeros beyond V's edge.
fn neuron(t: Tile, row: u32, column: u32) -> Cell {
	let o = t.o + vec3<u32>(0u, row, column) * p.dilation;
	let position = t.image * p.out_size.y * p.out_size.z + flat(o, p.out_size);
	return select(Cell(0.0), dv[v_at(position, VECTOR * t.block) / VECTOR], all(o < p.out_size));
}

// keep writes one line of the tile, from element e on.
fn keep(t: Tile, e: u32, line: Line) {
{{- range .Line}}
	u[between(t, {{if .}}e + {{.}}u{{else}}e{{end}})] = line.e{{.}};
{{- end}}
}

// element transforms one block of channels of one tile: the columns, then the rows.
fn element(i: u32) {
	let blocks = p.out_channels / VECTOR;
	let t = tile_of(i / blocks, i % blocks, blocks);
{{- range $c := .Outputs}}
	let d{{$c}} = transform(Outputs({{range $.Outputs}}{{if .}}, {{end}}neuron(t, {{.}}u, {{$c}}u){{end}}));
{{- end}}
{{- range $r := .Line}}
	keep(t, {{$.At $r 0}}u, transform(Outputs({{range $.Outputs}}{{if .}}, {{end}}d{{.}}.e{{$r}}{{end}})));
{{- end}}
}
