// From the int32 sums of an int8 layer to its outputs: V = f(scale_k * sum), with the epilogue. The CPU
// twin is cpuref/int8.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> sums: array<i32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>; // of input times weights, one for each channel
@group(0) @binding(3) var<storage, read> slopes: array<f32>;
@group(0) @binding(4) var<storage, read> residuals: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<f32>;

fn residual(i: u32) -> f32 {
	return residuals[i];
}

{{template "epilogue" .}}

{{template "finish_output"}}

fn element(i: u32) {
	v[output_at(i)] = finish_output(f32(sums[i]) * scales[i % p.out_channels], i);
}

{{template "elementwise" .}}
