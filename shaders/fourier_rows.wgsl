// The transform of X by rows, or by columns where filters have one tap along rows: a thread takes 16 inputs of a
// tile. The CPU twin is cpuref/transform_input.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" .Cell}}
@group(0) @binding(2) var<storage, read_write> lines: array<Cell>;

{{template "load" .Cell}}

{{template "fourier" .}}

{{template "spectrum" .}}

{{template "window" .}}

// at is one of the inputs of the tile's row.
fn at(t: Tile, row: u32, column: u32) -> Cell {
	let f = tap(t.o, vec3<u32>(0u, row, 0u) + column * along());
	return input(t, f, f);
}

fn element(i: u32) {
	let blocks = p.in_channels / VECTOR;
	let rows = rows_of(sixteen());
	let line = i / blocks;
	let t = tile_of(line / rows, i % blocks, blocks);
	let row = line % rows;
	let z = transform(Line({{range .Line}}{{if .}}, {{end}}at(t, row, {{.}}u){{end}}));
{{- range .Spectrum}}
	lines[(line * 23u + {{.}}u) * blocks + t.block] = z.z{{.}};
{{- end}}
}
