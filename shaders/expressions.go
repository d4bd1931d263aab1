package shaders

import (
	"regexp"
	"slices"
	"strings"
)

// expression is a row of the table of what is computed number by number: a kernel's name, the types of x, y and z that
// it reads and that of what it gives, and its WGSL, in which alpha and beta are p's. Types are a letter each: f for
// float32, i for int32, and w for words of either, which are the same in all places.
type expression struct {
	kernel  string
	in, out string
	wgsl    string
	careful bool // where x is NaN the result is x, whatever the expression says
	placed  bool // also a row of operator.wgsl
}

// expressions is the table. The references are in host/pointwise_killers_test.go, and of what is placed in
// cpuref/operator.go, under the same names.
var expressions = []expression{
	{kernel: "copy", in: "w", out: "w", wgsl: "x", placed: true},
	{kernel: "relu", in: "f", out: "f", placed: true,
		wgsl: "select(max(x, 0.0), x, (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u)"}, // NaN stays NaN
	{kernel: "add", in: "ff", out: "f", wgsl: "x + y", placed: true},
	{kernel: "sub", in: "ff", out: "f", wgsl: "x - y", placed: true},
	{kernel: "mul", in: "ff", out: "f", wgsl: "x * y", placed: true},
	{kernel: "max", in: "ff", out: "f", placed: true, // NaN where either is
		wgsl: "select(select(x, y, y > x), y, (bitcast<u32>(y) & 0x7fffffffu) > 0x7f800000u)"},
	{kernel: "min", in: "ff", out: "f", placed: true,
		wgsl: "select(select(x, y, y < x), y, (bitcast<u32>(y) & 0x7fffffffu) > 0x7f800000u)"},

	{kernel: "div", in: "ff", out: "f", wgsl: "divided(x, y)"},
	{kernel: "pow", in: "ff", out: "f", wgsl: "pow_of(x, y)"},
	{kernel: "fmod", in: "ff", out: "f", wgsl: "remainder(x, y)", careful: true},
	{kernel: "affine", in: "fff", out: "f", wgsl: "x * y + z"},
	{kernel: "scale", in: "f", out: "f", wgsl: "p.alpha * x + p.beta"},

	{kernel: "abs", in: "f", out: "f", wgsl: "abs(x)", careful: true},
	{kernel: "neg", in: "f", out: "f", wgsl: "-x", careful: true},
	{kernel: "sqrt", in: "f", out: "f", wgsl: "select(sqrt(x), nan_like(x), x < 0.0)", careful: true},
	{kernel: "reciprocal", in: "f", out: "f", wgsl: "1.0 / x", careful: true},
	{kernel: "exp", in: "f", out: "f", wgsl: "exp_of(x)", careful: true},
	{kernel: "log", in: "f", out: "f", wgsl: "log_of(x)", careful: true},
	{kernel: "floor", in: "f", out: "f", wgsl: "floor(x)", careful: true},
	{kernel: "ceil", in: "f", out: "f", wgsl: "ceil(x)", careful: true},
	{kernel: "round", in: "f", out: "f", wgsl: "round(x)", careful: true},
	{kernel: "sign", in: "f", out: "f", wgsl: "sign(x)", careful: true},
	{kernel: "erf", in: "f", out: "f", wgsl: "erf_of(x)", careful: true},
	{kernel: "cos", in: "f", out: "f", wgsl: "cos_of(x)", careful: true},
	{kernel: "sin", in: "f", out: "f", wgsl: "sin_of(x)", careful: true},
	{kernel: "tan", in: "f", out: "f", wgsl: "tan_of(x)", careful: true},
	{kernel: "asin", in: "f", out: "f", wgsl: "asin_of(x)", careful: true},
	{kernel: "acos", in: "f", out: "f", wgsl: "acos_of(x)", careful: true},
	{kernel: "atan", in: "f", out: "f", wgsl: "atan_of(x)", careful: true},
	{kernel: "sinh", in: "f", out: "f", wgsl: "sinh_of(x)", careful: true},
	{kernel: "cosh", in: "f", out: "f", wgsl: "cosh_of(x)", careful: true},
	{kernel: "tanh", in: "f", out: "f", wgsl: "tanh_of(x)", careful: true},
	{kernel: "asinh", in: "f", out: "f", wgsl: "asinh_of(x)", careful: true},
	{kernel: "acosh", in: "f", out: "f", wgsl: "acosh_of(x)", careful: true},
	{kernel: "atanh", in: "f", out: "f", wgsl: "atanh_of(x)", careful: true},

	{kernel: "leaky_relu", in: "f", out: "f", wgsl: "select(x, p.alpha * x, x < 0.0)", careful: true},
	{kernel: "prelu", in: "ff", out: "f", wgsl: "select(x, y * x, x < 0.0)", careful: true},
	{kernel: "elu", in: "f", out: "f", wgsl: "select(x, p.alpha * expm1_of(x), x < 0.0)", careful: true},
	{kernel: "celu", in: "f", out: "f", wgsl: "select(x, p.alpha * expm1_of(x / p.alpha), x < 0.0)", careful: true},
	{kernel: "selu", in: "f", out: "f", careful: true,
		wgsl: "p.beta * select(x, p.alpha * expm1_of(x), x < 0.0)"},
	{kernel: "sigmoid", in: "f", out: "f", wgsl: "sigmoid_of(x)", careful: true},
	{kernel: "hard_sigmoid", in: "f", out: "f", wgsl: "min(max(p.alpha * x + p.beta, 0.0), 1.0)", careful: true},
	{kernel: "swish", in: "f", out: "f", wgsl: "x * sigmoid_of(p.alpha * x)", careful: true},
	{kernel: "hard_swish", in: "f", out: "f", wgsl: "x * min(max(x / 6.0 + 0.5, 0.0), 1.0)", careful: true},
	{kernel: "softplus", in: "f", out: "f", wgsl: "max(x, 0.0) + log1p_of(exp_of(-abs(x)))", careful: true},
	{kernel: "softsign", in: "f", out: "f", wgsl: "divided(x, 1.0 + abs(x))", careful: true},
	{kernel: "thresholded_relu", in: "f", out: "f", wgsl: "select(0.0, x, x > p.alpha)", careful: true},
	{kernel: "gelu", in: "f", out: "f", wgsl: "0.5 * x * erfc_of(-0.707106781 * x)", careful: true},
	{kernel: "gelu_tanh", in: "f", out: "f", wgsl: "gelu_tanh_of(x)", careful: true},
	{kernel: "mish", in: "f", out: "f", wgsl: "mish_of(x)", careful: true},
	{kernel: "shrink", in: "f", out: "f", wgsl: "shrunk(x, p.alpha, p.beta)", careful: true},
	{kernel: "clip", in: "f", out: "f", wgsl: "min(max(x, p.alpha), p.beta)", careful: true},
	{kernel: "clip_to", in: "fff", out: "f", wgsl: "smaller(larger(x, y), z)"},

	{kernel: "where", in: "iww", out: "w", wgsl: "select(z, y, x != 0)"},
	{kernel: "equal", in: "ff", out: "i", wgsl: "i32(x == y && ordered(x, y))"},
	{kernel: "less", in: "ff", out: "i", wgsl: "i32(x < y && ordered(x, y))"},
	{kernel: "greater", in: "ff", out: "i", wgsl: "i32(x > y && ordered(x, y))"},
	{kernel: "less_or_equal", in: "ff", out: "i", wgsl: "i32(x <= y && ordered(x, y))"},
	{kernel: "greater_or_equal", in: "ff", out: "i", wgsl: "i32(x >= y && ordered(x, y))"},
	{kernel: "is_nan", in: "f", out: "i", wgsl: "i32(is_nan(x))"},
	{kernel: "is_inf", in: "f", out: "i", // those above 0 where alpha is not 0, those below it where beta is not
		wgsl: "i32(is_infinite(x) && select(p.beta, p.alpha, x > 0.0) != 0.0)"},
	{kernel: "equal", in: "ii", out: "i", wgsl: "i32(x == y)"},
	{kernel: "less", in: "ii", out: "i", wgsl: "i32(x < y)"},
	{kernel: "greater", in: "ii", out: "i", wgsl: "i32(x > y)"},
	{kernel: "less_or_equal", in: "ii", out: "i", wgsl: "i32(x <= y)"},
	{kernel: "greater_or_equal", in: "ii", out: "i", wgsl: "i32(x >= y)"},
	{kernel: "and", in: "ii", out: "i", wgsl: "i32(x != 0 && y != 0)"},
	{kernel: "or", in: "ii", out: "i", wgsl: "i32(x != 0 || y != 0)"},
	{kernel: "xor", in: "ii", out: "i", wgsl: "i32((x != 0) != (y != 0))"},
	{kernel: "not", in: "i", out: "i", wgsl: "i32(x == 0)"},

	{kernel: "to_int", in: "f", out: "i", wgsl: "to_int(x)"},
	{kernel: "to_float", in: "i", out: "f", wgsl: "f32(x)"},
	{kernel: "to_bool", in: "f", out: "i", wgsl: "i32((bitcast<u32>(x) & 0x7fffffffu) != 0u)"}, // NaN is true
	{kernel: "to_bool", in: "i", out: "i", wgsl: "i32(x != 0)"},
	// The last bits of a whole number, 32 - alpha of them, with a sign and without.
	{kernel: "last_bits_signed", in: "i", out: "i", wgsl: "(x << u32(p.alpha)) >> u32(p.alpha)"},
	{kernel: "last_bits", in: "i", out: "i", wgsl: "i32((u32(x) << u32(p.alpha)) >> u32(p.alpha))"},

	{kernel: "add", in: "ii", out: "i", wgsl: "x + y"},
	{kernel: "sub", in: "ii", out: "i", wgsl: "x - y"},
	{kernel: "mul", in: "ii", out: "i", wgsl: "x * y"},
	{kernel: "div", in: "ii", out: "i", wgsl: "quotient(x, y)"},
	{kernel: "mod", in: "ii", out: "i", wgsl: "modulus(x, y)"},
	{kernel: "fmod", in: "ii", out: "i", wgsl: "whole_remainder(x, y)"},
	{kernel: "pow", in: "ii", out: "i", wgsl: "whole_pow(x, y)"},
	{kernel: "max", in: "ii", out: "i", wgsl: "max(x, y)"},
	{kernel: "min", in: "ii", out: "i", wgsl: "min(x, y)"},
	{kernel: "clip_to", in: "iii", out: "i", wgsl: "min(max(x, y), z)"},
	{kernel: "abs", in: "i", out: "i", wgsl: "abs(x)"},
	{kernel: "neg", in: "i", out: "i", wgsl: "-x"},
	{kernel: "sign", in: "i", out: "i", wgsl: "sign(x)"},
	{kernel: "relu", in: "i", out: "i", wgsl: "max(x, 0)"},
}

// call finds the functions that WGSL calls.
var call = regexp.MustCompile(`\b([a-z_]\w*)\(`)

// functionsOf are the functions of functions.wgsl that WGSL calls, directly or not, each behind those that it calls.
func functionsOf(wgsl string) (all []string) {
	var visit func(wgsl string)
	visit = func(wgsl string) {
		for _, m := range call.FindAllStringSubmatch(wgsl, -1) {
			t := templates.Lookup(m[1])
			if t == nil || slices.Contains(all, m[1]) || strings.Contains(wgsl, "fn "+m[1]+"(") {
				continue
			}
			visit(t.Root.String())
			all = append(all, m[1])
		}
	}
	visit(wgsl)
	return all
}

// functions is the WGSL of the functions that WGSL calls.
func functions(wgsl string) (string, error) {
	var text strings.Builder
	for _, name := range functionsOf(wgsl) {
		if err := templates.ExecuteTemplate(&text, name, nil); err != nil {
			return "", err
		}
	}
	return text.String(), nil
}
