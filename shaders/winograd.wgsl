{{- define "winograd" -}}
// What Winograd's transforms share: tiles of {{.H}} x {{.W}} inputs or products, and threads that compute one
// block of channels of one tile.

const VECTOR: u32 = {{.Vector}}u;
alias Cell = {{.Cell}};

// Line is one row or column of a tile's inputs or products.
struct Line {
{{- range .Line}}
	e{{.}}: Cell,
{{- end}}
}

// Tile is where a thread works. Blocks of channels are counted, not numbers.
struct Tile {
	number: u32,
	image: u32,
	o: vec3<u32>, // its first output
	block: u32,
	blocks: u32,
}

// tile_of finds a thread's tile. Where filters are dilated the outputs of a tile lie as far apart as their
// taps, so that it has the others of as many phases as neighbours.
fn tile_of(i: u32, blocks: u32) -> Tile {
	let outputs = vec3<u32>(2u, {{.H}}u + 1u, {{.W}}u + 1u) - p.filter_size;
	let phases = min(p.dilation, p.out_size);
	let tiles = phases * (((p.out_size + p.dilation - 1u) / p.dilation + outputs - 1u) / outputs);
	let number = i / blocks;
	let at = vec3<u32>(0u, number / tiles.z % tiles.y, number % tiles.z);
	return Tile(number, number / tiles.z / tiles.y, at % phases + at / phases * outputs * p.dilation, i % blocks, blocks);
}

// between is where element e of the tile is in U or in the products, [tiles][{{.Area}}][channels].
fn between(t: Tile, e: u32) -> u32 {
	return (t.number * {{.Area}}u + e) * t.blocks + t.block;
}

{{template "elementwise" .}}
{{- end -}}
