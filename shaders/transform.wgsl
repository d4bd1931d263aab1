{{- define "transform" -}}
// What transforms of tiles share: threads that compute one block of channels of one tile, or of one line of it.

const VECTOR: u32 = {{.Vector}}u;
alias Cell = {{.Cell}};

// Tile is where a thread works. Blocks of channels are counted, not numbers.
struct Tile {
	number: u32,
	image: u32,
	o: vec3<u32>, // its first output
	block: u32,
	blocks: u32,
}

// tile_of finds a tile by its number. Where filters are dilated the outputs of a tile lie as far apart as their
// taps, so that it has the others of as many residues as neighbours.
fn tile_of(number: u32, block: u32, blocks: u32) -> Tile {
	let outputs = outputs();
	let size = p.out_size.yz;
	let dilation = p.dilation.yz;
	let residues = min(dilation, size);
	let tiles = residues * (((size + dilation - 1u) / dilation + outputs - 1u) / outputs);
	let at = vec2<u32>(number / tiles.y % tiles.x, number % tiles.y);
	let o = vec3<u32>(0u, at % residues + at / residues * outputs * dilation);
	return Tile(number, number / tiles.y / tiles.x, o, block, blocks);
}

{{template "elementwise" .}}
{{- end -}}

{{- define "window" -}}
// tap is the input that the window at output o reads with tap f. What only outputs beyond V's edge would
// read lies outside of in_size, as zero padding does.
fn tap(o: vec3<u32>, f: vec3<u32>) -> vec3<u32> {
	let beyond = o + f * p.dilation >= p.out_size + (p.filter_size - 1u) * p.dilation;
	return select(from_input(o, f), vec3<u32>(0xffffffffu), beyond);
}

// input is the tile's block of channels of one input: zeros outside of X, where the number that is read
// does not matter.
fn input(t: Tile, row: vec3<u32>, column: vec3<u32>) -> Cell {
	let at = vec3<u32>(row.x, row.y, column.z);
	let position = t.image * p.in_size.y * p.in_size.z + flat(at, p.in_size);
	return select(Cell(0.0), load(x_at(position, VECTOR * t.block) / VECTOR), all(at < p.in_size));
}
{{- end -}}

{{- define "write" -}}
// pixel is the number of output o among all images'.
fn pixel(t: Tile, o: vec3<u32>) -> u32 {
	return t.image * p.out_size.y * p.out_size.z + flat(o, p.out_size);
}

// block_of is where the tile's block of channels of output o is in V.
fn block_of(t: Tile, o: vec3<u32>) -> u32 {
	return v_at(pixel(t, o), VECTOR * t.block) / VECTOR;
}

// write writes an output, f places from the tile's first, unless it hangs over V's edge.
fn write(t: Tile, f: vec3<u32>, z: Cell) {
	let o = t.o + f * p.dilation;
	if all(o < p.out_size) {
		store(block_of(t, o), z + b[t.block]);
	}
}
{{- if finishes}}

// complete applies the epilogue to an output that was written.
fn complete(t: Tile, f: vec3<u32>) {
	let o = t.o + f * p.dilation;
	if all(o < p.out_size) {
		finish_at(block_of(t, o), VECTOR * t.block, r_at(pixel(t, o), VECTOR * t.block));
	}
}
{{- end}}
{{- end -}}
