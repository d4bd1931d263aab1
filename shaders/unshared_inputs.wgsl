// The gradient with respect to X of unshared layers whose padding is zero: a thread computes it at one place, for
// {{.Vector}} of the input channels in {{.Images}} of the images, all of which are served by what it reads of the
// filters. Neighbouring threads have neighbouring channels, whose weights are side by side. Parameters are those
// of the way back: what conv.wgsl reads and writes there. The CPU twin is cpuref/gradients.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<{{.Load}}>; // the gradient with respect to V
@group(0) @binding(2) var<storage, read> w: array<{{.Load}}>;
@group(0) @binding(3) var<storage, read_write> v: array<{{.Load}}>; // that with respect to X

const THREADS: u32 = {{.Threads}}u;
const IMAGES: u32 = {{.Images}}u;

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	let unit = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	let across = p.out_channels{{if eq .Vector 4}} / 4u{{end}};
	let ins = p.in_size.x * p.in_size.y * p.in_size.z;
	let outs = p.out_size.x * p.out_size.y * p.out_size.z;
	let channel = unit % across{{if eq .Vector 4}} * 4u{{end}};
	let i = unit / across % ins;
	let image = unit / across / ins * IMAGES;
	let group = channel / p.group_outputs;
	let first = group * p.w_group + channel % p.group_outputs;
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
{{- range .Each}}
	var sum{{.}} = {{$.Load}}();
{{- end}}
	for (var tap = 0u; tap < taps; tap++) {
		let o = from_output(unflat(i, p.in_size), unflat(tap, p.filter_size), vec3<u32>(0u));
		if all(o < p.out_size) {
			let bank = flat(o, p.out_size);
			let neuron = image * outs + bank;
			let input = group * p.group_inputs;
{{- range .Each}}
			let column{{.}} = x_at(neuron{{if .}}{{plus .}} * outs{{end}}, input){{if eq $.Vector 4}} / 4u{{end}};
{{- end}}
			var weight = (bank * p.w_bank + tap * p.w_tap + first){{if eq .Vector 4}} / 4u{{end}};
			let step = p.w_input{{if eq .Vector 4}} / 4u{{end}}; // from one filter to the next
			for (var k = 0u; k < p.group_inputs{{if eq .Vector 4}} / 4u{{end}}; k++) {
{{- range $c, $of := .Components}}
				let w{{$c}} = w[weight{{if $c}}{{plus $c}} * step{{end}}];
{{- end}}
{{- range $i := .Each}}
				let x{{$i}} = x[column{{$i}} + k];
{{- range $c, $of := $.Components}}
				sum{{$i}} += x{{$i}}{{$of}} * w{{$c}};
{{- end}}
{{- end}}
				weight += {{if eq .Vector 4}}4u * {{end}}step;
			}
		}
	}
	let to = v_at(image * ins + i, channel){{if eq .Vector 4}} / 4u{{end}};
{{- range .Each}}
	if image{{plus .}} < p.images {
		v[to{{if .}}{{plus .}} * ins * across{{end}}] = sum{{.}};
	}
{{- end}}
}
