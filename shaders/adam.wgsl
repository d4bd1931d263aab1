// Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1): running means of the gradient
// and of its square, each over 1 - beta^t to make up for their start at 0. The CPU twin is cpuref/training/update.go.

struct Params {
	outputs: u32, // weights
}

struct Rates {
	learning: f32,
	beta1: f32,
	rest1: f32, // 1 - beta1
	beta2: f32,
	rest2: f32, // 1 - beta2
	epsilon: f32,
	scale1: f32, // 1 / (1 - beta1^t)
	scale2: f32, // 1 / (1 - beta2^t)
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> rates: Rates;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> means: array<f32>;
@group(0) @binding(4) var<storage, read_write> variances: array<f32>;
@group(0) @binding(5) var<storage, read_write> w: array<f32>;

fn element(i: u32) {
	let mean = rates.beta1 * means[i] + rates.rest1 * g[i];
	let variance = rates.beta2 * variances[i] + rates.rest2 * (g[i] * g[i]);
	means[i] = mean;
	variances[i] = variance;
	w[i] -= rates.learning * (mean * rates.scale1) / (sqrt(variance * rates.scale2) + rates.epsilon);
}

{{template "elementwise" .}}
