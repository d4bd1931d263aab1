// The epilogue as a step of its own over V, in place. The CPU twin is cpuref/epilogue.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> slopes: array<f32>;
@group(0) @binding(2) var<storage, read> residuals: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;

fn residual(i: u32) -> f32 {
	return residuals[i];
}

{{template "epilogue" .}}

{{template "finish_output"}}

fn element(i: u32) {
	let at = output_at(i);
	v[at] = finish_output(v[at], i);
}

{{template "elementwise" .}}
