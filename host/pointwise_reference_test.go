package host_test

import (
	"math"
	"math/big"
)

// pointwise are the references of the kernels of pointwise.wgsl, by name and types, written from ONNX's operators.
var pointwise = map[string]reference{
	"copy w":      unary(func(x float64) float64 { return x }, 0),
	"add ff":      pair(func(x, y float64) float64 { return x + y }, 0),
	"sub ff":      pair(func(x, y float64) float64 { return x - y }, 0),
	"mul ff":      pair(func(x, y float64) float64 { return x * y }, 1),
	"div ff":      pair(func(x, y float64) float64 { return x / y }, 5),
	"max ff":      pair(func(x, y float64) float64 { return max(x, y) }, 0),
	"min ff":      pair(func(x, y float64) float64 { return min(x, y) }, 0),
	"pow ff":      pair(math.Pow, 6),
	"fmod ff":     pair(math.Mod, 0),
	"clip_to fff": {f: func(x, y, z float64) float64 { return min(max(x, y), z) }},
	"affine fff":  affine(),
	"scale f": unary(func(x float64) float64 { return 0.75*x - 2 }, 1).with(0.75, -2).
		adding(func(x, _, _ float64) float64 { return math.Abs(0.75*x) + 2 }),

	"abs f":        unary(math.Abs, 0),
	"neg f":        unary(func(x float64) float64 { return -x }, 0),
	"sqrt f":       unary(math.Sqrt, 5),
	"reciprocal f": unary(func(x float64) float64 { return 1 / x }, 5),
	"exp f":        unary(math.Exp, 4),
	"log f":        unary(math.Log, 4),
	"floor f":      unary(math.Floor, 0),
	"ceil f":       unary(math.Ceil, 0),
	"round f":      unary(math.RoundToEven, 0),
	"sign f":       unary(sign, 0),
	"erf f":        unary(math.Erf, 6),
	"asin f":       unary(math.Asin, 6),
	"acos f":       unary(math.Acos, 6),
	"atan f":       unary(math.Atan, 5),
	"sinh f":       unary(math.Sinh, 6),
	"cosh f":       unary(math.Cosh, 6),
	"tanh f":       unary(math.Tanh, 6),
	"asinh f":      unary(math.Asinh, 6),
	"acosh f":      unary(math.Acosh, 6),
	"atanh f":      unary(math.Atanh, 6),
	// Of angles beyond 2^24 quarters what a rounding changes is all there is.
	"sin f": unary(math.Sin, 3).rounding(0.01).from(-2e7, 2e7),
	"cos f": unary(math.Cos, 3).rounding(0.01).from(-2e7, 2e7),
	"tan f": unary(math.Tan, 8).rounding(0.01).from(-2e7, 2e7),

	"relu f":       unary(func(x float64) float64 { return max(x, 0) }, 0),
	"leaky_relu f": unary(func(x float64) float64 { return leakyOf(x, 0.3) }, 2).with(0.3, 0),
	"prelu ff":     pair(leakyOf, 2),
	"elu f":        unary(func(x float64) float64 { return eluOf(x, 1.5) }, 4).with(1.5, 0),
	"celu f":       unary(func(x float64) float64 { return celuOf(x, 1.5) }, 4).with(1.5, 0).rounding(2),
	"selu f":       unary(func(x float64) float64 { return 1.25 * eluOf(x, 1.5) }, 5).with(1.5, 1.25),
	"sigmoid f":    unary(logistic, 6),
	"hard_sigmoid f": unary(func(x float64) float64 { return hardOf(0.25*x + 0.375) }, 1).with(0.25, 0.375).
		adding(func(_, _, _ float64) float64 { return 1 }),
	"swish f": unary(func(x float64) float64 { return x * logistic(1.5*x) }, 8).with(1.5, 0).rounding(1),
	"hard_swish f": unary(func(x float64) float64 { return x * hardOf(x/6+0.5) }, 5).
		adding(func(x, _, _ float64) float64 { return min(math.Abs(x), 3) }),
	"softplus f":         unary(softplus, 4),
	"softsign f":         unary(func(x float64) float64 { return x / (1 + math.Abs(x)) }, 6),
	"thresholded_relu f": unary(func(x float64) float64 { return thresholded(x, 1.5) }, 0).with(1.5, 0),
	"gelu f":             unary(func(x float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) }, 8).rounding(2),
	"gelu_tanh f":        unary(geluTanh, 8).rounding(2),
	"mish f":             unary(mish, 8),
	"shrink f":           unary(func(x float64) float64 { return shrinkOf(x, 1.5, 0.25) }, 1).with(1.5, 0.25),
	"clip f":             unary(func(x float64) float64 { return min(max(x, -1.5), 2.25) }, 0).with(-1.5, 2.25),

	"where iww":           {f: func(x, y, z float64) float64 { return either(x != 0, y, z) }},
	"equal ff":            pair(func(x, y float64) float64 { return truth(x == y) }, 0),
	"less ff":             pair(func(x, y float64) float64 { return truth(x < y) }, 0),
	"greater ff":          pair(func(x, y float64) float64 { return truth(x > y) }, 0),
	"less_or_equal ff":    pair(func(x, y float64) float64 { return truth(x <= y) }, 0),
	"greater_or_equal ff": pair(func(x, y float64) float64 { return truth(x >= y) }, 0),
	"equal ii":            pair(func(x, y float64) float64 { return truth(x == y) }, 0),
	"less ii":             pair(func(x, y float64) float64 { return truth(x < y) }, 0),
	"greater ii":          pair(func(x, y float64) float64 { return truth(x > y) }, 0),
	"less_or_equal ii":    pair(func(x, y float64) float64 { return truth(x <= y) }, 0),
	"greater_or_equal ii": pair(func(x, y float64) float64 { return truth(x >= y) }, 0),
	"is_nan f":            unary(func(x float64) float64 { return truth(math.IsNaN(x)) }, 0),
	"is_inf f":            unary(func(x float64) float64 { return truth(math.IsInf(x, -1)) }, 0).with(0, 1),
	"and ii":              pair(func(x, y float64) float64 { return truth(x != 0 && y != 0) }, 0),
	"or ii":               pair(func(x, y float64) float64 { return truth(x != 0 || y != 0) }, 0),
	"xor ii":              pair(func(x, y float64) float64 { return truth((x != 0) != (y != 0)) }, 0),
	"not i":               unary(func(x float64) float64 { return truth(x == 0) }, 0),

	"to_int f":           unary(toInt, 0),
	"to_float i":         unary(func(x float64) float64 { return float64(float32(x)) }, 0),
	"to_bool f":          unary(func(x float64) float64 { return truth(x != 0) }, 0),
	"to_bool i":          unary(func(x float64) float64 { return truth(x != 0) }, 0),
	"last_bits_signed i": unary(func(x float64) float64 { return float64(int8(int32(x))) }, 0).with(24, 0),
	"last_bits i":        unary(func(x float64) float64 { return float64(uint8(int32(x))) }, 0).with(24, 0),

	"add ii":      pair(func(x, y float64) float64 { return float64(int32(x) + int32(y)) }, 0),
	"sub ii":      pair(func(x, y float64) float64 { return float64(int32(x) - int32(y)) }, 0),
	"mul ii":      pair(func(x, y float64) float64 { return float64(int32(x) * int32(y)) }, 0),
	"div ii":      pair(func(x, y float64) float64 { return wholeOf(x, y, quotient, x) }, 0),
	"fmod ii":     pair(func(x, y float64) float64 { return wholeOf(x, y, remainder, 0) }, 0),
	"mod ii":      pair(func(x, y float64) float64 { return wholeOf(x, y, floored, 0) }, 0),
	"pow ii":      pair(func(x, y float64) float64 { return wholePow(int32(x), int32(y)) }, 0),
	"max ii":      pair(func(x, y float64) float64 { return max(x, y) }, 0),
	"min ii":      pair(func(x, y float64) float64 { return min(x, y) }, 0),
	"clip_to iii": {f: func(x, y, z float64) float64 { return min(max(x, y), z) }},
	"abs i":       unary(func(x float64) float64 { return float64(max(int32(x), -int32(x))) }, 0),
	"neg i":       unary(func(x float64) float64 { return float64(-int32(x)) }, 0),
	"sign i":      unary(sign, 0),
	"relu i":      unary(func(x float64) float64 { return max(x, 0) }, 0),
}

