// Filters {{.Filter}}x{{.Filter}} of stride {{.Stride}} that slide: a thread computes {{.Rows}} rows of {{.Strip}}
// neurons of 4 depth slices. It loads each X[x,y] under its windows once, and keeps the filters in registers.
// {{if .Grouped}}A group has 4 input channels.{{else}}Each depth slice of V has its own of X.{{end}}
// Padding is zero. The CPU twin is cpuref/conv.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" "vec4<f32>"}}
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
{{template "outputs" .}}

{{template "load" "vec4<f32>"}}

{{template "strip" .}}

struct Taps { // a row of a filter
{{- range .Taps}}
	w{{.}}: {{$.Weight}},
{{- end}}
}

struct Columns { // a row of X under the windows
{{- range .Columns}}
	x{{.}}: vec4<f32>,
{{- end}}
}

struct Sums { // a row of neurons
{{- range .Each}}
	s{{.}}: vec4<f32>,
{{- end}}
}

fn taps(channel: u32, row: u32) -> Taps {
{{- if .Grouped}}
	let i = (channel / 4u * {{.Filter}}u + row) * {{.Filter}}u * 4u;
	return Taps({{range $t := .Taps}}
		mat4x4<f32>({{range $.Four}}w[i{{plus ($.Place $t .)}}], {{end}}),{{end}}
	);
{{- else}}
	{{template "depthwise_taps" .}}
{{- end}}
}

{{template "columns" .}}

fn add(sums: Sums, x: Columns, w: Taps) -> Sums {
	return Sums({{range $s := .Each}}
		sums.s{{$s}}{{range $t := $.Taps}} + w.w{{$t}} * x.x{{$.Column $s $t}}{{end}},{{end}}
	);
}

// write writes a row of neurons, with an address that steps from one to the next.
fn write(at: Strip, row: u32, sums: Sums) {
	let inside = has(at, row, 0u, 0u);
	let i = element(at, row, 0u, 0u) / 4u;
	let step = p.v_pitch / 4u;
{{- range .Each}}
	if inside{{if .}} & (at.x{{plus .}} < p.out_size.z){{end}} {
		store(i{{if .}}{{plus .}} * step{{end}}, sums.s{{.}});
	}
{{- end}}
}

{{template "kernel_main"}}
	let at = locate((workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread);
	let plane = from_plane(at.plane);
	let top = at.y * {{.Stride}}u - p.pad.y;
	let left = at.x * {{.Stride}}u - p.pad.z;
	let input = p.x_first + {{if .Grouped}}at.channel / p.group_outputs * 4u{{else}}at.channel{{end}};
{{- range .Taps}}
	let w{{.}} = taps(at.channel, {{.}}u);
{{- end}}
	let bias = biases(at.channel);
	let none = Sums({{range .Each}}bias, {{end}});
{{- range .Open}}
	var sums{{.}} = none;
{{- end}}
	// Each round loads the rows of X that the next row of windows goes down by. Windows that began
	// {{.Oldest}} rounds ago end.
	for (var n = 0u; n < ROWS + {{.Oldest}}u; n++) {
{{- range $i := .Down}}
		let x{{.}} = columns(plane, top + n * {{$.Stride}}u{{plus .}}, left, input);
{{- range $.Adds $i}}
		sums{{.Age}} = add(sums{{.Age}}, x{{$i}}, w{{.Tap}});
{{- end}}
{{- end}}
		if n >= {{.Oldest}}u {
			write(at, n - {{.Oldest}}u, sums{{.Oldest}});
		}
{{- range .Ages}}
		sums{{.Next}} = sums{{.Age}};
{{- end}}
		sums0 = none;
	}
{{- if finishes}}
	finish_all(at);
{{- end}}
}
