// An implicit GEMM with tiles in workgroup memory: a workgroup computes {{.Rows}} neurons of each of {{.Columns}}
// depth slices, a thread 8 of 8. Per step the workgroup loads {{.Depth}} input channels of its neurons' windows and
// the weights that go with them. Fragments of eight numbers are stored as mat2x4, for one index then serves all of
// them, and those of a thread's steps one behind the other, for their addresses then differ by literals alone.
// Filters are packed as for registers.wgsl, in blocks of {{.Columns}}, with zeros behind each tap's input channels
// up to whole steps. The CPU twin is cpuref/conv.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" .Load}}
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
{{template "outputs" .}}

{{template "load" .Load}}

{{template "tile" .}}

const ROWS: u32 = {{.Rows}}u;
const COLUMNS: u32 = {{.Columns}}u;
const DEPTH: u32 = {{.Depth}}u;
const THREADS: u32 = {{.Threads}}u;
const VECTOR: u32 = {{.Vector}}u; // input channels that are loaded at once
const LOADERS: u32 = DEPTH / VECTOR; // threads that load one neuron's channels

{{template "fragments" .}}

{{template "kernel_main"}}
	let tile = locate(workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z), ROWS, COLUMNS);
	// What this thread loads: channels from lane on, of the neurons in four rows of the tile at a time,
	// and four depth slices of the weights.
	let lane = thread % LOADERS * VECTOR;
{{- range $g := .XGroups}}
	let row{{$g}} = thread / LOADERS * 4u{{if $g}} + {{$g}}u * (THREADS / LOADERS * 4u){{end}};
{{- range $.Four}}
	let start{{$g}}_{{.}} = window(tile.pixel + row{{$g}} + {{.}}u);
	let image{{$g}}_{{.}} = image(tile.pixel + row{{$g}} + {{.}}u);
{{- end}}
{{- end}}
	let slices = thread % (COLUMNS / 4u);
	let step = thread / (COLUMNS / 4u);
	let first_row = thread / (COLUMNS / 8u);
	let first_column = thread % (COLUMNS / 8u);
{{- range .Eight}}
	var sum{{.}}_0 = vec4<f32>();
	var sum{{.}}_1 = vec4<f32>();
{{- end}}

	let steps = (p.group_inputs + DEPTH - 1u) / DEPTH;
	let begin = tile.split * steps / p.split_k;
	let end = (tile.split + 1u) * steps / p.split_k;
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	let channel = tile.group * p.group_inputs + begin * DEPTH + lane;
	var f = vec3<u32>();
	for (var tap = 0u; tap < taps; tap++) {
{{- range $g := .XGroups}}
{{- range $.Four}}
		let from{{$g}}_{{.}} = source(start{{$g}}_{{.}}, f);
		let inside{{$g}}_{{.}} = all(from{{$g}}_{{.}} < p.in_size);
		let pixel{{$g}}_{{.}} = image{{$g}}_{{.}} + flat(from{{$g}}_{{.}}, p.in_size);
		var column{{$g}}_{{.}} = x_at(pixel{{$g}}_{{.}}, channel) / VECTOR;
{{- end}}
{{- end}}
		var weight = ((tile.column * taps + tap) * steps + begin) * (DEPTH * COLUMNS / 4u) + thread;
		for (var c = begin; c < end; c++) {
			let some = c * DEPTH + lane < p.group_inputs;
{{- range $g := .XGroups}}
{{- range $.Four}}
			let x{{$g}}_{{.}} = select({{$.Load}}(), load(column{{$g}}_{{.}}), inside{{$g}}_{{.}} & some);
			column{{$g}}_{{.}} += DEPTH / VECTOR;
{{- end}}
{{- end}}
{{- range .WLoads}}
			let w{{.}} = w[weight{{if .}} + {{.}}u * THREADS{{end}}];
{{- end}}
			weight += DEPTH * COLUMNS / 4u;
			// All threads are done with what was loaded before.
			workgroupBarrier();
{{- range $g := .XGroups}}
{{- range $c, $of := $.Components}}
			xs[row{{$g}} / 8u][lane + {{$c}}u][row{{$g}} / 4u % 2u] = vec4<f32>(
{{- range $.Four}}{{if .}}, {{end}}x{{$g}}_{{.}}{{$of}}{{end}});
{{- end}}
{{- end}}
{{- range .WLoads}}
			ws[slices / 2u][step{{if .}} + {{.}}u * (THREADS * 4u / COLUMNS){{end}}][slices % 2u] = w{{.}};
{{- end}}
			workgroupBarrier();
{{- range .Steps}}
			{
				let xf = xs[first_row][{{.}}];
				let wf = ws[first_column][{{.}}];
{{- range $i := $.Eight}}
				sum{{$i}}_0 += xf[{{half $i}}].{{quarter $i}} * wf[0];
				sum{{$i}}_1 += xf[{{half $i}}].{{quarter $i}} * wf[1];
{{- end}}
			}
{{- end}}
		}
		f = next(f);
	}

	// Biases come last here: they would hold registers all the while.
	{{template "write_fragments" .}}
}
