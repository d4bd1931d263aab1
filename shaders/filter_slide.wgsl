// The gradient with respect to {{.Filter}}x{{.Filter}} filters of stride {{.Stride}} of
{{- if .Grouped}} groups with 4 input channels{{else}} a depthwise layer{{end}}: a thread computes it for all
// taps of 4 depth slices, summed up over some rows of neurons. It goes down a strip of {{.Strip}} neurons and loads
// each X[x,y] under their windows once. Sums that are split stand one dW after the other. Padding is zero. The
// CPU twin is cpuref/gradients.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dv: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

const THREADS: u32 = {{.Threads}}u;
const STRIP: u32 = {{.Strip}}u; // neurons along x

struct Row { // of X under the windows of a strip
{{- range .Columns}}
	x{{.}}: vec4<f32>,
{{- end}}
}

fn fetch(i: u32, inside: bool) -> vec4<f32> {
	return select(vec4<f32>(), x[i], inside);
}

// load loads row y of a plane of X from column left on. Both lie before X where they are wrapped around to large
// numbers.
fn load(plane: u32, y: u32, left: u32, channel: u32, inside: bool) -> Row {
	let within = inside & (y < p.in_size.y);
	let i = x_at((plane * p.in_size.y + y) * p.in_size.z + left, channel) / 4u;
	let step = p.x_pitch / 4u;
	return Row({{range .Columns}}
		fetch(i{{if .}}{{plus .}} * step{{end}}, within & (left{{plus .}} < p.in_size.z)),{{end}}
	);
}

// neuron loads dV of four depth slices.
fn neuron(row: u32, column: u32, channel: u32) -> vec4<f32> {
	return select(vec4<f32>(), dv[v_at(row * p.out_size.z + column, channel) / 4u], column < p.out_size.z);
}

// put writes the sums of four weights, so many numbers apart.
fn put(to: u32, apart: u32, sums: vec4<f32>) {
	for (var i = 0u; i < 4u; i++) {
		dw[to + i * apart] = sums[i];
	}
}

{{template "kernel_main"}}
	let unit = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	let fours = p.out_channels / 4u;
	let channel = unit % fours * 4u;
	let split = unit / fours;
	if split >= p.split_k {
		return;
	}
	let input = {{if .Grouped}}channel / p.group_outputs * 4u{{else}}channel{{end}};
{{- range $t := .Taps}}{{range $u := $.Taps}}{{range $k := $.Sums}}
	var sum{{$t}}_{{$u}}_{{$k}} = vec4<f32>();
{{- end}}{{end}}{{end}}

	let rows = p.images * p.out_size.x * p.out_size.y;
	let each = (rows + p.split_k - 1u) / p.split_k;
	let begin = min(split * each, rows);
	let end = min(begin + each, rows);
	for (var strip = 0u; strip < p.out_size.z; strip += STRIP) {
		let left = strip * {{.Stride}}u - p.pad.z;
{{- range .Taps}}
		var row{{.}} = Row();
{{- end}}
		for (var row = begin; row < end; row++) {
			let z = row / p.out_size.y % p.out_size.x * p.stride.x - p.pad.x;
			let inside = z < p.in_size.x;
			let plane = row / p.out_size.y / p.out_size.x * p.in_size.x + z;
			let top = row % p.out_size.y * {{.Stride}}u - p.pad.y;
{{- if .Kept}}
			// Windows keep rows of X that those above them had, where there are any.
			if row == begin || row % p.out_size.y == 0u {
{{- range .Kept}}
				row{{.}} = load(plane, top{{plus .}}, left, input, inside);
{{- end}}
			} else {
{{- range .Kept}}
				row{{.}} = row{{$.Below .}};
{{- end}}
			}
{{- end}}
{{- range .New}}
			row{{.}} = load(plane, top{{plus .}}, left, input, inside);
{{- end}}
{{- range .Each}}
			let d{{.}} = neuron(row, strip{{plus .}}, channel);
{{- end}}
{{- range $t := .Taps}}{{range $u := $.Taps}}{{range $k := $.Sums}}{{range $i := $.Each}}
			sum{{$t}}_{{$u}}_{{$k}} += d{{$i}}{{$.Lane $k}} * row{{$t}}.x{{$.Column $i $u}};
{{- end}}{{end}}{{end}}{{end}}
		}
	}

	let to = split * p.outputs + channel * p.w_output;
{{- range $t := .Taps}}{{range $u := $.Taps}}{{range $k := $.Sums}}
	put(to{{if $k}}{{plus $k}} * p.w_output{{end}}{{plus ($.Place $t $u)}}, {{$.Apart}}, sum{{$t}}_{{$u}}_{{$k}});
{{- end}}{{end}}{{end}}
}
