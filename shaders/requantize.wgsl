// From the int32 sums of an int8 layer to outputs as int8: those of dequantize.wgsl, quantized. The CPU twin is
// cpuref/quantize.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> sums: array<i32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>; // of input times weights, one for each channel
@group(0) @binding(3) var<storage, read> slopes: array<f32>;
@group(0) @binding(4) var<storage, read> residuals: array<f32>;
@group(0) @binding(5) var<storage, read_write> v: array<u32>; // four numbers to a word, which stand alone

fn residual(i: u32) -> f32 {
	return residuals[i];
}

{{template "epilogue" .}}

{{template "finish_output"}}

{{template "quantized"}}

// number gives output i as the low byte of a word.
fn number(i: u32) -> u32 {
	return quantized(finish_output(f32(sums[i]) * scales[i % p.out_channels], i), p.v_scale, p.v_zero);
}

{{template "wordwise" .}}
