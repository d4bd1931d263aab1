{{- /* What kernels share that slide over rows of X, by fours of channels, with filters in registers. */ -}}

{{- define "columns" -}}
fn fetch(i: u32, inside: bool) -> vec4<f32> {
	return select(vec4<f32>(), load(i), inside);
}

// columns loads row y of X from the given column on. Both lie before X where they are wrapped around to
// large numbers.
fn columns(plane: Plane, y: u32, left: u32, channel: u32) -> Columns {
	let inside = plane.inside & (y < p.in_size.y);
	let step = p.x_pitch / 4u;
	let i = ((plane.first + y) * p.in_size.z + left) * step + channel / 4u;
	return Columns({{range .Columns}}
		fetch(i{{if .}}{{plus .}} * step{{end}}, inside & (left{{plus .}} < p.in_size.z)),{{end}}
	);
}
{{- end -}}

{{- define "depthwise_taps" -}}
	let step = p.out_channels / 4u;
	let i = row * {{.Filter}}u * step + channel / 4u;
	return Taps({{range .Taps}}w[i{{if .}}{{plus .}} * step{{end}}], {{end}});
{{- end -}}
