{{- define "outputs" -}}
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>; // of PReLU, one for each channel
@group(0) @binding(5) var<storage, read> residuals: array<f32>;
@group(0) @binding(6) {{template "v" vector .Stored}}

{{template "store" vector .Stored}}

const STORED: u32 = {{.Stored}}u; // depth slices that are stored at once
{{- if finishes}}

{{template "finish_at" .}}
{{- end}}
{{- end -}}

{{- define "finish_at" -}}
fn residual(i: u32) -> f32 {
	return residuals[i];
}

{{template "epilogue" .}}

// finish_at applies the epilogue to element i of v, which begins with depth slice k, and with r in R.
fn finish_at(i: u32, k: u32, r: u32) {
{{- if eq .Stored 4}}
	var z = v[i];
	for (var lane = 0u; lane < 4u; lane++) {
		z[lane] = finish(z[lane], k + lane, r + lane);
	}
	v[i] = z;
{{- else}}
	v[i] = finish(v[i], k, r);
{{- end}}
}
{{- end -}}

{{- define "tile" -}}
// What the kernels that compute tiles of V share. V is taken for a matrix with a row for each (image, z,
// y, x), a pixel, and a column for each depth slice; tiles of one group do not reach into the next.

struct Tile {
	pixel: u32, // the first one
	channel: u32, // the first depth slice, in its group
	group: u32,
	column: u32, // the tile's among those of all groups, which is the number of its block of packed weights
	split: u32, // of the input channels, of which there are p.split_k: each adds up for itself
	inside: bool, // false for workgroups that a folded grid leaves over
}

// locate finds the tile of a workgroup; tiles beside each other in memory come one after the other.
fn locate(workgroup: u32, tile_pixels: u32, tile_channels: u32) -> Tile {
	let pixels = p.images * p.out_size.x * p.out_size.y * p.out_size.z;
	let rows = (pixels + tile_pixels - 1u) / tile_pixels;
	let columns = (p.group_outputs + tile_channels - 1u) / tile_channels; // of a group
	var tile: Tile;
	tile.column = p.first_column + workgroup / rows % p.columns;
	tile.pixel = workgroup % rows * tile_pixels;
	tile.channel = tile.column % columns * tile_channels;
	tile.group = tile.column / columns;
	tile.split = workgroup / rows / p.columns;
	tile.inside = tile.split < p.split_k;
	return tile;
}

// window is the corner of a pixel's window in the padded input, as from_padded takes it.
fn window(pixel: u32) -> vec3<i32> {
	let o = unflat(pixel % (p.out_size.x * p.out_size.y * p.out_size.z), p.out_size);
	return vec3<i32>(o * p.stride) - vec3<i32>(p.pad);
}

// image is the first position of a pixel's image in X.
fn image(pixel: u32) -> u32 {
	return pixel / (p.out_size.x * p.out_size.y * p.out_size.z) * p.in_size.x * p.in_size.y * p.in_size.z;
}

fn source(start: vec3<i32>, f: vec3<u32>) -> vec3<u32> {
	return from_padded(start + vec3<i32>(f * p.dilation));
}

// next is the tap behind f.
fn next(f: vec3<u32>) -> vec3<u32> {
	var n = vec3<u32>(f.x, f.y, f.z + 1u);
	if n.z == p.filter_size.z {
		n = vec3<u32>(f.x, f.y + 1u, 0u);
	}
	if n.y == p.filter_size.y {
		n = vec3<u32>(f.x + 1u, 0u, 0u);
	}
	return n;
}

// slice is the first depth slice of a tile among those of all groups.
fn slice(tile: Tile) -> u32 {
	return tile.group * p.group_outputs + tile.channel;
}

// Row is where a thread's depth slices of one pixel stand in V, and how many of them there are: none
// outside of V. The sums of split-K stand one V after the other, which then is no wider one. Both are counted as v's
// elements.
struct Row {
	first: u32,
	count: u32,
}

fn row(tile: Tile, pixel: u32, channels: u32) -> Row {
	let pixels = p.images * p.out_size.x * p.out_size.y * p.out_size.z;
	let inside = tile.inside & (pixel < pixels) & (tile.channel < p.group_outputs);
	let first = tile.split * p.outputs + v_at(pixel, slice(tile));
	return Row(first / STORED, select(0u, min(p.group_outputs - tile.channel, channels), inside) / STORED);
}

// biases are what the sums of four depth slices begin with. Whoever adds up the sums of split-K adds them.
fn biases(tile: Tile, four: u32) -> vec4<f32> {
	let first = slice(tile) + 4u * four;
	return select(vec4<f32>(b[first], b[first + 1u], b[first + 2u], b[first + 3u]), vec4<f32>(), p.split_k > 1u);
}

// write writes the sums of four depth slices.
fn write(to: Row, four: u32, sums: vec4<f32>) {
{{- if eq .Stored 4}}
	if four < to.count {
		store(to.first + four, sums);
	}
{{- else}}
	for (var i = 4u * four; i < min(4u * four + 4u, to.count); i++) {
		store(to.first + i, sums[i % 4u]);
	}
{{- end}}
}
{{- if finishes}}

// finish_all applies the epilogue to what this thread has written. A copy of it for every number in
// registers would take compilers very long.
fn finish_all(tile: Tile, first: u32, pixels: u32, channels: u32) {
	if p.split_k > 1u || (p.activation == 0u && p.residual == 0u) {
		return;
	}
	for (var n = 0u; n < pixels; n++) {
		let to = row(tile, first + n, channels);
		let k = slice(tile);
		let r = r_at(first + n, k);
		for (var i = 0u; i < to.count; i++) {
			finish_at(to.first + i, k + i * STORED, r + i * STORED);
		}
	}
}
{{- end}}
{{- end -}}
