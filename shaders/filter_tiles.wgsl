// The gradient with respect to the filters as an implicit GEMM in registers:
//
//   dW_k[fx, fy, c] = sum over images and (x, y) of dV[x, y, k] * X[x*S - P + fx, y*S - P + fy, c]
//
// One thread computes it for one tap, {{.Outputs}} depth slices k and {{.Inputs}} input channels c, summed up over
// some rows of neurons: sums that are split stand one dW after the other. Of a transposed layer X and dV
// change places. The CPU twin is cpuref/gradients.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" .Load}}
@group(0) @binding(2) {{template "dv" .Load}}
@group(0) @binding(3) var<storage, read_write> dw: array<{{.Load}}>;

const THREADS: u32 = {{.Threads}}u;
const OUTPUTS: u32 = {{.Outputs}}u; // depth slices
const INPUTS: u32 = {{.Inputs}}u; // input channels
const STRIP: u32 = {{.Strip}}u; // neurons that are loaded at once

// put writes the sums of one depth slice, those of the input channels of its group alone.
fn put(to: u32, output: u32, input: u32, sums: vec4<f32>) {
{{- if eq .Vector 4}}
	if output < p.group_outputs && input < p.group_inputs {
		dw[(to + output * p.w_output + input) / 4u] = sums;
	}
{{- else}}
	for (var i = 0u; i < 4u; i++) {
		if output < p.group_outputs && input + i < p.group_inputs {
			dw[to + output * p.w_output + input + i] = sums[i];
		}
	}
{{- end}}
}
{{- if eq .Vector 1}}

fn inputs(i: u32, inside: bool) -> vec4<f32> {
	return select(vec4<f32>(), vec4<f32>(x[i], x[i + 1u], x[i + 2u], x[i + 3u]), inside);
}

fn outputs(i: u32, inside: bool) -> vec4<f32> {
	return select(vec4<f32>(), vec4<f32>(dv[i], dv[i + 1u], dv[i + 2u], dv[i + 3u]), inside);
}
{{- else}}

{{template "load" .Load}}

fn inputs(i: u32, inside: bool) -> vec4<f32> {
	return select(vec4<f32>(), load(i / 4u), inside);
}

fn outputs(i: u32, inside: bool) -> vec4<f32> {
	return select(vec4<f32>(), {{template "dv_at" "i / 4u"}}, inside);
}
{{- end}}

{{template "kernel_main"}}
	// Neighbouring threads have neighbouring input channels, then depth slices, taps, groups, and parts of the sum.
	let unit = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	let across = (p.group_inputs + INPUTS - 1u) / INPUTS;
	let down = (p.group_outputs + OUTPUTS - 1u) / OUTPUTS;
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	let groups = p.out_channels / p.group_outputs;
	let c = unit % across * INPUTS;
	let k = unit / across % down * OUTPUTS;
	let tap = unit / across / down % taps;
	let group = unit / across / down / taps % groups;
	let split = unit / across / down / taps / groups;
	if split >= p.split_k {
		return;
	}
	let f = unflat(tap, p.filter_size);
	let first_input = group * p.group_inputs + c;
	let first_output = group * p.group_outputs + k;
{{- range $k := .Slices}}
{{- range $j := $.Fours}}
	var sum{{$k}}_{{$j}} = vec4<f32>();
{{- end}}
{{- end}}

	let planes = p.out_size.x * p.out_size.y; // rows of an image
	let rows = p.images * planes;
	let each = (rows + p.split_k - 1u) / p.split_k;
	let begin = min(split * each, rows);
	let end = min(begin + each, rows);
	let ins = p.in_size.x * p.in_size.y * p.in_size.z;
	for (var row = begin; row < end; row++) {
		let image = row / planes;
		let z = row % planes / p.out_size.y;
		let y = row % p.out_size.y;
		for (var left = 0u; left < p.out_size.z; left += STRIP) {
{{- range $i := .Each}}
			let from{{$i}} = from_input(vec3<u32>(z, y, left{{plus $i}}), f);
			let inside{{$i}} = {{if $i}}(left{{plus $i}} < p.out_size.z) & {{end}}all(from{{$i}} < p.in_size);
			let below{{$i}} = image * ins + flat(from{{$i}}, p.in_size);
			let above{{$i}} = row * p.out_size.z + left{{plus $i}};
			let pixel{{$i}} = select(below{{$i}}, above{{$i}}, p.backward == 1u);
			let neuron{{$i}} = select(above{{$i}}, below{{$i}}, p.backward == 1u);
			let at{{$i}} = x_at(pixel{{$i}}, first_input);
			let to{{$i}} = v_at(neuron{{$i}}, first_output);
{{- range $j := $.Fours}}
			let x{{$i}}_{{$j}} = inputs(at{{$i}}{{plus ($.Number $j)}}, inside{{$i}});
{{- end}}
{{- range $k := $.Quads}}
			let d{{$i}}_{{$k}} = outputs(to{{$i}}{{plus ($.Number $k)}}, inside{{$i}});
{{- end}}
{{- end}}
{{- range $k := .Slices}}
{{- range $j := $.Fours}}
{{- range $i := $.Each}}
			sum{{$k}}_{{$j}} += d{{$i}}_{{half $k}}.{{quarter $k}} * x{{$i}}_{{$j}};
{{- end}}
{{- end}}
{{- end}}
		}
	}

	let to = split * p.outputs + group * p.w_group + tap * p.w_tap;
{{- range $k := .Slices}}
{{- range $j := $.Fours}}
	put(to, k{{plus $k}}, c{{plus ($.Number $j)}}, sum{{$k}}_{{$j}});
{{- end}}
{{- end}}
}
