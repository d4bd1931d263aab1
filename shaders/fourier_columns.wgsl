// The transform by columns of what fourier_rows.wgsl wrote, [tiles][16][23][channels], to U,
// [tiles][23][23][channels]: a thread takes 16 numbers of one frequency. The CPU twin is cpuref/transform_input.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> lines: array<Cell>;
@group(0) @binding(2) var<storage, read_write> u: array<Cell>;

{{template "fourier" .}}

{{template "spectrum" .}}

fn element(i: u32) {
	let blocks = p.in_channels / VECTOR;
	let columns = 23u * blocks;
	let source = i / columns * 16u * columns + i % columns;
	let to = i / columns * 23u * columns + i % columns;
	let z = transform(Line({{range .Line}}{{if .}}, {{end}}lines[source + {{.}}u * columns]{{end}}));
{{- range .Spectrum}}
	u[to + {{.}}u * columns] = z.z{{.}};
{{- end}}
}
