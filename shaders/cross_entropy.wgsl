// The cross-entropy of each image's scores with its label, and its gradient with respect to the scores: the softmax of
// them, less 1 for the label's, times a scale. The largest score is taken away first, so that no power is out of
// range. The CPU twin is cpuref/training/crossentropy.go.

struct Params {
	outputs: u32, // images
	classes: u32, // scores of an image
	scale: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
{{- .Functions}}

fn element(i: u32) {
	let first_score = i * p.classes;
	let label = first_score + labels[i];
	var largest = xs[first_score];
	for (var k = 1u; k < p.classes; k++) {
		largest = larger(largest, xs[first_score + k]);
	}
	var all_powers = 0.0;
	for (var k = 0u; k < p.classes; k++) {
		all_powers += exp_of(xs[first_score + k] - largest);
	}
	losses[i] = log_of(all_powers) - (xs[label] - largest);
	for (var k = 0u; k < p.classes; k++) {
		let share = exp_of(xs[first_score + k] - largest) / all_powers;
		dx[first_score + k] = (share - select(0.0, 1.0, first_score + k == label)) * p.scale;
	}
}

{{template "elementwise" .}}
