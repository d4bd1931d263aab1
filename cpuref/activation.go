package cpuref

import (
	"math"

	"github.com/gpuconv/gpuconv/conv"
)

// The functions of a layer's epilogue in float64, and how far a float32 shader may lie from them. Each
// own error below is derived, in units of u = 2^-23 and to first order, from these formulas and from
// WGSL's section "Floating Point Accuracy": one operation is off by at most 1 ULP <= u, division by 2.5
// ULP where the divisor is in 2^-126..2^126, exp(x) by 3 + 2|x| ULP. What is of second order is covered
// by slack, and a result that is flushed by flushes.
//
//	sigmoid  1 / (1 + exp(min(-z, 87))): more than 87 would pass the range of exp or of the division
//	tanh     1 - 2 / (exp(2z) + 1), the exponent held to at most 87
//	gelu     z/2 * (1 + erf(z/sqrt 2)), erf by Abramowitz and Stegun, 7.1.26
//	gelutanh z/2 * (1 + tanh(c*(z + 0.044715 z^3))), with the z in tanh held to -10..10
//
// The derivatives are computed from the same functions: of silu and gelutanh at z held to -87..87 and
// -10..10, where they are 0 and 1 to all digits.
const (
	slack   = 1 + 1.0/1024
	flushes = 4 * smallestNormal // sigmoid of -87 and three flushed results
	ulp     = unit * slack
)

