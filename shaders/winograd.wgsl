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

fn tile_of(i: u32, blocks: u32) -> Tile {
	let tiles = (p.out_size + M - 1u) / M;
	let number = i / blocks;
	let o = vec3<u32>(0u, number / tiles.z % tiles.y * M, number % tiles.z * M);
	return Tile(number, number / tiles.z / tiles.y, o, i % blocks, blocks);
}

// between is where element e of the tile is in U or in the products, [tiles][{{.Area}}][channels].
fn between(t: Tile, e: u32) -> u32 {
	return (t.number * {{.Area}}u + e) * t.blocks + t.block;
}

{{template "elementwise" .}}
{{- end -}}
