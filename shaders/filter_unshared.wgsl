// The gradient with respect to the filters of an unshared layer, each of which is one neuron's:
//
//   dW_k[x, y][fx, fy, c] = sum over images of dV[x, y, k] * X[x*S - P + fx, y*S - P + fy, c]
//
// A thread computes it for one tap, {{if eq .Vector 4}}4 input channels{{else}}an input channel{{end}} and
// 4 depth slices. Neighbouring threads write side by side. The CPU twin is cpuref/gradients.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<{{.Load}}>;
@group(0) @binding(2) var<storage, read> dv: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<{{.Load}}>;

const THREADS: u32 = {{.Threads}}u;

{{template "kernel_main"}}
	let unit = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	let across = taps * p.group_inputs{{if eq .Vector 4}} / 4u{{end}}; // threads of a filter
	let fours = (p.group_outputs + 3u) / 4u; // of a group
	let groups = p.out_channels / p.group_outputs;
	let outs = p.out_size.x * p.out_size.y * p.out_size.z;
	let place = unit % across; // in a filter
	let first = unit / across % fours * 4u;
	let group = unit / across / fours % groups;
	let o = unit / across / fours / groups;
	if o >= outs {
		return;
	}
	let c = place{{if eq .Vector 4}} * 4u{{end}} % p.group_inputs;
	let tap = place{{if eq .Vector 4}} * 4u{{end}} / p.group_inputs;
	let k = group * p.group_outputs + first;
	let ins = p.in_size.x * p.in_size.y * p.in_size.z;
	let position = from_input(unflat(o, p.out_size), unflat(tap, p.filter_size));
	let inside = all(position < p.in_size);
	let at = flat(position, p.in_size);
{{- range .Fours}}
	var sum{{.}} = {{$.Load}}();
{{- end}}
	for (var image = 0u; image < p.images; image++) {
		let i = x_at(image * ins + at, group * p.group_inputs + c){{if eq .Vector 4}} / 4u{{end}};
		let number = select({{.Load}}(), x[i], inside);
		let neuron = v_at(image * outs + o, k);
{{- range .Fours}}
		sum{{.}} += dv[neuron{{plus .}}] * number;
{{- end}}
	}
	let to = (o * p.w_bank + k * p.w_output){{if eq .Vector 4}} / 4u{{end}} + place;
	let count = p.group_outputs - first;
	let step = p.w_output{{if eq .Vector 4}} / 4u{{end}}; // from one filter to the next
	dw[to] = sum0;
{{- range .More}}
	if {{.}}u < count {
		dw[to{{plus .}} * step] = sum{{.}};
	}
{{- end}}
}
