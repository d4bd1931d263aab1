{{- /* What the kernels share whose workgroups keep tiles in their memory, as fragments of eight numbers. */ -}}

{{- define "fragments" -}}
// The fragment behind the last step's stays empty: without it neighbours would lie in one memory bank.
var<workgroup> xs: array<array<mat2x4<f32>, {{.Padded}}>, {{.XS}}>; // [neuron / 8][channel]
var<workgroup> ws: array<array<mat2x4<f32>, {{.Padded}}>, {{.WS}}>; // [depth slice / 8][channel]
{{- end -}}

{{- define "write_fragments" -}}
let first = tile.pixel + 8u * first_row;
	var mine = tile;
	mine.channel += 8u * first_column;
	let bias0 = biases(mine, 0u);
	let bias1 = biases(mine, 1u);
{{- range .Eight}}
	let to{{.}} = row(mine, first + {{.}}u, 8u);
	write(to{{.}}, 0u, sum{{.}}_0 + bias0);
	write(to{{.}}, 1u, sum{{.}}_1 + bias1);
{{- end}}
{{- if finishes}}
	finish_all(mine, first, 8u, 8u);
{{- end}}
{{- end -}}
