// The gradient through the epilogue, element by element: dz = dV * f'(z), where z is the sum with its
// bias and, where it is added before the activation, the residual. For PReLU also each element's share
// of the slope's gradient, dV * min(z, 0). The CPU twin is cpuref/epilogue.go.

{{template "index" .}}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> slopes: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> dv: array<f32>;
@group(0) @binding(4) var<storage, read_write> dz: array<f32>;
@group(0) @binding(5) var<storage, read_write> dslopes: array<f32>;

{{template "functions" .}}

// derivative is f'(z); at corners it is PyTorch's.
fn derivative(z: f32, slope: f32) -> f32 {
	switch p.activation {
		case 1u: { return select(0.0, 1.0, z > 0.0); }
		case 2u: { return select(0.0, 1.0, z > p.alpha && z < p.beta); }
		case 3u: { return select(p.alpha, 1.0, z > 0.0); }
		case 4u: { return select(slope, 1.0, z > 0.0); }
		case 5u: { return sigmoid(z) * sigmoid(-z); }
		case 6u: { return (1.0 - tangent(z)) * (1.0 + tangent(z)); }
		case 7u: {
			let held = clamp(z, -87.0, 87.0);
			return sigmoid(held) * (1.0 + held * sigmoid(-held));
		}
		case 8u: { return select(0.0, p.alpha, p.alpha * z + p.beta > 0.0 && p.alpha * z + p.beta < 1.0); }
		case 9u: { return select(select(z / 3.0 + 0.5, 1.0, z >= 3.0), 0.0, z <= -3.0); }
		case 11u: {
			let held = clamp(z, -10.0, 10.0);
			let t = gelu_tangent(held);
			return 0.5 * (1.0 + t) + 0.5 * held * (1.0 - t) * (1.0 + t) * 0.79788456 * (1.0 + 0.134145 * held * held);
		}
		case 12u: { return select(p.alpha * exp(min(z, 0.0)), 1.0, z > 0.0); }
		// Of 10: without an activation there is nothing to go through.
		default: { return 0.5 * (1.0 + erf(z * 0.70710678)) + z * 0.39894228 * exp(-0.5 * z * z); }
	}
}

fn element(i: u32) {
	var slope = 0.0;
	if p.activation == 4u {
		slope = slopes[i % p.out_channels];
		dslopes[i] = dv[i] * keep_nan(min(z[i], 0.0), z[i]);
	}
	dz[i] = dv[i] * keep_nan(derivative(z[i], slope), z[i]);
}

{{template "elementwise" .}}
