// Depthwise layers of any filter: a thread computes a strip of {{.Strip}} neurons of 4 depth slices. Each
// depth slice of V is computed of one of X, each of X gives as many as its filter group has. Filters are
// packed tap by tap, depth slice innermost: see packDepthwise in package host. The CPU twin is
// cpuref/conv.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" .Load}}
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
{{template "outputs" .}}

{{template "load" .Load}}

{{template "strip" .}}

{{template "put" .}}

// fetch loads what four depth slices from the given one on read at position i of X.
fn fetch(i: u32, channel: u32, inside: bool) -> vec4<f32> {
{{- if eq .Vector 4}}
	return select(vec4<f32>(), load(x_at(i, channel) / 4u), inside);
{{- else}}
	let first = x_at(i, 0u);
	let channels = vec4<u32>(channel, channel + 1u, channel + 2u, channel + 3u) / p.group_outputs;
	return select(vec4<f32>(), vec4<f32>({{range .Fours}}load(first + channels{{.}}), {{end}}), inside);
{{- end}}
}

fn weights(tap: u32, channel: u32) -> u32 {
	return tap * ((p.out_channels + 3u) / 4u) + channel / 4u;
}

{{template "kernel_main"}}
	let at = locate((workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread);
	let image = at.plane / p.out_size.x * p.in_size.x * p.in_size.y * p.in_size.z;
	let bias = biases(at.channel);
{{- range .Each}}
	var sum{{.}} = bias;
{{- end}}
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	for (var tap = 0u; tap < taps; tap++) {
		let f = unflat(tap, p.filter_size);
		let weight = w[weights(tap, at.channel)];
{{- range .Each}}
		let i{{.}} = from_input(vec3<u32>(at.plane % p.out_size.x, at.y, at.x{{plus .}}), f);
		sum{{.}} += weight * fetch(image + flat(i{{.}}, p.in_size), at.channel, all(i{{.}} < p.in_size));
{{- end}}
	}
{{- range .Each}}
	put(at, 0u, {{.}}u, 0u, sum{{.}});
{{- end}}
{{- if finishes}}
	finish_all(at);
{{- end}}
}
