// A depthwise separable convolution: a depthwise layer and the 1x1 layer behind it. A workgroup computes tiles of V as
// shared.wgsl does, {{.Rows}} neurons of each of {{.Columns}} depth slices, a thread 8 of 8. What shared.wgsl loads of
// X, this one computes: {{.Depth}} depth slices of the depthwise layer a step, which are in workgroup memory alone.
// The parameters have the windows of the depthwise layer, and the channels of the 1x1 layer, whose filters are packed
// as for shared.wgsl. The CPU twin is cpuref/separable.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" "vec4<f32>"}}
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
{{template "outputs" .}}
// For each four channels the depthwise layer's weights, tap by tap, its biases, and between what it holds its outputs.
@group(0) @binding(7) var<storage, read> depthwise: array<vec4<f32>>;

{{template "load" "vec4<f32>"}}

{{template "tile" .}}

const ROWS: u32 = {{.Rows}}u;
const COLUMNS: u32 = {{.Columns}}u;
const DEPTH: u32 = {{.Depth}}u;
const THREADS: u32 = {{.Threads}}u;
const LOADERS: u32 = DEPTH / 4u; // threads that compute one neuron's channels

{{template "fragments" .}}

struct Neurons { // four of the depthwise layer's beside each other, of four depth slices
{{- range .Four}}
	n{{.}}: vec4<f32>,
{{- end}}
}

// limited is z held between low and high. NaN stays.
fn limited(z: vec4<f32>, low: vec4<f32>, high: vec4<f32>) -> vec4<f32> {
	let size = bitcast<vec4<u32>>(z) & vec4<u32>(0x7fffffffu);
	return select(min(max(z, low), high), z, size > vec4<u32>(0x7f800000u));
}

// neurons computes those from the given pixel on. Behind the last channel they are 0. Windows that begin before the
// input are wrapped around to large numbers, from which taps step back to it.
fn neurons(pixel: u32, channel: u32) -> Neurons {
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	let weights = channel / 4u * (taps + 3u);
	let step = p.x_pitch / 4u;
{{- range .Four}}
	let start{{.}} = vec3<u32>(window(pixel + {{.}}u));
	let i{{.}} = (image(pixel + {{.}}u) + flat(start{{.}}, p.in_size)) * step + (p.x_first + channel) / 4u;
	var sum{{.}} = depthwise[weights + taps];
{{- end}}
	var f = vec3<u32>();
	for (var tap = 0u; tap < taps; tap++) {
		let weight = depthwise[weights + tap];
		let more = f * p.dilation;
		let further = flat(more, p.in_size) * step;
{{- range .Four}}
		sum{{.}} += weight * select(vec4<f32>(), load(i{{.}} + further), all(start{{.}} + more < p.in_size));
{{- end}}
		f = next(f);
	}
	let low = depthwise[weights + taps + 1u];
	let high = depthwise[weights + taps + 2u];
	let some = channel < p.group_inputs;
	return Neurons({{range .Four}}
		select(vec4<f32>(), limited(sum{{.}}, low, high), some),{{end}}
	);
}

{{template "kernel_main"}}
	let tile = locate(workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z), ROWS, COLUMNS);
	// What this thread computes of the depthwise layer: channels from lane on, of the neurons in four rows of the tile
	// at a time; and what it loads of the weights: four depth slices.
	let lane = thread % LOADERS * 4u;
{{- range $g := .XGroups}}
	let row{{$g}} = thread / LOADERS * 4u{{if $g}} + {{$g}}u * (THREADS / LOADERS * 4u){{end}};
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
	var weight = tile.column * steps * (DEPTH * COLUMNS / 4u) + thread;
	for (var c = 0u; c < steps; c++) {
{{- range $g := .XGroups}}
		let x{{$g}} = neurons(tile.pixel + row{{$g}}, c * DEPTH + lane);
{{- end}}
{{- range .WLoads}}
		let w{{.}} = w[weight{{if .}} + {{.}}u * THREADS{{end}}];
{{- end}}
		weight += DEPTH * COLUMNS / 4u;
		// All threads are done with what was stored before.
		workgroupBarrier();
{{- range $g := .XGroups}}
{{- range $c, $of := $.Components}}
		xs[row{{$g}} / 8u][lane + {{$c}}u][row{{$g}} / 4u % 2u] = vec4<f32>(
{{- range $.Four}}{{if .}}, {{end}}x{{$g}}.n{{.}}{{$of}}{{end}});
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

	{{template "write_fragments" .}}
}
