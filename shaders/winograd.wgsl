{{- define "winograd" -}}
// What Winograd's transforms share: tiles of V of M x M outputs, and threads that compute one block of
// channels of one tile.

const M: u32 = {{.M}}u;
const VECTOR: u32 = {{.Vector}}u;
alias Cell = {{.Cell}};

// Line is one row or column of a tile's {{.Side}} x {{.Side}} inputs or products.
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
	let phases = min(p.dilation, p.out_size);
	let tiles = phases * (((p.out_size + p.dilation - 1u) / p.dilation + M - 1u) / M);
	let number = i / blocks;
	let at = vec3<u32>(0u, number / tiles.z % tiles.y, number % tiles.z);
	return Tile(number, number / tiles.z / tiles.y, at % phases + at / phases * M * p.dilation, i % blocks, blocks);
}

// between is where element e of the tile is in U or in the products, [tiles][{{.Area}}][channels].
fn between(t: Tile, e: u32) -> u32 {
	return (t.number * {{.Area}}u + e) * t.blocks + t.block;
}

{{template "elementwise" .}}
{{- end -}}
