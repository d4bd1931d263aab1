package host_test

import (
	"math"
	"math/big"
)

// pointwise are the references of the kernels of pointwise.wgsl, by name and types, written from ONNX's operators.
var pointwise = map[string]reference{
	"copy w":      {f: func(x, _, _ float64) float64 { return x }},
	"add ff":      {f: func(x, y, _ float64) float64 { return x + y }},
	"sub ff":      {f: func(x, y, _ float64) float64 { return x - y }},
	"mul ff":      {f: func(x, y, _ float64) float64 { return x * y }, units: 1},
	"div ff":      {f: func(x, y, _ float64) float64 { return x / y }, units: 5},
	"max ff":      {f: func(x, y, _ float64) float64 { return max(x, y) }},
	"min ff":      {f: func(x, y, _ float64) float64 { return min(x, y) }},
	"pow ff":      {f: func(x, y, _ float64) float64 { return math.Pow(x, y) }, units: 6},
	"fmod ff":     {f: func(x, y, _ float64) float64 { return math.Mod(x, y) }},
	"clip_to fff": {f: func(x, y, z float64) float64 { return min(max(x, y), z) }},
	"affine fff":  {f: func(x, y, z float64) float64 { return x*y + z }, least: -1e18, most: 1e18, units: 1, terms: func(x, y, z float64) float64 { return math.Abs(x*y) + math.Abs(z) }},
	"scale f":     {f: func(x, _, _ float64) float64 { return 0.75*x - 2 }, alpha: 0.75, beta: -2, units: 1, terms: func(x, _, _ float64) float64 { return math.Abs(0.75*x) + 2 }},

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
	"sin f": {f: ofX(math.Sin), units: 3, arguments: 0.01, least: -2e7, most: 2e7},
	"cos f": {f: ofX(math.Cos), units: 3, arguments: 0.01, least: -2e7, most: 2e7},
	"tan f": {f: ofX(math.Tan), units: 8, arguments: 0.01, least: -2e7, most: 2e7},

	"relu f":             unary(func(x float64) float64 { return max(x, 0) }, 0),
	"leaky_relu f":       {f: func(x, _, _ float64) float64 { return leakyOf(x, 0.3) }, alpha: 0.3, units: 2},
	"prelu ff":           {f: func(x, y, _ float64) float64 { return leakyOf(x, y) }, units: 2},
	"elu f":              {f: func(x, _, _ float64) float64 { return eluOf(x, 1.5) }, alpha: 1.5, units: 4},
	"celu f":             {f: func(x, _, _ float64) float64 { return celuOf(x, 1.5) }, alpha: 1.5, units: 4, arguments: 2},
	"selu f":             {f: func(x, _, _ float64) float64 { return 1.25 * eluOf(x, 1.5) }, alpha: 1.5, beta: 1.25, units: 5},
	"sigmoid f":          unary(logistic, 6),
	"hard_sigmoid f":     {f: func(x, _, _ float64) float64 { return hardOf(0.25*x + 0.375) }, alpha: 0.25, beta: 0.375, units: 1, terms: func(x, _, _ float64) float64 { return 1 }},
	"swish f":            {f: func(x, _, _ float64) float64 { return x * logistic(1.5*x) }, alpha: 1.5, units: 8, arguments: 1},
	"hard_swish f":       {f: func(x, _, _ float64) float64 { return x * hardOf(x/6+0.5) }, units: 5, terms: func(x, _, _ float64) float64 { return min(math.Abs(x), 3) }},
	"softplus f":         unary(func(x float64) float64 { return kept(x, math.Max(x, 0)+math.Log1p(math.Exp(-math.Abs(x)))) }, 4),
	"softsign f":         unary(func(x float64) float64 { return x / (1 + math.Abs(x)) }, 6),
	"thresholded_relu f": {f: func(x, _, _ float64) float64 { return thresholded(x, 1.5) }, alpha: 1.5},
	"gelu f":             {f: func(x, _, _ float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) }, units: 8, arguments: 2},
	"gelu_tanh f":        {f: func(x, _, _ float64) float64 { return geluTanh(x) }, units: 8, arguments: 2},
	"mish f":             unary(mish, 8),
	"shrink f":           {f: func(x, _, _ float64) float64 { return shrinkOf(x, 1.5, 0.25) }, alpha: 1.5, beta: 0.25, units: 1},
	"clip f":             {f: func(x, _, _ float64) float64 { return kept(x, math.Min(math.Max(x, -1.5), 2.25)) }, alpha: -1.5, beta: 2.25},

	"where iww":           {f: func(x, y, z float64) float64 { return either(x != 0, y, z) }},
	"equal ff":            {f: func(x, y, _ float64) float64 { return truth(x == y) }},
	"less ff":             {f: func(x, y, _ float64) float64 { return truth(x < y) }},
	"greater ff":          {f: func(x, y, _ float64) float64 { return truth(x > y) }},
	"less_or_equal ff":    {f: func(x, y, _ float64) float64 { return truth(x <= y) }},
	"greater_or_equal ff": {f: func(x, y, _ float64) float64 { return truth(x >= y) }},
	"equal ii":            {f: func(x, y, _ float64) float64 { return truth(x == y) }},
	"less ii":             {f: func(x, y, _ float64) float64 { return truth(x < y) }},
	"greater ii":          {f: func(x, y, _ float64) float64 { return truth(x > y) }},
	"less_or_equal ii":    {f: func(x, y, _ float64) float64 { return truth(x <= y) }},
	"greater_or_equal ii": {f: func(x, y, _ float64) float64 { return truth(x >= y) }},
	"is_nan f":            unary(func(x float64) float64 { return truth(math.IsNaN(x)) }, 0),
	"is_inf f":            {f: func(x, _, _ float64) float64 { return truth(math.IsInf(x, -1)) }, beta: 1},
	"and ii":              {f: func(x, y, _ float64) float64 { return truth(x != 0 && y != 0) }},
	"or ii":               {f: func(x, y, _ float64) float64 { return truth(x != 0 || y != 0) }},
	"xor ii":              {f: func(x, y, _ float64) float64 { return truth((x != 0) != (y != 0)) }},
	"not i":               unary(func(x float64) float64 { return truth(x == 0) }, 0),

	"to_int f":           unary(toInt, 0),
	"to_float i":         unary(func(x float64) float64 { return float64(float32(x)) }, 0),
	"to_bool f":          unary(func(x float64) float64 { return truth(x != 0) }, 0),
	"to_bool i":          unary(func(x float64) float64 { return truth(x != 0) }, 0),
	"last_bits_signed i": {f: func(x, _, _ float64) float64 { return float64(int8(int32(x))) }, alpha: 24},
	"last_bits i":        {f: func(x, _, _ float64) float64 { return float64(uint8(int32(x))) }, alpha: 24},

	"add ii":      {f: func(x, y, _ float64) float64 { return float64(int32(x) + int32(y)) }},
	"sub ii":      {f: func(x, y, _ float64) float64 { return float64(int32(x) - int32(y)) }},
	"mul ii":      {f: func(x, y, _ float64) float64 { return float64(int32(x) * int32(y)) }},
	"div ii":      {f: func(x, y, _ float64) float64 { return wholeOf(x, y, func(x, y int32) int32 { return x / y }, x) }},
	"fmod ii":     {f: func(x, y, _ float64) float64 { return wholeOf(x, y, func(x, y int32) int32 { return x % y }, 0) }},
	"mod ii":      {f: func(x, y, _ float64) float64 { return wholeOf(x, y, floored, 0) }},
	"pow ii":      {f: func(x, y, _ float64) float64 { return wholePow(int32(x), int32(y)) }},
	"max ii":      {f: func(x, y, _ float64) float64 { return max(x, y) }},
	"min ii":      {f: func(x, y, _ float64) float64 { return min(x, y) }},
	"clip_to iii": {f: func(x, y, z float64) float64 { return min(max(x, y), z) }},
	"abs i":       unary(func(x float64) float64 { return float64(max(int32(x), -int32(x))) }, 0),
	"neg i":       unary(func(x float64) float64 { return float64(-int32(x)) }, 0),
	"sign i":      unary(sign, 0),
	"relu i":      unary(func(x float64) float64 { return max(x, 0) }, 0),
}

func ofX(f func(float64) float64) func(x, y, z float64) float64 {
	return func(x, _, _ float64) float64 { return f(x) }
}

func unary(f func(float64) float64, units float64) reference {
	return reference{f: ofX(f), units: units}
}

// kept is v, or x where that is NaN.
func kept(x, v float64) float64 { return either(math.IsNaN(x), x, v) }

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
func hardOf(x float64) float64             { return kept(x, math.Min(math.Max(x, 0), 1)) }
func thresholded(x, least float64) float64 { return either(x > least || math.IsNaN(x), x, 0) }

func geluTanh(x float64) float64 {
	return x / (1 + math.Exp(-2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
}

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