// unary and pair are references of x, and of x and y.
func unary(f func(float64) float64, units float64) reference {
	return reference{f: func(x, _, _ float64) float64 { return f(x) }, units: units}
}

func pair(f func(x, y float64) float64, units float64) reference {
	return reference{f: func(x, y, _ float64) float64 { return f(x, y) }, units: units}
}

func (r reference) with(alpha, beta float32) reference {
	r.alpha, r.beta = alpha, beta
	return r
}

func (r reference) rounding(arguments float64) reference {
	r.arguments = arguments
	return r
}

func (r reference) from(least, most float64) reference {
	r.least, r.most = least, most
	return r
}

func (r reference) adding(terms func(x, y, z float64) float64) reference {
	r.terms = terms
	return r
}

func affine() reference {
	r := reference{f: func(x, y, z float64) float64 { return x*y + z }, units: 1}
	return r.from(-1e18, 1e18).adding(func(x, y, z float64) float64 { return math.Abs(x*y) + math.Abs(z) })
}

func either(yes bool, x, y float64) float64 {
	if yes {
		return x
	}
	return y
}

func truth(yes bool) float64 { return either(yes, 1, 0) }

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

func leakyOf(x, slope float64) float64     { return either(x < 0, slope*x, x) }
func eluOf(x, alpha float64) float64       { return either(x < 0, alpha*math.Expm1(x), x) }
func celuOf(x, alpha float64) float64      { return either(x < 0, alpha*math.Expm1(x/alpha), x) }
func logistic(x float64) float64           { return 1 / (1 + math.Exp(-x)) }
func hardOf(x float64) float64             { return min(max(x, 0), 1) }
func thresholded(x, least float64) float64 { return either(x > least || math.IsNaN(x), x, 0) }

