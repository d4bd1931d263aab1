// One workgroup computes one output of a convolution layer, the neuron at (x, y) of depth slice k:
//
//   V[x, y, k] = f(sum over (fx, fy, c) of X[x*S - P + fx, y*S - P + fy, c] * W_k[fx, fy, c] + b_k)
//
// Its threads share the products and add up in workgroup memory. With p.backward it goes the other way,
// from outputs of the convolution below to its inputs: a transposed layer, or a gradient with respect to
// X. X and V are NZHWC, the filters OHWI. The CPU twin is cpuref/conv.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;

{{template "dtype" .}}

{{template "reduce" .}}
{{- if ne .DType "int8"}}

{{template "epilogue" .}}

{{template "finish_output"}}
{{- end}}

// neuron gives thread 0 the sum of one output with its bias. All threads must call it.
fn neuron(output: u32, thread: u32) -> {{.Sum}} {
	let inside = output < p.outputs;
	let back = p.backward == 1u;
	let to_size = select(p.out_size, p.in_size, back);
	let from_size = select(p.in_size, p.out_size, back);
	let positions = to_size.x * to_size.y * to_size.z;
	let k = output % p.out_channels;
	let bank = output / p.out_channels % positions; // of an unshared layer's bias and, forward, its filters
	let image = output / p.out_channels / positions;
	let to = unflat(bank, to_size);
	let group = k / p.group_outputs;
	let filters = group * p.w_group + k % p.group_outputs * p.w_output;

	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	let steps = taps * p.copies.x * p.copies.y * p.copies.z * p.group_inputs;
	var sum = {{.Sum}}(0);
	for (var step = thread; inside && step < steps; step += THREADS) {
		let channel = step % p.group_inputs;
		let tap = step / p.group_inputs % taps;
		let f = unflat(tap, p.filter_size);
		var source = from_input(to, f);
		if back {
			source = from_output(to, f, unflat(step / p.group_inputs / taps, p.copies));
		}
		if all(source < from_size) {
			let at = flat(source, from_size);
			let column = image * from_size.x * from_size.y * from_size.z + at;
			let weight = select(bank, at, back) * p.w_bank + filters + tap * p.w_tap + channel * p.w_input;
			sum += product(x_at(column, group * p.group_inputs + channel), weight, k);
		}
	}
	// No thread leaves early: all of them meet at every barrier.
	return reduce(thread, sum) + b[bank * p.b_bank + k];
}

{{template "kernel_main"}}
	// Outputs are counted in V's order, across the axes of a grid that no single axis could hold.
	let output = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
{{- if eq .DType "float16"}}
	// A word holds two outputs, and the workgroup computes one after the other.
	let low = neuron(2u * output, thread);
	let high = neuron(2u * output + 1u, thread);
	if thread == 0u && 2u * output < p.outputs {
		let both = vec2<f32>(finish_output(low, 2u * output), finish_output(high, 2u * output + 1u));
		v[output_at(2u * output) / 2u] = pack2x16float(both);
	}
{{- else}}
	let z = neuron(output, thread);
	if thread == 0u && output < p.outputs {
		v[output_at(output)] = {{if eq .DType "int8"}}z{{else}}finish_output(z, output){{end}};
	}
{{- end}}
}
