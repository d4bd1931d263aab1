// The gradient with respect to the filters as an implicit GEMM with tiles in workgroup memory:
//
//   dW_k[fx, fy, c] = sum over images and (x, y) of dV[x, y, k] * X[x*S - P + fx, y*S - P + fy, c]
//
// A workgroup computes {{.Rows}} weights (fx, fy, c), a filter's counted one after the other, of each of {{.Columns}}
// depth slices k, summed up over some neurons, {{.Depth}} per step; a thread 8 of 8. Sums that are split stand one dW
// after the other. Fragments of eight numbers are stored as mat2x4, as in shared.wgsl. The CPU twin is
// cpuref/gradients.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<{{.Load}}>;
@group(0) @binding(2) var<storage, read> dv: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

const ROWS: u32 = {{.Rows}}u;
const COLUMNS: u32 = {{.Columns}}u;
const DEPTH: u32 = {{.Depth}}u;
const THREADS: u32 = {{.Threads}}u;
const VECTOR: u32 = {{.Vector}}u; // weights whose inputs are loaded at once
const LOADERS: u32 = ROWS / VECTOR; // threads that load what one neuron's weights read
const STRIDE: u32 = THREADS / LOADERS; // neurons that all threads load at once

// The fragment behind the last step's stays empty: without it neighbours would lie in one memory bank.
var<workgroup> xs: array<array<mat2x4<f32>, {{.Padded}}>, {{.XS}}>; // [weight / 8][neuron]
var<workgroup> ds: array<array<mat2x4<f32>, {{.Padded}}>, {{.DS}}>; // [depth slice / 8][neuron]

// Neuron is where the neuron is whose inputs a thread loads next.
struct Neuron {
	image: u32,
	o: vec3<u32>,
}

// apart is what lies between neurons that are STRIDE apart, as if there were as many of each size.
fn apart() -> Neuron {
	let row = STRIDE / p.out_size.z;
	let plane = row / p.out_size.y;
	return Neuron(plane / p.out_size.x, vec3<u32>(plane % p.out_size.x, row % p.out_size.y, STRIDE % p.out_size.z));
}

// advance goes STRIDE neurons on. There is no branch: loads that stand on either side of one wait for each other.
fn advance(before: Neuron, step: Neuron) -> Neuron {
	var n = before;
	n.o += step.o;
	let row = n.o.z >= p.out_size.z;
	n.o.z -= select(0u, p.out_size.z, row);
	n.o.y += u32(row);
	let plane = n.o.y >= p.out_size.y;
	n.o.y -= select(0u, p.out_size.y, plane);
	n.o.x += u32(plane);
	let image = n.o.x >= p.out_size.x;
	n.o.x -= select(0u, p.out_size.x, image);
	n.image += step.image + u32(image);
	return n;
}

// put writes the sums of a weight for four depth slices.
fn put(to: u32, weight: u32, slice: u32, sums: vec4<f32>) {
	for (var i = 0u; i < 4u; i++) {
		if weight < p.w_output && slice + i < p.group_outputs {
			dw[to + (slice + i) * p.w_output + weight] = sums[i];
		}
	}
}

{{template "kernel_main"}}
	// Neighbouring workgroups have neighbouring weights, then depth slices, groups, and parts of the sum.
	let unit = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
	let across = (p.w_output + ROWS - 1u) / ROWS;
	let down = (p.group_outputs + COLUMNS - 1u) / COLUMNS;
	let groups = p.out_channels / p.group_outputs;
	let first_weight = unit % across * ROWS;
	let first_slice = unit / across % down * COLUMNS;
	let group = unit / across / down % groups;
	let split = unit / across / down / groups;

	let outs = p.out_size.x * p.out_size.y * p.out_size.z;
	let ins = p.in_size.x * p.in_size.y * p.in_size.z;
	let neurons = p.images * outs;
	let each = (neurons + p.split_k - 1u) / p.split_k;
	let begin = min(split * each, neurons);
	let end = min(begin + each, neurons);

	// What this thread loads: the inputs of some weights of one tap, and the gradients of four depth slices.
	let lane = thread % LOADERS * VECTOR;
	let weight = first_weight + lane;
	let f = unflat(weight / p.group_inputs, p.filter_size);
	let channel = group * p.group_inputs + weight % p.group_inputs;
	let x_row = thread / LOADERS;
	var n = Neuron((begin + x_row) / outs, unflat((begin + x_row) % outs, p.out_size));
	let quad = thread % (COLUMNS / 4u);
	let slice = first_slice + 4u * quad;
	let d_row = thread / (COLUMNS / 4u);

	let mine = thread / (COLUMNS / 8u);
	let my_slice = thread % (COLUMNS / 8u);
{{- range .Eight}}
	var sum{{.}}_0 = vec4<f32>();
	var sum{{.}}_1 = vec4<f32>();
{{- end}}

	let step = apart();
	for (var first = begin; first < end; first += DEPTH) {
		// Inputs of neurons that are not of this part are zeros, so that it does not matter which gradients they meet;
		// sums of weights and depth slices that there are not are never written.
{{- range .XLoads}}
		let source{{.}} = from_input(n.o, f);
		let inside{{.}} = (first + x_row{{plus ($.XStep .)}} < end) & all(source{{.}} < p.in_size);
		let at{{.}} = x_at(n.image * ins + flat(source{{.}}, p.in_size), channel) / VECTOR;
		n = advance(n, step);
{{- end}}
{{- range .XLoads}}
		let x{{.}} = x[at{{.}}];
{{- end}}
{{- range .DLoads}}
		let d{{.}} = dv[v_at(first + d_row{{plus ($.DStep .)}}, group * p.group_outputs + slice) / 4u];
{{- end}}
		// All threads are done with what was loaded before.
		workgroupBarrier();
{{- range .XLoads}}
		xs[lane / 8u][x_row{{plus ($.XStep .)}}][lane / 4u % 2u]{{if eq $.Vector 1}}[lane % 4u]{{end}} =
			select({{$.Load}}(), x{{.}}, inside{{.}});
{{- end}}
{{- range .DLoads}}
		ds[quad / 2u][d_row{{plus ($.DStep .)}}][quad % 2u] = d{{.}};
{{- end}}
		workgroupBarrier();
		for (var i = 0u; i < DEPTH; i++) {
			let xf = xs[mine][i];
			let df = ds[my_slice][i];
{{- range $i := .Eight}}
			sum{{$i}}_0 += xf[{{half $i}}].{{quarter $i}} * df[0];
			sum{{$i}}_1 += xf[{{half $i}}].{{quarter $i}} * df[1];
{{- end}}
		}
	}

	if split < p.split_k {
		let to = split * p.outputs + group * p.w_group;
		let last = first_slice + 8u * my_slice;
{{- range .Eight}}
		put(to, first_weight + 8u * mine{{plus .}}, last, sum{{.}}_0);
		put(to, first_weight + 8u * mine{{plus .}}, last + 4u, sum{{.}}_1);
{{- end}}
	}
}
