// An implicit GEMM with tiles in workgroup memory: a workgroup computes {{.Rows}} neurons of each of {{.Columns}} depth slices, a
// thread 8 of 8. Per step the workgroup loads {{.Depth}} input channels of its neurons' windows and the weights that go
// with them. Fragments of eight numbers are stored as mat2x4, for one index then serves all of them. Filters
// are packed as for registers.wgsl, in blocks of {{.Columns}}. The CPU twin is cpuref/conv.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<{{.Load}}>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
{{template "outputs"}}

{{template "epilogue" .}}

{{template "tile"}}

const ROWS: u32 = {{.Rows}}u;
const COLUMNS: u32 = {{.Columns}}u;
const DEPTH: u32 = {{.Depth}}u;
const THREADS: u32 = {{.Threads}}u;
const VECTOR: u32 = {{.Vector}}u; // input channels that are loaded at once
const LOADERS: u32 = DEPTH / VECTOR; // threads that load one neuron's channels

var<workgroup> xs: array<mat2x4<f32>, {{.XS}}>; // [channel][neuron / 8]
var<workgroup> ws: array<mat2x4<f32>, {{.WS}}>; // [channel][depth slice / 8]

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let tile = locate(workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z), ROWS, COLUMNS);
	// What this thread loads: channels from lane on, of the neurons in these rows of the tile.
	let lane = thread % LOADERS * VECTOR;
{{- range .XLoads}}
	let row{{.}} = thread / LOADERS + {{.}}u * (THREADS / LOADERS);
	let start{{.}} = window(tile.pixel + row{{.}});
	let image{{.}} = image(tile.pixel + row{{.}});
{{- end}}
	let first_row = thread / (COLUMNS / 8u);
	let first_column = thread % (COLUMNS / 8u);
{{- range .Eight}}
	var sum{{.}}_0 = vec4<f32>();
	var sum{{.}}_1 = vec4<f32>();
{{- end}}

	let begin = tile.part * p.group_inputs / VECTOR / p.parts * VECTOR;
	let end = (tile.part + 1u) * p.group_inputs / VECTOR / p.parts * VECTOR;
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	var f = vec3<u32>();
	for (var tap = 0u; tap < taps; tap++) {
{{- range .XLoads}}
		let from{{.}} = source(start{{.}}, f);
		let inside{{.}} = all(from{{.}} < p.in_size);
		var column{{.}} = select(0u, ((image{{.}} + flat(from{{.}}, p.in_size)) * p.in_channels + tile.group * p.group_inputs + begin + lane) / VECTOR, inside{{.}});
{{- end}}
		var weight = (tile.weights + tap * p.group_inputs + begin) * (COLUMNS / 4u) + thread;
		let last = (tile.weights + tap * p.group_inputs + end) * (COLUMNS / 4u);
		for (var c = begin; c < end; c += DEPTH) {
			let some = c + lane < end;
{{- range .XLoads}}
			let x{{.}} = select({{$.Load}}(), x[column{{.}}], inside{{.}} && some);
			column{{.}} += DEPTH / VECTOR;
{{- end}}
{{- range .WLoads}}
			let w{{.}} = select(vec4<f32>(), w[weight + {{.}}u * THREADS], weight + {{.}}u * THREADS < last);
{{- end}}
			weight += DEPTH * COLUMNS / 4u;
			// All threads are done with what was loaded before.
			workgroupBarrier();
{{- range $l := .XLoads}}
{{- range $c, $of := $.Components}}
			xs[(lane + {{$c}}u) * (ROWS / 8u) + row{{$l}} / 8u][row{{$l}} / 4u % 2u][row{{$l}} % 4u] = x{{$l}}{{$of}};
{{- end}}
{{- end}}
{{- range .WLoads}}
			ws[(thread + {{.}}u * THREADS) / 2u][thread % 2u] = w{{.}};
{{- end}}
			workgroupBarrier();
{{- range .Steps}}
			{
				let xf = xs[{{.}}u * (ROWS / 8u) + first_row];
				let wf = ws[{{.}}u * (COLUMNS / 8u) + first_column];
{{- range $i := $.Eight}}
				sum{{$i}}_0 += xf[{{$.Half $i}}].{{$.Quarter $i}} * wf[0];
				sum{{$i}}_1 += xf[{{$.Half $i}}].{{$.Quarter $i}} * wf[1];
{{- end}}
			}
{{- end}}
		}
		f = next(f);
	}

	let first = tile.pixel + 8u * first_row;
	var mine = tile;
	mine.channel += 8u * first_column;
{{- range .Eight}}
	write(mine, first + {{.}}u, 0u, sum{{.}}_0);
	write(mine, first + {{.}}u, 1u, sum{{.}}_1);
{{- end}}
	finish_all(mine, first, 8u, 8u);
}
