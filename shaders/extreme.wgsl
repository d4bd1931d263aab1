// {{if .OneHot}}V is 1 where the largest number of each row of X is, of several the first one, and 0 else.
{{- else}}Each number of V says where the {{.Kernel}} of a row of X is.{{end}}

{{template "strided"}}

struct Params {
	kept: Shape,
	reduced: Shape,
	x: View, // by the kept axes
	terms: View, // X by the reduced axes
	v: View, // by the kept axes
	results: View, // V by the reduced axes, where it has them
	last: u32, // 1: of several the last one
	rows: u32,
	count: u32, // numbers of a row
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<{{.Type}}>;
@group(0) @binding(2) var<storage, read_write> v: array<{{if .OneHot}}f32{{else}}i32{{end}}>;

{{template "rows" .}}

var<workgroup> parts: array<{{.Type}}, THREADS>;
var<workgroup> found: array<i32, THREADS>;
{{- .Functions}}

fn least(a: i32, b: i32) -> i32 {
	return min(a, b);
}
{{- if not .OneHot}}

fn greatest(a: i32, b: i32) -> i32 {
	return max(a, b);
}
{{- end}}

fn same(a: {{.Type}}, b: {{.Type}}) -> bool {
	return a == b{{if eq .Type "f32"}} || (is_nan(a) && is_nan(b)){{end}};
}
{{- template "together" .Best}}
{{- template "together" .First}}
{{- if not .OneHot}}
{{- template "together" .Last}}
{{- end}}

{{template "walk" .Kept}}
{{- if not .Flat}}

{{template "walk" .Reduced}}
{{- end}}

fn number(place: u32, t: u32) -> {{.Type}} {
	return xs[place + {{if .Flat}}t * p.terms.strides[1].w{{else}}reduced_offsets(t).terms{{end}}];
}

{{template "row_of" .}}
	let at = kept_offsets(row);
	let end = select(0u, p.count, inside);
	var best = number(at.x, 0u);
	for (var t = part; t < end; t += PARTS) {
		best = {{.Combine}}(best, number(at.x, t));
	}
	best = together(thread, best);
	var low = i32(p.count);
{{- if not .OneHot}}
	var high = -1;
{{- end}}
	for (var t = part; t < end; t += PARTS) {
		if same(number(at.x, t), best) {
			low = min(low, i32(t));
{{- if not .OneHot}}
			high = i32(t);
{{- end}}
		}
	}
{{- if .OneHot}}
	let place = first(thread, low);
	for (var t = part; t < end; t += PARTS) {
		let to = {{if .Flat}}t * p.results.strides[1].w{{else}}reduced_offsets(t).results{{end}};
		v[at.v + to] = f32(i32(t) == place);
	}
{{- else}}
	let place = select(first(thread, low), last(thread, high), p.last == 1u);
	if inside && part == 0u {
		v[at.v] = place;
	}
{{- end}}
}
