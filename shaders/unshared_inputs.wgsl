// What each neuron of an unshared layer adds to the gradient with respect to X, tap by tap:
//
//   U[x, y][fx, fy, c] = sum over k of dV[x, y, k] * W_k[x, y][fx, fy, c]
//
// A thread computes {{len .Parts}} vectors of it in {{.Images}} of the images, all of which are served by what it
// reads of the filters: side by side with its neighbours, so that filters are read as they stand. Parameters are
// those of the way back: what conv.wgsl reads and writes there. unshared_gather.wgsl adds up what comes to each
// input. The CPU twin is cpuref/gradients.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // the gradient with respect to V
@group(0) @binding(2) var<storage, read> w: array<{{.Load}}>;
@group(0) @binding(3) var<storage, read_write> u: array<{{.Load}}>;

const THREADS: u32 = {{.Threads}}u;
const IMAGES: u32 = {{.Images}}u;
const BLOCK: u32 = {{.Block}}u; // threads that read side by side
const PARTS: u32 = {{len .Parts}}u; // vectors of a thread

{{template "kernel_main"}}
	let unit = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	let outs = p.out_size.x * p.out_size.y * p.out_size.z;
	let groups = p.out_channels / p.group_outputs;
	let step = p.w_input{{if eq .Vector 4}} / 4u{{end}}; // from one filter to the next
	let across = (step + BLOCK * PARTS - 1u) / (BLOCK * PARTS);
	let first = unit / BLOCK % across * BLOCK * PARTS + unit % BLOCK;
	let group = unit / BLOCK / across % groups;
	let o = unit / BLOCK / across / groups % outs;
	let image = unit / BLOCK / across / groups / outs * IMAGES;
{{- range .Parts}}
	let place{{.}} = first{{if .}}{{plus .}} * BLOCK{{end}};
{{- end}}
{{- range $i := .Each}}{{range $.Parts}}
	var sum{{$i}}_{{.}} = {{$.Load}}();
{{- end}}{{end}}
	var weight = (o * p.w_bank + group * p.w_group){{if eq .Vector 4}} / 4u{{end}};
	let neuron = x_at(image * outs + o, group * p.group_inputs);
	for (var k = 0u; k < p.group_inputs; k++) {
{{- range .Parts}}
		let w{{.}} = w[weight + place{{.}}];
{{- end}}
{{- range $i := .Each}}
		let x{{$i}} = x[neuron{{if .}}{{plus .}} * outs * p.x_pitch{{end}} + k];
{{- range $.Parts}}
		sum{{$i}}_{{.}} += x{{$i}} * w{{.}};
{{- end}}
{{- end}}
		weight += step;
	}
	let to = ((image * outs + o) * groups + group) * step;
{{- range $i := .Each}}
{{- range $.Parts}}
	if (image{{plus $i}} < p.images) & (place{{.}} < step) {
		u[to{{if $i}}{{plus $i}} * outs * groups * step{{end}} + place{{.}}] = sum{{$i}}_{{.}};
	}
{{- end}}
{{- end}}
}
