package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
)

// EpilogueGradient is the gradient of V = f(z) with respect to z, which is the sum with its bias and, if
// e.Residual is conv.BeforeFunction, the residual; dv is dL/dV. All are in V's order, their innermost axis
// of so many channels. slope is that of [Reference.Epilogue]. For PReLU dslope is dL/dslope, and else it is
// the zero Reference:
//
//	dz = dv * f'(z)    dslope[k] = sum of dv * z over all z < 0 of channel k
//
// The gradient of the residual itself is dz for conv.BeforeFunction and dv for conv.AfterFunction.
//
// Where f has a kink, f' is PyTorch's: 0 at the ends of ReLU, Clip, HardSigmoid and the lower one of
// HardSwish, 1 at the upper one of HardSwish (PyTorch 2.8; earlier ones give -1/2 and 3/2), the slope at 0
// for LeakyReLU and PReLU, alpha at 0 for ELU. HardSigmoid's ends are where alpha*z + beta is 0 or 1, on
// whichever side of that a float32 sum comes out: both derivatives are allowed where that is open.
//
// The two have no Problem, unless the caller sets it so that [Check] can tell positions. Errors wrap
// [ErrShape], or are e's own.
func EpilogueGradient(e conv.Epilogue, z, dv, slope []float32, channels int) (dz, dslope Reference, err error) {
	if channels < 1 || len(z) == 0 || len(z)%channels != 0 {
		return dz, dslope, fmt.Errorf(
			"%w: %d elements of %d channels, must be a multiple of the channels, and at least 1",
			ErrShape,
			len(z),
			channels,
		)
	}
	if len(dv) != len(z) {
		return dz, dslope, fmt.Errorf("%w: dV has %d elements, must have %d as z has", ErrShape, len(dv), len(z))
	}
	if err := checkEpilogue(e, slope, channels); err != nil {
		return dz, dslope, err
	}
	after := epilogue{Epilogue: e, slope: slope, channels: channels}
	dz = looseReference(SumGradients, len(z))
	dz.Allowed = make([]float64, len(z))
	for i := range z {
		v := after.backward(i, float64(z[i]), float64(dv[i]))
		dz.Value[i], dz.Magnitude[i], dz.Allowed[i] = v.value, v.magnitude, v.allowed
	}
	if e.Activation.Function != conv.PReLU {
		return dz, Reference{}, nil
	}
	dslope = looseReference(SlopeGradients, channels)
	dslope.Terms = len(z) / channels
	for i := range z {
		if z[i] < 0 || z[i] != z[i] {
			dslope.scatter(i%channels, float64(dv[i])*float64(z[i]))
		}
	}
	return dz, dslope, nil
}

// looseReference is one without a problem.
func looseReference(kind Kind, n int) Reference {
	return Reference{Kind: kind, Value: make([]float64, n), Magnitude: make([]float64, n)}
}

// backward is dz of element i.
func (e epilogue) backward(i int, z, dv float64) element {
	d, own := derivative(e.Activation, z, e.slopeOf(i))
	v := element{value: dv * d, magnitude: math.Abs(dv * d)}
	v.allowed = math.Abs(dv)*own + smallestNormal
	if own > 0 || d != 0 && d != 1 { // a product that is rounded
		v.allowed += (v.magnitude + v.allowed) * ulp
	}
	return v
}

// derivative is f'(z), and how far the shader's own may lie from it, derived as ownError is.
func derivative(a conv.Activation, z, slope float64) (d, own float64) {
	alpha, beta := float64(a.Alpha), float64(a.Beta)
	switch a.Function {
	case conv.ReLU:
		return step(z > 0, z), 0
	case conv.Clip:
		return step(z > alpha && z < beta, z), 0
	case conv.LeakyReLU:
		return leakyDerivative(z, alpha), 0
	case conv.PReLU:
		return leakyDerivative(z, slope), 0
	case conv.HardSigmoid:
		return hardSigmoidDerivative(z, alpha, beta)
	case conv.HardSwish:
		return hardSwishDerivative(z)
	case conv.ELU:
		if z <= 0 {
			// The exponential, 3 + 2|z|, and the product.
			return alpha * math.Exp(z), math.Abs(alpha)*math.Exp(z)*(4+2*min(-z, 87))*ulp + (1+math.Abs(alpha))*flushes
		}
	case conv.Sigmoid, conv.Tanh, conv.SiLU, conv.GELU, conv.GELUTanh:
		return smoothDerivative(a.Function, z)
	}
	return step(true, z), 0
}

