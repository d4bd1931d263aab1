{{- define "winograd" -}}
// What Winograd's transforms share: tiles of {{.H}} x {{.W}} inputs or products.

{{template "transform" .}}

// outputs is how many outputs a tile has along each axis.
fn outputs() -> vec2<u32> {
	return vec2<u32>({{.H}}u + 1u, {{.W}}u + 1u) - p.filter_size.yz;
}

// Line is one row or column of a tile's inputs or products.
struct Line {
{{- range .Line}}
	e{{.}}: Cell,
{{- end}}
}

// between is where element e of the tile is in U or in the products, [tiles][{{.Area}}][channels].
fn between(t: Tile, e: u32) -> u32 {
	return (t.number * {{.Area}}u + e) * t.blocks + t.block;
}
{{- end -}}
