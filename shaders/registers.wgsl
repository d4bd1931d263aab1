// An implicit GEMM in registers: one thread computes {{.Pixels}} neurons of each of {{.Channels}} depth slices.
{{- if .Across}} All threads of a
// workgroup have the same neurons, which keeps them busy where there are few.
{{- else}} All threads of a
// workgroup have the same depth slices, so that the address of a weight is equal for the whole workgroup.
{{- end}}
// Filters are packed in blocks of a workgroup's depth slices, depth slice innermost: see pack in package
// host. The CPU twin is cpuref/conv.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" .Load}}
{{- if .Uniform}}
// The columns of this dispatch; software adapters load from a uniform buffer more cheaply.
@group(0) @binding(2) var<uniform> w: array<vec4<f32>, {{.UniformVectors}}>;
{{- else}}
@group(0) @binding(2) {{template "w"}}
{{- end}}
{{template "outputs" .}}

{{template "load" .Load}}

{{template "tile" .}}

const THREADS: u32 = {{.Threads}}u;
const PIXELS: u32 = {{.Pixels}}u;
const CHANNELS: u32 = {{.Channels}}u;
const COLUMNS: u32 = {{.Columns}}u; // depth slices of a workgroup
const VECTOR: u32 = {{.Vector}}u; // input channels that are loaded at once

{{template "kernel_main"}}
{{- if .Across}}
	var tile = locate(workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z), PIXELS, COLUMNS);
	tile.channel += thread * CHANNELS;
	let first = tile.pixel;
	let before = thread * CHANNELS / 4u; // weights of the threads before, in each row
{{- else}}
	let tile = locate(workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z), THREADS * PIXELS, COLUMNS);
	let first = tile.pixel + thread * PIXELS;
{{- end}}
{{- range .Each}}
	let start{{.}} = window(first + {{.}}u);
	let image{{.}} = image(first + {{.}}u);
{{- end}}
{{- range $j := .Vectors}}
	let bias{{$j}} = biases(tile, {{$j}}u);
{{- end}}
{{- range $p := .Each}}
{{- range $j := $.Vectors}}
	var sum{{$p}}_{{$j}} = bias{{$j}};
{{- end}}
{{- end}}

	let columns = p.group_inputs / VECTOR;
	let begin = tile.split * columns / p.split_k;
	let end = (tile.split + 1u) * columns / p.split_k;
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	var f = vec3<u32>();
	for (var tap = 0u; tap < taps; tap++) {
{{- range .Each}}
		let from{{.}} = source(start{{.}}, f);
		let inside{{.}} = all(from{{.}} < p.in_size);
		let pixel{{.}} = image{{.}} + flat(from{{.}}, p.in_size);
		let column{{.}} = select(0u, x_at(pixel{{.}}, tile.group * p.group_inputs) / VECTOR, inside{{.}});
{{- end}}
{{- if .Uniform}}
		// Of whole sums alone: see serves.
		var weight = ((tile.column - p.first_column) * taps + tap) * p.group_inputs * (COLUMNS / 4u);
{{- else}}
		let channel = (tile.column * taps + tap) * p.group_inputs + begin * VECTOR;
		var weight = channel * (COLUMNS / 4u){{if .Across}} + before{{end}};
{{- end}}
		for (var c = begin; c < end; c++) {
{{- range $c, $of := .Components}}
{{- range $j := $.Vectors}}
			let w{{$c}}_{{$j}} = {{template "weights_at" printf "weight + %du" ($.Weight $c $j)}};
{{- end}}
{{- end}}
			// A sum gets all that there is for it at once: where registers are few it is moved to and fro but once.
{{- range $p := .Each}}
			let x{{$p}} = select({{$.Load}}(), load(column{{$p}} + c), inside{{$p}});
{{- range $j := $.Vectors}}
{{- range $c, $of := $.Components}}
			sum{{$p}}_{{$j}} += x{{$p}}{{$of}} * w{{$c}}_{{$j}};
{{- end}}
{{- end}}
{{- end}}
			weight += VECTOR * COLUMNS / 4u;
		}
		f = next(f);
	}
{{range $p := .Each}}
	let to{{$p}} = row(tile, first + {{$p}}u, CHANNELS);
{{- range $j := $.Vectors}}
	write(to{{$p}}, {{$j}}u, sum{{$p}}_{{$j}});
{{- end}}
{{- end}}
{{- if finishes}}
	finish_all(tile, first, PIXELS, CHANNELS);
{{- end}}
}