const sqrt2OverPi, geluCubic = 0.7978845608028654, 0.044715 // sqrt(2/pi), and the cubic's coefficient

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// phi is the standard normal distribution, (1 + erf(z/sqrt 2))/2.
func phi(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// geluInner is the argument of gelutanh's tanh.
func geluInner(z float64) float64 { return sqrt2OverPi * (z + geluCubic*z*z*z) }

// activate is the function itself. slope is that of the element's channel, for PReLU.
func activate(a conv.Activation, z, slope float64) float64 {
	alpha, beta := float64(a.Alpha), float64(a.Beta)
	switch a.Function {
	case conv.ReLU:
		return reluOf(z)
	case conv.Clip:
		return min(max(z, alpha), beta)
	case conv.LeakyReLU:
		return leaky(z, alpha)
	case conv.PReLU:
		return leaky(z, slope)
	case conv.Sigmoid:
		return sigmoid(z)
	case conv.Tanh:
		return math.Tanh(z)
	case conv.SiLU:
		return z * sigmoid(z)
	case conv.HardSigmoid:
		return min(max(alpha*z+beta, 0), 1)
	case conv.HardSwish:
		return z * min(max(z/6+0.5, 0), 1)
	case conv.GELU:
		return z * phi(z)
	case conv.GELUTanh:
		// 1 + tanh t = 2 sigmoid(2t), which does not cancel.
		return z * sigmoid(2*geluInner(z))
	case conv.ELU:
		if z < 0 {
			return alpha * math.Expm1(z)
		}
	}
	return z
}

func leaky(z, slope float64) float64 {
	if z < 0 {
		return slope * z
	}
	return z
}

// lipschitz is a constant L with |f(a) - f(b)| <= L|a - b|: the largest size of the derivative, rounded
// up.
func lipschitz(a conv.Activation, slope float64) float64 {
	switch a.Function {
	case conv.LeakyReLU, conv.ELU:
		return max(1, math.Abs(float64(a.Alpha)))
	case conv.PReLU:
		return max(1, math.Abs(slope))
	case conv.HardSigmoid:
		return math.Abs(float64(a.Alpha))
	case conv.Sigmoid:
		return 0.25
	case conv.SiLU:
		return 1.1 // 1.0998 at z = 2.3994
	case conv.GELU, conv.GELUTanh:
		return 1.13 // 1.1290 at z = sqrt 2; 1.1290 at 1.4243
	case conv.HardSwish:
		return 1.5
	}
	return 1
}

// ownError is how far the shader's function of a float32 in [z-e, z+e] may lie from the function of that
// number. It is +Inf where a step on the way may pass float32's range.
func ownError(a conv.Activation, z, e, slope float64) float64 {
	alpha, beta := math.Abs(float64(a.Alpha)), math.Abs(float64(a.Beta))
	reach := math.Abs(z) + e
	switch a.Function {
	case conv.LeakyReLU:
		return leakyError(z, e, alpha)
	case conv.PReLU:
		return leakyError(z, e, math.Abs(slope))
	case conv.Sigmoid:
		return sigmoidError(z, e)
	case conv.Tanh:
		return tanhError
	case conv.SiLU:
		return reach*sigmoidError(z, e) + reach*sigmoid(z+e)*ulp + flushes
	case conv.HardSigmoid:
		if alpha*reach+beta > math.MaxFloat32 {
			return math.Inf(1)
		}
		// A product and a sum. Where neither result is clipped, the sum is at most 1 and the product at
		// most 1 + |beta|; where both are, there is no error.
		return min(2*alpha*reach+beta, 3+beta)*ulp + flushes
	case conv.HardSwish:
		// z/6 + 1/2 is off by 2.5u/2 + u where it is not clipped, which is for |z| <= 3 alone.
		return min(reach, 4)*3*ulp + reach*ulp + flushes
	case conv.GELU:
		return reach/2*(erfError(z, e)+2*ulp) + 2*reach*phi(z+e)*ulp + flushes
	case conv.GELUTanh:
		return reach/2*(innerTanhError+2*ulp) + 2*reach*ulp + flushes
	case conv.ELU:
		if z-e >= 0 {
			return 0
		}
		// |alpha| (e^z (3 + 2|z|) + 2 (1 - e^z)) u for exp, the subtraction and the product; for z < 0 the
		// bracket is largest at z = -1/2, where it is 3.22.
		return 3.3*alpha*ulp + flushes
	}
	return 0
}

// leakyError is that of one product, which only negative numbers pass through.
func leakyError(z, e, slope float64) float64 {
	low := max(0, e-z)
	if low == 0 {
		return 0
	}
	return slope*low*ulp + smallestNormal
}

// sigmoidError: 1 + exp(-z) has the relative error (1 - s)(3 + 2|z|) + 1, for exp(-z)/(1 + exp(-z)) is
// 1 - s; the division adds 2.5.
func sigmoidError(z, e float64) float64 {
	return sigmoid(z+e)*(sigmoid(-z+e)*(3+2*min(math.Abs(z)+e, 87))+3.5)*ulp + flushes
}

// tanhError: with s = sigmoid(2z), 2/(exp(2z) + 1) = 2(1 - s) is off by 2(1 - s)(s(3 + 4|z|) + 3.5), of
// which 2s(1 - s)(3 + 4|z|) is at most 2 and the rest at most 7; the subtraction adds 1, holding the
// exponent less than 1.
const tanhError = 11 * ulp

// innerTanhError adds that of gelutanh's argument t: seven roundings at most, of numbers of one sign,
// and |t| (1 - tanh(t)^2) is at most 0.448.
const innerTanhError = tanhError + 3.2*ulp

// The coefficients of Abramowitz and Stegun, 7.1.26: erf x = 1 - (a1 t + .. + a5 t^5) exp(-x^2) for x >= 0,
// t = 1/(1 + p x).
var erfCoefficients = [...]float64{0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429}

const erfP, erfAbsolute = 0.3275911, 1.5e-7

// erfError is that of erf(z/sqrt 2) by 7.1.26. The formula itself is off by 1.5e-7, and by no more than
// exp(-x^2), which both sides of it are below. x is off by 2u, x^2 so by 5u, and exp(-x^2) with its own
// error by (3 + 7x^2)u; t is off by (2 + 2)px/(1 + px) + 3.5 <= 7.5u. Horner's scheme rounds each term at
// most 10 times, and its coefficient once. A product, and the subtraction from 1, come last.
func erfError(z, e float64) float64 {
	x := max(0, math.Abs(z)-e) / math.Sqrt2 // where the error is largest: all terms fall with x
	t, decay := 1/(1+erfP*x), math.Exp(-x*x)
	var terms, slopeOfT float64 // sum |a_i| t^i, and t * d/dt sum a_i t^i
	for i, power := 0, t; i < len(erfCoefficients); i, power = i+1, power*t {
		terms += math.Abs(erfCoefficients[i]) * power
		slopeOfT += float64(i+1) * erfCoefficients[i] * power
	}
	rounding := 11*terms + 7.5*math.Abs(slopeOfT)
	return min(erfAbsolute, decay) + (decay*(rounding+1)+math.Erfc(x)*(3+7*x*x)+1)*ulp
}
