// Space to depth: Y, of a layer of stride 1, has for each place the inputs of X that a stride jumps over as
// channels, of each group those of the first input first, [images][height][width][groups][residues][channels].
// Padding is in Y. A thread takes a row of residues of a place. The CPU twin is cpuref/space_to_depth.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) {{template "x" .Cell}}
@group(0) @binding(2) var<storage, read_write> y: array<Cell>;

{{template "load" .Cell}}

const VECTOR: u32 = {{.Vector}}u;
alias Cell = {{.Cell}};

// copy_residue copies the channels of the input at a place in X, or zeros, to a residue of place number of Y.
fn copy_residue(number: u32, residue: u32, position: u32, inside: bool) {
	let inputs = p.group_inputs / VECTOR;
	let blocks = p.in_channels / VECTOR;
	let residues = p.stride.y * p.stride.z;
	var to = number * blocks * residues + residue * inputs;
	for (var group = 0u; group < blocks; group += inputs) {
		for (var i = group; i < group + inputs; i++) {
			y[to + i] = select(Cell(0.0), load(x_at(position, VECTOR * i) / VECTOR), inside);
		}
		to += (residues - 1u) * inputs;
	}
}

fn element(i: u32) {
	let size = p.out_size + (p.filter_size + p.stride - 1u) / p.stride - 1u;
	let number = i / p.stride.y;
	let row = i % p.stride.y;
	let image = number / (size.y * size.z);
	let o = unflat(number % (size.y * size.z), size);
	for (var column = 0u; column < p.stride.z; column++) {
		let f = vec3<u32>(0u, row, column);
		let at = from_input(o, f);
		// Windows end before the last residues, whose weights are zero: there may be no input, whatever the padding.
		let position = image * p.in_size.y * p.in_size.z + flat(at, p.in_size);
		copy_residue(number, row * p.stride.z + column, position, all(at < p.in_size));
	}
}

{{template "elementwise" .}}
