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

fn is_nan(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// larger is NaN where either is.
fn larger(x: f32, y: f32) -> f32 {
	return select(select(x, y, y > x), y, is_nan(y));
}

// less_ln_2 is x - n * ln(2). The first product is exact.
fn less_ln_2(x: f32, n: f32) -> f32 {
	return x - n * 0.693359375 + n * 0.000212194440;
}

// power_of_2 is 2^n, for n from -126 to 127.
fn power_of_2(n: i32) -> f32 {
	return bitcast<f32>(u32(n + 127) << 23u);
}

// scaled is x * 2^n, also where 2^n is out of range.
fn scaled(x: f32, n: i32) -> f32 {
	return x * power_of_2(n / 2) * power_of_2(n - n / 2);
}

// rest_of_exp is (e^r - 1 - r) / r^2, for r up to ln(2)/2 in size.
fn rest_of_exp(r: f32) -> f32 {
	return 0.5 + r * (0.166665196 + r * (0.041666206 + r * (0.00836887583 + r * 0.00139504613)));
}

fn exp_of(x: f32) -> f32 {
	let held = min(max(x, -104.0), 89.0); // 0 below, infinity above
	let n = round(held * 1.44269504);
	let r = less_ln_2(held, n);
	return scaled(1.0 + (r + r * r * rest_of_exp(r)), i32(n));
}

// Binary is a number as m * 2^n, for m from sqrt(1/2) on to below sqrt(2).
struct Binary {
	m: f32,
	n: f32,
}

// binary is for numbers above 0. Those that are too small for 24 bits are made larger first.
fn binary(x: f32) -> Binary {
	let small = bitcast<u32>(x) < 0x00800000u;
	let bits = bitcast<u32>(select(x, x * 8388608.0, small));
	let n = bitcast<i32>(bits - 0x3f3504f3u) >> 23u;
	return Binary(bitcast<f32>(bits - (bitcast<u32>(n) << 23u)), f32(n) - select(0.0, 23.0, small));
}

// rest_of_log is ln((1 + s) / (1 - s)) / s - 2, of z = s^2, for s up to 0.1716 in size.
fn rest_of_log(z: f32) -> f32 {
	return z * (0.666667759 + z * (0.399775624 + z * 0.298712254));
}

fn nan_like(x: f32) -> f32 {
	return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
}

// infinity_like has the sign of x.
fn infinity_like(x: f32) -> f32 {
	return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | 0x7f800000u);
}

fn is_infinite(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u;
}

fn log_of(x: f32) -> f32 {
	let b = binary(x);
	let f = b.m - 1.0;
	let s = f / (2.0 + f);
	let h = 0.5 * f * f;
	let finite = less_ln_2(f - (h - s * (h + rest_of_log(s * s))), -b.n);
	let ends = select(select(nan_like(x), infinity_like(-1.0), x == 0.0), x, x > 0.0);
	return select(ends, finite, x > 0.0 && !is_infinite(x));
}

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

// Each thread computes one element, on its own.

const THREADS: u32 = 64u;

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	// Elements are counted in memory order, across the axes of a grid that no single axis could hold.
	let i = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	if i < p.outputs {
		element(i);
	}
}
