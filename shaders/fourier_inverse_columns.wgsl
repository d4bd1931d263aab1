// The transform by columns of products, [tiles][23][23][channels], to lines for fourier_inverse_rows.wgsl,
// [tiles][16][23][channels], but for the last row, which no tile has outputs of: a thread takes the products of one
// frequency along rows. The CPU twin is cpuref/transform_output.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> products: array<Cell>;
@group(0) @binding(2) var<storage, read_write> lines: array<Cell>;

{{template "fourier" .}}

{{template "inverse" .}}

fn element(i: u32) {
	let blocks = p.out_channels / VECTOR;
	let columns = 23u * blocks;
	let source = i / columns * 23u * columns + i % columns;
	let to = i / columns * 16u * columns + i % columns;
	let z = inverse(Spectrum({{range .Spectrum}}{{if .}}, {{end}}products[source + {{.}}u * columns]{{end}}));
{{- range .Line}}
{{- if lt . 15}}
	lines[to + {{.}}u * columns] = z.e{{.}};
{{- end}}
{{- end}}
}
