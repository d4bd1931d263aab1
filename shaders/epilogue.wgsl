{{- define "keep_nan" -}}
// keep_nan is f, a function of z, and z itself where that is NaN: by its bits, for min and max may lose NaN, and
// compilers may take numbers that are compared for others than NaN.
fn keep_nan(f: f32, z: f32) -> f32 {
	return select(f, z, (bitcast<u32>(z) & 0x7fffffffu) > 0x7f800000u);
}
{{- end -}}

{{- define "functions" -}}
{{template "keep_nan"}}

// erf follows Abramowitz and Stegun 7.1.26, to 1.5e-7.
fn erf(z: f32) -> f32 {
	let t = 1.0 / (1.0 + 0.3275911 * abs(z));
	let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
	return sign(z) * (1.0 - series * exp(-z * z));
}

// Exponents are held to 87, where exp is still in range and the result no longer changes.
fn sigmoid(z: f32) -> f32 {
	return 1.0 / (1.0 + exp(min(-z, 87.0)));
}

// tangent is tanh, which drivers get wrong for large arguments.
fn tangent(z: f32) -> f32 {
	return sign(z) * (1.0 - 2.0 / (exp(min(2.0 * abs(z), 87.0)) + 1.0));
}

// gelu_tangent is the tanh in the tanh form of GELU, of z held to 10, where it is 1.
fn gelu_tangent(held: f32) -> f32 {
	return tangent(0.79788456 * (held + 0.044715 * held * held * held));
}
{{- end -}}

{{- define "function" -}}
fn function(z: f32, slope: f32) -> f32 {
	switch p.activation {
		case 1u: { return max(z, 0.0); }
		case 2u: { return min(max(z, p.alpha), p.beta); }
		case 3u: { return select(z, p.alpha * z, z < 0.0); }
		case 4u: { return select(z, slope * z, z < 0.0); }
		case 5u: { return sigmoid(z); }
		case 6u: { return tangent(z); }
		case 7u: { return z * sigmoid(z); }
		case 8u: { return clamp(p.alpha * z + p.beta, 0.0, 1.0); }
		case 9u: { return z * clamp(z / 6.0 + 0.5, 0.0, 1.0); }
		case 10u: { return 0.5 * z * (1.0 + erf(z * 0.70710678)); }
		case 11u: { return 0.5 * z * (1.0 + gelu_tangent(clamp(z, -10.0, 10.0))); }
		case 12u: { return select(z, p.alpha * (exp(z) - 1.0), z < 0.0); }
		default: { return z; }
	}
}
{{- end -}}

{{- define "clamped" -}}
// clamped is z held between what the parameters say, as ReLU, Clip and no function need it: see Params.Clamp. NaN
// stays.
fn clamped(z: {{.}}) -> {{.}} {
	let held = min(max(z, {{.}}(p.alpha)), {{.}}(p.beta));
	return select(held, z, (bitcast<{{bits .}}>(z) & {{bits .}}(0x7fffffffu)) > {{bits .}}(0x7f800000u));
}
{{- end -}}

{{- define "dequantized" -}}
{{template "clamped" .}}

// dequantized makes element i of V of the sums of an int8 layer, which float32 has exactly, as dequantize.wgsl does.
// The layer has no PReLU: slopes are the scales of its channels, of input times weights.
fn dequantized(i: u32, sums: {{.}}) -> {{.}} {
{{- if eq . "f32"}}
	return clamped(sums * slopes[(i - p.v_first) % p.v_pitch]);
{{- else}}
	let k = 4u * ((i - p.v_first / 4u) % (p.v_pitch / 4u));
	return clamped(sums * vec4<f32>(slopes[k], slopes[k + 1u], slopes[k + 2u], slopes[k + 3u]));
{{- end}}
}
{{- end -}}

{{- define "epilogue" -}}
// The epilogue that all kernels share: what is done to z, the sum with its bias, before it is written.
// The functions and their numbers are those of conv.Function. The CPU twin is cpuref/epilogue.go.

{{template "functions"}}

{{template "function"}}

fn activate(z: f32, slope: f32) -> f32 {
	return keep_nan(function(z, slope), z);
}

// finish gives what is written to depth slice k of V: f(z), with the residual at r.
fn finish(z: f32, k: u32, r: u32) -> f32 {
	var slope = 0.0;
	if p.activation == 4u {
		slope = slopes[k];
	}
	var added = 0.0;
	if p.residual != 0u {
		added = residual(r);
	}
	// The function stands here once: software adapters compute both sides of each branch.
	let f = activate(select(z, z + added, p.residual == 1u), slope);
	return select(f, f + added, p.residual == 2u);
}
{{- end -}}

{{- define "finish_output" -}}
// finish_output is finish for an output, counted as output_at counts.
fn finish_output(z: f32, output: u32) -> f32 {
	let k = output % p.out_channels;
	return finish(z, k, r_at(output / p.out_channels, k));
}
{{- end -}}
