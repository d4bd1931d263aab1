// The transform of X for Winograd's F({{.M}}x{{.M}}, 3x3): U = Bᵀ x B, of the {{.Side}} x {{.Side}} inputs x that a tile's outputs
// read. The CPU twin is cpuref/winograd_input.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<Cell>;
@group(0) @binding(2) var<storage, read_write> u: array<Cell>;

{{template "winograd" .}}

// tap is the input that the window at output o reads with tap f. What only outputs beyond V's edge would
// read lies outside of in_size, as zero padding does.
fn tap(o: vec3<u32>, f: vec3<u32>) -> vec3<u32> {
	return select(from_input(o, f), vec3<u32>(0xffffffffu), o + f * p.dilation >= p.out_size + 2u * p.dilation);
}

// input is the tile's block of channels of one input: zeros outside of X, where the number that is read
// does not matter.
fn input(t: Tile, row: vec3<u32>, column: vec3<u32>) -> Cell {
	let at = vec3<u32>(row.x, row.y, column.z);
	let position = t.image * p.in_size.y * p.in_size.z + flat(at, p.in_size);
	return select(Cell(0.0), x[position * t.blocks + t.block], all(at < p.in_size));
}

// transform is Bᵀ d.
fn transform(d: Line) -> Line {
{{- if eq .M 2}}
	return Line(d.e0 - d.e2, d.e1 + d.e2, d.e2 - d.e1, d.e1 - d.e3);
{{- else}}
	let even = d.e4 - 4.0 * d.e2;
	let odd = d.e3 - 4.0 * d.e1;
	let near = d.e4 - d.e2;
	let far = 2.0 * (d.e3 - d.e1);
	return Line(4.0 * d.e0 - 5.0 * d.e2 + d.e4, even + odd, even - odd, near + far, near - far, 4.0 * d.e1 - 5.0 * d.e3 + d.e5);
{{- end}}
}

// keep writes one row of the tile, from element e on.
fn keep(t: Tile, e: u32, row: Line) {
{{- range .Line}}
	u[between(t, {{if .}}e + {{.}}u{{else}}e{{end}})] = row.e{{.}};
{{- end}}
}

// element transforms one block of channels of one tile: the columns, then the rows.
fn element(i: u32) {
	let t = tile_of(i, p.in_channels / VECTOR);
{{- range .Line}}
	let f{{.}} = tap(t.o, vec3<u32>(0u, {{.}}u, {{.}}u));
{{- end}}
{{- range $c := .Line}}
	let d{{$c}} = transform(Line({{range $.Line}}{{if .}}, {{end}}input(t, f{{.}}, f{{$c}}){{end}}));
{{- end}}
{{- range $r := .Line}}
	keep(t, {{$.At $r 0}}u, transform(Line({{range $.Line}}{{if .}}, {{end}}d{{.}}.e{{$r}}{{end}})));
{{- end}}
}
