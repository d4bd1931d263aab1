// Each number of V is the {{.Kernel}} of a row of X, or of one of the parts that a long row is split into.

{{template "strided"}}

struct Params {
	kept: Shape,
	reduced: Shape,
	x: View, // by the kept axes
	terms: View, // X by the reduced axes
	v: View, // by the kept axes
	divisor: u32, // of a mean
	outputs: u32, // numbers of V, but for splits
	rows: u32, // outputs times the splits of each
	count: u32, // terms of an output
	length: u32, // terms of a row
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<{{.Type}}>;
@group(0) @binding(2) var<storage, read_write> v: array<{{.Type}}>;

{{template "rows" .}}

var<workgroup> parts: array<{{.Type}}, THREADS>;
{{- .Functions}}

fn combined(a: {{.Type}}, b: {{.Type}}) -> {{.Type}} {
	return {{.Combine}};
}
{{- template "together" .Together}}

{{template "walk" .Kept}}
{{- if not .Flat}}

{{template "walk" .Reduced}}
{{- end}}

// term is number t of a row, as it is added up, where the row has not ended.
fn term(place: u32, t: u32, end: u32) -> {{.Type}} {
	if t >= end {
		return {{.Identity}};
	}
	let x = xs[place + {{if .Flat}}t * p.terms.strides[1].w{{else}}reduced_offsets(t).terms{{end}}];
	return {{.Term}};
}

// all_terms are all that a thread has of a row: four at once, so that loops are short.
fn all_terms(place: u32, begin: u32, end: u32) -> {{.Type}} {
	var all = {{.Identity}};
	for (var t = begin; t < end; t += 4u * PARTS) {
		let low = combined(term(place, t, end), term(place, t + PARTS, end));
		let high = combined(term(place, t + 2u * PARTS, end), term(place, t + 3u * PARTS, end));
		all = combined(all, combined(low, high));
	}
	return all;
}

{{template "row_of" .}}
	let split = row / p.outputs;
	let at = kept_offsets(row % p.outputs);
	let begin = split * p.length;
	let end = select(begin, min(begin + p.length, p.count), inside);
	let all = together(thread, all_terms(at.x, begin + part, end));
	if inside && part == 0u {
		v[at.v + split * p.outputs] = {{.Finish}};
	}
}
