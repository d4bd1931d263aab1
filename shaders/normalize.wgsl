// Each row of X is brought to the mean 0 and the variance 1.
{{- if .Scaled}} It is then multiplied by a scale and moved by a bias.{{end}}
{{- if .Statistics}}
// The means of rows and one divided by their deviations are written too.
{{- end}}

{{template "strided"}}

struct Params {
	kept: Shape,
	reduced: Shape,
	x: View, // by the kept axes
	terms: View, // X by the reduced axes
	v: View, // by the kept axes
	results: View, // V by the reduced axes
	scale: View, // by the kept axes
	factors: View, // the scale by the reduced axes
	bias: View, // by the kept axes
	summands: View, // the bias by the reduced axes
	rows: u32,
	count: u32, // numbers of a row
	within: f32, // added to the variance
	beside: f32, // added to the deviation
	numbers: f32, // count
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<f32>;
{{- if .Scaled}}
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read> biases: array<f32>;
@group(0) @binding(4) var<storage, read_write> v: array<f32>;
{{- else}}
@group(0) @binding(2) var<storage, read_write> v: array<f32>;
{{- end}}
{{- if .Statistics}}
@group(0) @binding(5) var<storage, read_write> means: array<f32>;
@group(0) @binding(6) var<storage, read_write> inverses: array<f32>;
{{- end}}

{{template "rows" .}}

var<workgroup> parts: array<f32, THREADS>;

fn plus(a: f32, b: f32) -> f32 {
	return a + b;
}
{{- template "together" .Sum}}

{{template "walk" .Kept}}

{{template "walk" .Reduced}}

fn number(place: u32, t: u32) -> f32 {
	return xs[place + {{if .Flat}}t * p.terms.strides[1].w{{else}}reduced_offsets(t).terms{{end}}];
}

// away is how far number t of a row is from the mean, where the row has not ended.
fn away(place: u32, t: u32, end: u32, mean: f32) -> f32 {
	return select(0.0, number(place, min(t, end - 1u)) - mean, t < end);
}

fn square(place: u32, t: u32, end: u32, mean: f32) -> f32 {
	let distance = away(place, t, end, mean);
	return distance * distance;
}

fn write(at: kept_places, t: u32, end: u32, mean: f32, inverse: f32) {
	if t < end {
{{- if not .Flat}}
		let by = reduced_offsets(t);
{{- end}}
		var y = (number(at.x, t) - mean) * inverse;
{{- if .Scaled}}
{{- if .Flat}}
		y *= scales[at.scale + t * p.factors.strides[1].w];
		y += biases[at.bias + t * p.summands.strides[1].w];
{{- else}}
		y *= scales[at.scale + by.factors];
		y += biases[at.bias + by.summands];
{{- end}}
{{- end}}
		v[at.v + {{if .Flat}}t * p.results.strides[1].w{{else}}by.results{{end}}] = y;
	}
}

{{template "row_of" .}}
	let at = kept_offsets(row);
	let end = select(0u, p.count, inside);
	var all = 0.0;
	for (var t = part; t < end; t += 4u * PARTS) {
		let low = away(at.x, t, end, 0.0) + away(at.x, t + PARTS, end, 0.0);
		let high = away(at.x, t + 2u * PARTS, end, 0.0) + away(at.x, t + 3u * PARTS, end, 0.0);
		all += low + high;
	}
	let mean = sum(thread, all) / p.numbers;
	var squares = 0.0;
	for (var t = part; t < end; t += 4u * PARTS) {
		let low = square(at.x, t, end, mean) + square(at.x, t + PARTS, end, mean);
		let high = square(at.x, t + 2u * PARTS, end, mean) + square(at.x, t + 3u * PARTS, end, mean);
		squares += low + high;
	}
	let variance = sum(thread, squares) / p.numbers;
	let inverse = 1.0 / (sqrt(variance + p.within) + p.beside);
	for (var t = part; t < end; t += 4u * PARTS) {
		write(at, t, end, mean, inverse);
		write(at, t + PARTS, end, mean, inverse);
		write(at, t + 2u * PARTS, end, mean, inverse);
		write(at, t + 3u * PARTS, end, mean, inverse);
	}
{{- if .Statistics}}
	if inside && part == 0u {
		means[row] = mean;
		inverses[row] = inverse;
	}
{{- end}}
}
