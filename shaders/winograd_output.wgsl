// The transform of products to V for Winograd's F({{.M}}x{{.M}}, 3x3): V = f(Aᵀ m A + b), of the {{.Side}} x {{.Side}} products m of a tile.
// The CPU twin is cpuref/winograd_output.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> products: array<Cell>;
@group(0) @binding(2) var<storage, read> b: array<Cell>;
@group(0) @binding(3) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(4) var<storage, read> residuals: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<Cell>;

fn residual(i: u32) -> f32 {
	return residuals[i];
}

{{template "epilogue" .}}

{{template "finish_at" .}}

{{template "winograd" .}}

// Outputs is one row or column of a tile's outputs.
struct Outputs {
{{- range .Outputs}}
	e{{.}}: Cell,
{{- end}}
}

// transform is Aᵀ d.
fn transform(d: Line) -> Outputs {
{{- if eq .M 2}}
	return Outputs(d.e0 + d.e1 + d.e2, d.e1 - d.e2 - d.e3);
{{- else}}
	let even = d.e1 + d.e2;
	let odd = d.e1 - d.e2;
	let far = d.e3 + d.e4;
	let farther = d.e3 - d.e4;
	return Outputs(d.e0 + even + far, odd + 2.0 * farther, even + 4.0 * far, odd + 8.0 * farther + d.e5);
{{- end}}
}

// block_of is where the tile's block of channels of output o is in V.
fn block_of(t: Tile, o: vec3<u32>) -> u32 {
	return (t.image * p.out_size.y * p.out_size.z + flat(o, p.out_size)) * t.blocks + t.block;
}

// write writes an output, f places from the tile's first, unless it hangs over V's edge.
fn write(t: Tile, f: vec3<u32>, z: Cell) {
	let o = t.o + f * p.dilation;
	if all(o < p.out_size) {
		v[block_of(t, o)] = z + b[t.block];
	}
}

// keep writes one row of the tile.
fn keep(t: Tile, row: u32, z: Outputs) {
{{- range .Outputs}}
	write(t, vec3<u32>(0u, row, {{.}}u), z.e{{.}});
{{- end}}
}

// complete applies the epilogue to an output that was written.
fn complete(t: Tile, f: vec3<u32>) {
	let o = t.o + f * p.dilation;
	if all(o < p.out_size) {
		finish_at(block_of(t, o));
	}
}

// element computes one block of channels of one tile: the columns, then the rows.
fn element(i: u32) {
	let t = tile_of(i, p.out_channels / VECTOR);
{{- range $c := .Line}}
	let d{{$c}} = transform(Line({{range $.Line}}{{if .}}, {{end}}products[between(t, {{$.At . $c}}u)]{{end}}));
{{- end}}
{{- range $r := .Outputs}}
	keep(t, {{$r}}u, transform(Line({{range $.Line}}{{if .}}, {{end}}d{{.}}.e{{$r}}{{end}})));
{{- end}}
	// The epilogue's functions are many: in a loop they are compiled once, not for each output.
	if p.activation != 0u || p.residual != 0u {
		for (var each = 0u; each < M * M; each++) {
			complete(t, vec3<u32>(0u, each / M, each % M));
		}
	}
}
