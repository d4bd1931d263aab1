// Adds up the sums of split-K, always in the same order, with biases and epilogue. The CPU
// twin is cpuref/conv.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>; // one V after the other
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> slopes: array<f32>;
@group(0) @binding(4) var<storage, read> residuals: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<f32>;

fn residual(i: u32) -> f32 {
	return residuals[i];
}

{{template "epilogue" .}}

{{template "finish_output"}}

fn element(i: u32) {
	var sum = b[i % p.out_channels];
	for (var split = 0u; split < p.split_k; split++) {
		sum += partials[split * p.outputs + i];
	}
	v[output_at(i)] = finish_output(sum, i);
}

{{template "elementwise" .}}
