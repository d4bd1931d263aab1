{{- define "strip" -}}
// What the kernels share in which a thread computes a strip of neurons, or several below each other, of
// a few depth slices. Neighbouring threads have neighbouring depth slices.

const THREADS: u32 = {{.Threads}}u;
const STRIP: u32 = {{.Strip}}u; // neurons along x
const ROWS: u32 = {{.Rows}}u; // along y
const CHANNELS: u32 = {{.Channels}}u; // depth slices

struct Strip {
	plane: u32, // image and z
	y: u32, // of the first neuron
	x: u32,
	channel: u32, // the first depth slice
}

// locate finds the strips of a thread. Threads that a folded grid leaves over have planes that are none.
fn locate(thread: u32) -> Strip {
	let blocks = (p.out_channels + CHANNELS - 1u) / CHANNELS;
	let strips = (p.out_size.z + STRIP - 1u) / STRIP;
	let bands = (p.out_size.y + ROWS - 1u) / ROWS;
	var at: Strip;
	at.channel = thread % blocks * CHANNELS;
	at.x = thread / blocks % strips * STRIP;
	at.y = thread / blocks / strips % bands * ROWS;
	at.plane = thread / blocks / strips / bands;
	return at;
}

// Plane is where rows of X begin for one image and one z, where filters have one z.
struct Plane {
	first: u32, // rows before it
	inside: bool,
}

fn from_plane(plane: u32) -> Plane {
	let z = plane % p.out_size.x * p.stride.x - p.pad.x;
	return Plane((plane / p.out_size.x * p.in_size.x + z) * p.in_size.y, z < p.in_size.x);
}

// has tells whether a neuron of the strips, counted from the first one, is one of V's at depth slice k,
// counted likewise.
fn has(at: Strip, row: u32, column: u32, k: u32) -> bool {
	let below = vec4<u32>(p.images * p.out_size.x, p.out_size.y, p.out_size.z, p.out_channels);
	return all(vec4<u32>(at.plane, at.y + row, at.x + column, at.channel + k) < below);
}

// pixel is the number of its pixel.
fn pixel(at: Strip, row: u32, column: u32) -> u32 {
	return (at.plane * p.out_size.y + at.y + row) * p.out_size.z + at.x + column;
}

// element is its place in V.
fn element(at: Strip, row: u32, column: u32, k: u32) -> u32 {
	return v_at(pixel(at, row, column), at.channel + k);
}

fn biases(channel: u32) -> vec4<f32> {
	return vec4<f32>(b[channel], b[channel + 1u], b[channel + 2u], b[channel + 3u]);
}
{{- if finishes}}

// finish_all applies the epilogue to what this thread has written. A copy of it for every number in
// registers would take compilers very long.
fn finish_all(at: Strip) {
	if p.activation == 0u && p.residual == 0u {
		return;
	}
	for (var n = 0u; n < ROWS * STRIP * CHANNELS; n += STORED) {
		let row = n / CHANNELS / STRIP;
		let column = n / CHANNELS % STRIP;
		let k = n % CHANNELS;
		if has(at, row, column, k) {
			let channel = at.channel + k;
			finish_at(element(at, row, column, k) / STORED, channel, r_at(pixel(at, row, column), channel));
		}
	}
}
{{- end}}
{{- end -}}

{{- define "put" -}}
// put writes the sums of four depth slices at a neuron, which have their biases. It is a loop even where it
// has one round at most, for some compilers take minutes over as many branches.
fn put(at: Strip, row: u32, column: u32, four: u32, sums: vec4<f32>) {
{{- if eq .Stored 4}}
	for (var k = 4u * four; k < 4u * four + 4u && has(at, row, column, k); k += 4u) {
		store(element(at, row, column, k) / 4u, sums);
	}
{{- else}}
	for (var k = 0u; k < 4u; k++) {
		if has(at, row, column, 4u * four + k) {
			store(element(at, row, column, 4u * four + k), sums[k]);
		}
	}
{{- end}}
}
{{- end -}}
