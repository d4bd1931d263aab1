// One workgroup computes one element of the gradient with respect to the filters:
//
//   dW_k[fx, fy, c] = sum over images and (x, y) of dV[x, y, k] * X[x*S - P + fx, y*S - P + fy, c]
//
// which adds up, over the depth slice, what each of its neurons asks for; an unshared layer does not add
// over (x, y). Of a transposed layer X and dV change places. The CPU twin is cpuref/gradients.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dv: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

{{template "reduce" .}}

{{template "kernel_main"}}
	// Elements are counted in OHWI order, those of an unshared layer's banks one after the other.
	let element = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
	let inside = element < p.outputs;
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	let tap = element / p.group_inputs % taps;
	let f = unflat(tap, p.filter_size);
	let k = element / p.group_inputs / taps % p.out_channels;
	let c = k / p.group_outputs * p.group_inputs + element % p.group_inputs;
	let bank = element / p.group_inputs / taps / p.out_channels;

	let ins = p.in_size.x * p.in_size.y * p.in_size.z;
	let outs = p.out_size.x * p.out_size.y * p.out_size.z;
	let shared_outs = select(outs, 1u, p.w_bank > 0u);
	var sum = 0.0;
	for (var step = thread; inside && step < p.images * shared_outs; step += THREADS) {
		let o = bank + step % shared_outs;
		let image = step / shared_outs;
		let source = from_input(unflat(o, p.out_size), f);
		if all(source < p.in_size) {
			let i = image * ins + flat(source, p.in_size);
			if p.backward == 1u {
				sum += x[x_at(image * outs + o, c)] * dv[v_at(i, k)];
			} else {
				sum += x[x_at(i, c)] * dv[v_at(image * outs + o, k)];
			}
		}
	}

	let total = reduce(thread, sum);
	if inside && thread == 0u {
		dw[element] = total;
	}
}