// step is 1 or 0, and NaN for NaN.
func step(on bool, z float64) float64 {
	switch {
	case z != z:
		return z
	case on:
		return 1
	}
	return 0
}

func leakyDerivative(z, slope float64) float64 {
	if z <= 0 {
		return slope
	}
	return step(true, z)
}

// hardSigmoidDerivative is alpha strictly between the ends. The sum alpha*z + beta is off by two roundings;
// where an end lies that near, either side may come out.
func hardSigmoidDerivative(z, alpha, beta float64) (d, own float64) {
	sum := alpha*z + beta
	d = alpha * step(sum > 0 && sum < 1, z)
	rounding := (2*math.Abs(alpha*z)+math.Abs(beta))*ulp + flushes
	if math.Abs(sum) <= rounding || math.Abs(sum-1) <= rounding {
		own = math.Abs(alpha)
	}
	return d, own
}

// hardSwishDerivative is z/3 + 1/2 between the ends: a division of at most 1 and a sum of at most 1.5.
func hardSwishDerivative(z float64) (d, own float64) {
	if z <= -3 || z >= 3 || z != z {
		return step(z > 0, z), 0
	}
	return z/3 + 0.5, (2.5*math.Abs(z)/3+math.Abs(z/3+0.5))*ulp + flushes
}

// smoothDerivative is that of the functions without kinks, with s = sigmoid(z) and t = tanh:
//
//	sigmoid'  = s(1 - s)
//	tanh'     = 1 - t^2
//	silu'     = s(1 + z(1 - s))
//	gelu'     = phi(z) + z exp(-z^2/2)/sqrt(2 pi)
//	gelutanh' = (1 + t)/2 + z/2 (1 - t^2) c (1 + 3*0.044715 z^2)
func smoothDerivative(f conv.Function, z float64) (d, own float64) {
	s := sigmoid(z)
	switch f {
	case conv.Sigmoid:
		// The error of s in both factors, and of the difference and the product.
		return s * sigmoid(-z), sigmoidError(z, 0) + 2*s*ulp
	case conv.Tanh:
		t := math.Tanh(z)
		return 4 * sigmoid(2*z) * sigmoid(-2*z), 2*math.Abs(t)*tanhError + 2*ulp
	case conv.SiLU:
		z = min(max(z, -87), 87) // nothing happens further out, but for the errors
		s, rest := sigmoid(z), sigmoid(-z)
		inner := 1 + z*rest
		innerError := math.Abs(z)*(sigmoidError(z, 0)+2*rest*ulp+ulp*s) + (1+math.Abs(z)*rest)*ulp
		return s * inner, sigmoidError(z, 0)*math.Abs(inner) + s*innerError + 2*math.Abs(s*inner)*ulp + flushes
	case conv.GELU:
		density := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
		d = phi(z) + z*density
		// The exponential is off by 3 + z^2, its argument by 2.5 z^2; four products and constants.
		return d, erfError(z, 0)/2 + ulp + math.Abs(z)*density*(8+4*z*z)*ulp + 2*(math.Abs(d)+phi(z))*ulp + flushes
	}
	return geluTanhDerivative(min(max(z, -10), 10))
}

func geluTanhDerivative(z float64) (d, own float64) {
	inner := geluInner(z)
	half, square := sigmoid(2*inner), 4*sigmoid(2*inner)*sigmoid(-2*inner) // (1 + t)/2, and 1 - t^2
	steep := sqrt2OverPi * (1 + 3*geluCubic*z*z)
	d = half + z/2*square*steep
	// t's error in both, twice in t^2; two roundings of 1 - t^2, nine of the rest of the product.
	product := math.Abs(z) / 2 * steep
	own = innerTanhError/2 + ulp + product*(2*innerTanhError+2*ulp) + 9*product*square*ulp + (math.Abs(d)+half)*ulp +
		flushes
	return d, own
}
