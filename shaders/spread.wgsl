// Transposed depthwise layers of filters of {{.Filter}}x{{.Filter}} and stride {{.Stride}}: a thread computes
// {{.Rows}} rows of {{.Strip}} neurons of 4 depth slices, and loads each X[x,y] that they read once.
// Filters are packed tap by tap, depth slice innermost. The CPU twin is cpuref/conv.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" "vec4<f32>"}}
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
{{template "outputs" .}}

{{template "load" "vec4<f32>"}}

{{template "strip" .}}

{{template "put" .}}

struct Taps { // a row of a filter
{{- range .Taps}}
	w{{.}}: vec4<f32>,
{{- end}}
}

struct Columns { // a row of X
{{- range .Columns}}
	x{{.}}: vec4<f32>,
{{- end}}
}

// begin finds the strips of a thread, which begin where a filter's first tap may stand: before V, by what padding
// leaves of the stride, and then wrapped around to large numbers.
fn begin(thread: u32) -> Strip {
	let over = p.pad % p.stride;
	let blocks = p.out_channels / CHANNELS;
	let strips = (p.out_size.z + over.z + STRIP - 1u) / STRIP;
	let bands = (p.out_size.y + over.y + ROWS - 1u) / ROWS;
	var at: Strip;
	at.channel = thread % blocks * CHANNELS;
	at.x = thread / blocks % strips * STRIP - over.z;
	at.y = thread / blocks / strips % bands * ROWS - over.y;
	at.plane = thread / blocks / strips / bands;
	return at;
}

fn taps(channel: u32, row: u32) -> Taps {
	{{template "depthwise_taps" .}}
}

{{template "columns" .}}

{{template "kernel_main"}}
	let at = begin((workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread);
	let plane = from_plane(at.plane);
	let top = (at.y + p.pad.y) / {{.Stride}}u;
	let left = (at.x + p.pad.z) / {{.Stride}}u - {{.Oldest}}u;
	let input = p.x_first + at.channel;
{{- range .Taps}}
	let w{{.}} = taps(at.channel, {{.}}u);
{{- end}}
	let bias = biases(at.channel);
	// Rows of X by how many rounds ago they were loaded. Each round has another one, and as many rows of neurons as
	// the stride.
{{- range .Earlier}}
	var x{{.}} = columns(plane, top - {{.}}u, left, input);
{{- end}}
	for (var n = 0u; n < ROWS / {{.Stride}}u; n++) {
		let x0 = columns(plane, top + n, left, input);
{{- range $r := .Residues}}
{{- range $c := $.Each}}
		put(at, n * {{$.Stride}}u{{plus $r}}, {{$c}}u, 0u, bias
			{{- range $.Reads $r $c}} + w{{.Row}}.w{{.Column}} * x{{.Age}}.x{{.X}}{{end}});
{{- end}}
{{- end}}
{{- range .Ages}}
		x{{.Next}} = x{{.Age}};
{{- end}}
	}
{{- if finishes}}
	finish_all(at);
{{- end}}
}