func geluTanh(x float64) float64 {
	return x / (1 + math.Exp(-2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
}

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func mish(x float64) float64 { return x * math.Tanh(math.Log1p(math.Exp(x))) }

func shrinkOf(x, limit, bias float64) float64 {
	switch {
	case x > limit:
		return x - bias
	case x < -limit:
		return x + bias
	}
	return either(math.IsNaN(x), x, 0)
}

func toInt(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return math.Min(math.Max(math.Trunc(x), math.MinInt32), math.MaxInt32)
}

func quotient(x, y int32) int32  { return x / y }
func remainder(x, y int32) int32 { return x % y }

// wholeOf is f of whole numbers, and something else where the divisor is 0.
func wholeOf(x, y float64, f func(x, y int32) int32, otherwise float64) float64 {
	if y == 0 {
		return otherwise
	}
	return float64(f(int32(x), int32(y)))
}

func floored(x, y int32) int32 {
	if rest := x % y; rest != 0 && (rest < 0) != (y < 0) {
		return rest + y
	}
	return x % y
}

func wholePow(x, y int32) float64 {
	if y < 0 {
		return either(x == 0, 0, math.Trunc(math.Pow(float64(x), float64(y%2-2)))) // 1, -1 or what is less than 1
	}
	modulus := big.NewInt(1 << 32)
	return float64(int32(new(big.Int).Exp(big.NewInt(int64(x)), big.NewInt(int64(y)), modulus).Int64()))
}
