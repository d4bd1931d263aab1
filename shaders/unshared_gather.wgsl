// The gradient with respect to X of unshared layers: the sum of what comes to each input from the taps that read it,
// which unshared_inputs.wgsl computed. The CPU twin is cpuref/gradients.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> u: array<{{.Load}}>;
@group(0) @binding(2) var<storage, read_write> v: array<{{.Load}}>;

fn element(number: u32) {
	let across = p.out_channels{{if eq .Vector 4}} / 4u{{end}};
	let inputs = p.group_outputs{{if eq .Vector 4}} / 4u{{end}};
	let ins = p.in_size.x * p.in_size.y * p.in_size.z;
	let outs = p.out_size.x * p.out_size.y * p.out_size.z;
	let taps = p.filter_size.x * p.filter_size.y * p.filter_size.z;
	let channel = number % across;
	let i = number / across % ins;
	let image = number / across / ins;
	var sum = {{.Load}}();
	for (var tap = 0u; tap < taps; tap++) {
		for (var copy = 0u; copy < p.copies.x * p.copies.y * p.copies.z; copy++) {
			let o = from_output(unflat(i, p.in_size), unflat(tap, p.filter_size), unflat(copy, p.copies));
			if all(o < p.out_size) {
				let bank = (image * outs + flat(o, p.out_size)) * (across / inputs) + channel / inputs;
				sum += u[(bank * taps + tap) * inputs + channel % inputs];
			}
		}
	}
	v[number] = sum;
}

{{template "elementwise" .}}
