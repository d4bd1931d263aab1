// The transform by rows, or by columns where filters have one tap along rows, of lines to V: a thread takes the 23
// numbers of a row of a tile, which has 4 outputs to 15. The CPU twin is cpuref/transform_output.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> lines: array<Cell>;
@group(0) @binding(2) var<storage, read> b: array<Cell>;
@group(0) @binding(3) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(4) var<storage, read> residuals: array<f32>;
@group(0) @binding(5) {{template "v" .Cell}}

{{template "store" .Cell}}

fn residual(i: u32) -> f32 {
	return residuals[i];
}

{{template "epilogue" .}}

{{template "finish_at" .}}

{{template "fourier" .}}

{{template "inverse" .}}

{{template "write" .}}

fn element(i: u32) {
	let blocks = p.out_channels / VECTOR;
	let rows = rows_of(outputs());
	let line = i / blocks;
	let t = tile_of(line / rows, i % blocks, blocks);
	let row = line % rows;
	let start = (t.number * rows_of(sixteen()) + row) * 23u;
	let z = inverse(Spectrum({{range .Spectrum}}{{if .}}, {{end}}lines[(start + {{.}}u) * blocks + t.block]{{end}}));
	let wide = outputs().x * outputs().y / rows;
	let first = vec3<u32>(0u, row, 0u);
	let step = along();
{{- range .Line}}
{{- if lt . 4}}
	write(t, first + {{.}}u * step, z.e{{.}});
{{- else if lt . 15}}
	if {{.}}u < wide {
		write(t, first + {{.}}u * step, z.e{{.}});
	}
{{- end}}
{{- end}}
	// The epilogue's functions are many: in a loop they are compiled once, not for each output.
	if {{template "finishes"}} {
		for (var each = 0u; each < wide; each++) {
			complete(t, first + each * step);
		}
	}
}
