// The first layer of a network, of {{.Inputs}} input channels and filters {{.Filter}}x{{.Filter}} of stride
// {{.Stride}}: a thread computes {{.Rows}} strips of {{.Strip}} neurons of {{.Channels}} depth slices. It loads each
// X[x,y] under a strip's windows once for a row of the filter. Padding is zero. Filters are packed as for
// registers.wgsl, in blocks of {{.Channels}}. The CPU twin is cpuref/conv.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" "f32"}}
@group(0) @binding(2) {{template "w"}}
{{template "outputs" .}}

{{template "load" "f32"}}

{{template "strip" .}}

{{template "put" .}}

fn fetch(i: u32, inside: bool) -> f32 {
	return select(0.0, load(i), inside);
}

{{template "kernel_main"}}
	let at = locate((workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread);
	let plane = from_plane(at.plane);
	let left = at.x * {{.Stride}}u - p.pad.z;
{{- range $j := .Vectors}}
	let bias{{$j}} = biases(at.channel{{plus ($.First $j)}});
{{- end}}
	for (var down = 0u; down < ROWS; down++) {
		// Rows and columns before X are wrapped around to large numbers.
		let top = (at.y + down) * {{.Stride}}u - p.pad.y;
{{- range $j := .Vectors}}
{{- range $.Each}}
		var sum{{.}}_{{$j}} = bias{{$j}};
{{- end}}
{{- end}}
		for (var row = 0u; row < {{.Filter}}u; row++) {
			let inside = plane.inside & (top + row < p.in_size.y);
			let column0 = x_at((plane.first + top + row) * p.in_size.z + left, 0u);
{{- range $i := .Columns}}
{{- if $i}}
			let column{{$i}} = column{{$.Before $i}} + p.x_pitch;
{{- end}}
			let inside{{$i}} = inside & (left{{plus $i}} < p.in_size.z);
{{- range $c := $.Components}}
			let x{{$i}}_{{$c}} = fetch(column{{$i}}{{plus $c}}, inside{{$i}});
{{- end}}
{{- end}}
			let weight = (at.channel / CHANNELS * {{.Filter}}u + row) * {{.RowWeights}}u;
{{- range $j := .Vectors}}
{{- range $t := $.Taps}}
{{- range $c := $.Components}}
			let w{{$t}}_{{$c}}_{{$j}} = {{template "weights_at" printf "weight%s" (plus ($.Weight $t $c $j))}};
{{- end}}
{{- end}}
{{- range $s := $.Each}}
{{- range $t := $.Taps}}
{{- range $c := $.Components}}
			sum{{$s}}_{{$j}} += x{{$.Column $s $t}}_{{$c}} * w{{$t}}_{{$c}}_{{$j}};
{{- end}}
{{- end}}
{{- end}}
{{- end}}
		}
{{- range $s := .Each}}
{{- range $.Vectors}}
		put(at, down, {{$s}}u, {{.}}u, sum{{$s}}_{{.}});
{{- end}}
{{- end}}
	}
{{- if finishes}}
	finish_all(at);
{{- end}}
}
