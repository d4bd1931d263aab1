// The {{.Kernel}} of each row of X. The largest number is taken away first, so that no power is out of range.

{{template "strided"}}

struct Params {
	kept: Shape,
	reduced: Shape,
	x: View, // by the kept axes
	terms: View, // X by the reduced axes
	v: View, // by the kept axes
	results: View, // V by the reduced axes, where it has them
	last: u32, // of extreme.wgsl
	rows: u32,
	count: u32, // numbers of a row
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<f32>;
@group(0) @binding(2) var<storage, read_write> v: array<f32>;

{{template "rows" .}}

var<workgroup> parts: array<f32, THREADS>;
{{- .Functions}}

fn plus(a: f32, b: f32) -> f32 {
	return a + b;
}
{{- template "together" .Most}}
{{- template "together" .Sum}}

{{template "walk" .Kept}}
{{- if not .Flat}}

{{template "walk" .Reduced}}
{{- end}}

fn number(place: u32, t: u32) -> f32 {
	return xs[place + {{if .Flat}}t * p.terms.strides[1].w{{else}}reduced_offsets(t).terms{{end}}];
}

// size_of is number t of a row, or the last one where the row has ended: the largest number may be there twice.
fn size_of(place: u32, t: u32, end: u32) -> f32 {
	return number(place, min(t, end - 1u));
}

// power_of is e to that, less the largest one.
fn power_of(place: u32, t: u32, end: u32, largest: f32) -> f32 {
	return select(0.0, exp_of(number(place, min(t, end - 1u)) - largest), t < end);
}

{{- if ne .Kernel "log_sum_exp"}}

fn write(at: kept_places, t: u32, end: u32, largest: f32, all: f32) {
	if t < end {
		let x = number(at.x, t);
		v[at.v + {{if .Flat}}t * p.results.strides[1].w{{else}}reduced_offsets(t).results{{end}}] = {{.Result}};
	}
}
{{- end}}

{{template "row_of" .}}
	let at = kept_offsets(row);
	let end = select(0u, p.count, inside);
	var size = infinity_like(-1.0);
	for (var t = part; t < end; t += 4u * PARTS) {
		let low = larger(size_of(at.x, t, end), size_of(at.x, t + PARTS, end));
		let high = larger(size_of(at.x, t + 2u * PARTS, end), size_of(at.x, t + 3u * PARTS, end));
		size = larger(size, larger(low, high));
	}
	let largest = most(thread, size);
	var powers = 0.0;
	for (var t = part; t < end; t += 4u * PARTS) {
		let low = power_of(at.x, t, end, largest) + power_of(at.x, t + PARTS, end, largest);
		let high = power_of(at.x, t + 2u * PARTS, end, largest) + power_of(at.x, t + 3u * PARTS, end, largest);
		powers += low + high;
	}
	// From an infinity none can be taken away.
	let endless = is_nan(largest) || is_infinite(largest);
	let all = select(sum(thread, powers), nan_like(largest), endless);
{{- if eq .Kernel "log_sum_exp"}}
	if inside && part == 0u {
		v[at.v] = select(largest + log_of(all), largest, endless);
	}
}
{{- else}}
	for (var t = part; t < end; t += 4u * PARTS) {
		write(at, t, end, largest, all);
		write(at, t + PARTS, end, largest, all);
		write(at, t + 2u * PARTS, end, largest, all);
		write(at, t + 3u * PARTS, end, largest, all);
	}
}
{{- end}}
