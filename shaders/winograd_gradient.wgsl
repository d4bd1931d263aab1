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

// transform is A d: at each point the sum of its powers times the outputs, those of even powers and of odd ones apart.
fn transform(d: Outputs) -> Line {
{{- range $i, $point := .Pairs}}
	let even{{$.Number $i}} = {{range $n, $j := $.Evens}}{{if $n}} + {{end}}{{$.Times $point $j}}d.e{{$j}}{{end}};
	let odd{{$.Number $i}} = {{range $n, $j := $.Odds}}{{if $n}} + {{end}}{{$.Times $point $j}}d.e{{$j}}{{end}};
{{- end}}
	return Line(d.e0,
{{- range $i, $point := .Pairs}} even{{$.Number $i}} + odd{{$.Number $i}}, even{{$.Number $i}} - odd{{$.Number $i}},
{{- end}} d.e{{.Last}});
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
