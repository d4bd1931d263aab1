// Unshared layers at the bandwidth of their filters: a thread computes one neuron of each of 4 depth slices in
// {{.Images}} image{{if gt .Images 1}}s{{end}}, all of which are served by what it reads of the filters. Neighbouring
// threads have neighbouring depth slices, and filters are packed so that these are side by side: see packUnshared
// in package algo. The CPU twin is cpuref/conv.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" .Load}}
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
{{template "outputs" .}}

{{template "load" .Load}}

const THREADS: u32 = {{.Threads}}u;
const BLOCK: u32 = {{.Block}}u; // vectors of depth slices whose weights are beside each other
const IMAGES: u32 = {{.Images}}u;

{{if eq .Stored 4 -}}
// write writes a neuron's sums of four depth slices, with the epilogue.
fn write(image: u32, o: u32, k: u32, sums: vec4<f32>) {
	let pixel = image * p.out_size.x * p.out_size.y * p.out_size.z + o;
	let i = v_at(pixel, k) / STORED;
	if image < p.images {
		store(i, sums);
		if {{template "finishes"}} {
			finish_at(i, k, r_at(pixel, k));
		}
	}
}
{{- else -}}
// write writes a neuron's sums of so many depth slices from the given one on, with the epilogue.
fn write(image: u32, o: u32, k: u32, count: u32, sums: vec4<f32>) {
	let pixel = image * p.out_size.x * p.out_size.y * p.out_size.z + o;
	for (var lane = 0u; lane < count && image < p.images; lane += STORED) {
		let i = v_at(pixel, k + lane);
		store(i, sums[lane]);
		if {{template "finishes"}} {
			finish_at(i, k + lane, r_at(pixel, k + lane));
		}
	}
}
{{- end}}

{{template "kernel_main"}}
	let unit = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	// Vectors of depth slices of a group.
	let fours = {{if eq .Vector 4}}p.group_outputs / 4u{{else}}(p.group_outputs + 3u) / 4u{{end}};
	let columns = p.out_channels / p.group_outputs * fours;
	let column = unit % columns;
	let outs = p.out_size.x * p.out_size.y * p.out_size.z;
	let o = unit / columns % outs;
	let image = unit / columns / outs * IMAGES;
	let group = column / fours;
	let first = column % fours * 4u;
	let k = group * p.group_outputs + first;
	// Vectors of weights beside each other are those of BLOCK columns, or of as many as there are.
	let beside = column / BLOCK * BLOCK;
	let width = min(BLOCK, columns - beside);
	let ins = p.in_size.x * p.in_size.y * p.in_size.z;
	let bank = o * p.b_bank + k;
	let bias = vec4<f32>(b[bank], b[bank + 1u], b[bank + 2u], b[bank + 3u]);
{{- range .Each}}
	var sum{{.}} = bias;
{{- end}}
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	for (var tap = 0u; tap < taps; tap++) {
		let position = from_input(unflat(o, p.out_size), unflat(tap, p.filter_size));
		let inside = all(position < p.in_size);
		let at = image * ins + flat(position, p.in_size);
		let input = group * p.group_inputs;
{{- range .Each}}
		let column{{.}} = x_at(at{{if .}}{{plus .}} * ins{{end}}, input){{if eq $.Vector 4}} / 4u{{end}};
{{- end}}
		var weight = ((o * columns + beside) * taps + tap * width) * p.group_inputs + column - beside;
		for (var c = 0u; c < p.group_inputs{{if eq .Vector 4}} / 4u{{end}}; c++) {
{{- range $c, $of := .Components}}
			let w{{$c}} = w[weight{{if $c}}{{plus $c}} * width{{end}}];
{{- end}}
{{- range $i := .Each}}
			let x{{$i}} = select({{$.Load}}(), load(column{{$i}} + c), inside);
{{- range $c, $of := $.Components}}
			sum{{$i}} += x{{$i}}{{$of}} * w{{$c}};
{{- end}}
{{- end}}
			weight += {{if eq .Vector 4}}4u * {{end}}width;
		}
	}
{{- if eq .Vector 1}}
	let count = min(p.group_outputs - first, 4u);
{{- end}}
{{- range .Each}}
	write(image{{plus .}}, o, k{{if eq $.Vector 1}}, count{{end}}, sum{{.}});
{{- end}}
}
