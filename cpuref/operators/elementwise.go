package operators

import (
	"math"

	"github.com/gpuconv/gpuconv/onnx"
)

// elementwise are operators with a result for each number, or for each pair of numbers after broadcasting.
var elementwise = map[string]operator{
	// Copies and signs are exact.
	"Identity": {1, 1, func(c *call) []Result { return c.in[0].as(c.in[0].Shape) }},
	"Abs":      unary(math.Abs, nil),
	"Neg":      unary(func(x float64) float64 { return -x }, nil),
	"Sign":     unary(sign, nil),
	"Floor":    unary(math.Floor, nil),
	"Ceil":     unary(math.Ceil, nil),
	"Round":    unary(math.RoundToEven, nil), // "halfs to the nearest even integer"
	"Not":      test(func(x float64) bool { return x == 0 }),
	"IsNaN":    test(math.IsNaN),
	"IsInf":    {1, 1, isInf},

	"Sqrt":       unary(math.Sqrt, relative(roots)),
	"Reciprocal": unary(func(x float64) float64 { return 1 / x }, relative(divides)),
	// WGSL's exp: (3 + 2|x|)u.
	"Exp": unary(math.Exp, func(x, y float64) float64 { return expError(x)*slack*y + tiny }),
	// WGSL's log: 2^-21 in [0.5, 2], 3u elsewhere.
	"Log": unary(math.Log, func(x, _ float64) float64 { return logError(x) }),

	// WGSL's sin and cos are too coarse (2^-11). A kernel takes x modulo a multiple of pi, off by 2u|x|, and a
	// polynomial with a few roundings: (6 + 2|x|)u.
	"Sin": unary(math.Sin, func(x, _ float64) float64 { return circular(x) }),
	"Cos": unary(math.Cos, func(x, _ float64) float64 { return circular(x) }),
	// The quotient of both: its own 2.5u, and each of their errors.
	"Tan": unary(math.Tan, func(x, y float64) float64 {
		return rounded(y, divides+1) + circular(x)*(1+math.Abs(y))/math.Abs(math.Cos(x))
	}),
	// WGSL's asin, acos and atan are too coarse. A kernel takes a polynomial of a reduced argument: 16u of the largest
	// number on the way, pi/2, near which acos and asin are subtracted from; atan is so for |x| > 1 alone.
	"Asin": unary(math.Asin, func(float64, float64) float64 { return 16 * math.Pi / 2 * u }),
	"Acos": unary(math.Acos, func(float64, float64) float64 { return 16 * math.Pi / 2 * u }),
	"Atan": unary(math.Atan, relative(16)),

	// (e^x -+ e^-x)/2: both terms with exp's error, and what the difference rounds.
	"Sinh": unary(math.Sinh, func(x, _ float64) float64 { return math.Cosh(x)*(expError(x)+3*u)*slack + tiny }),
	"Cosh": unary(math.Cosh, func(x, y float64) float64 { return y*(expError(x)+3*u)*slack + tiny }),
	// sign(x) * log(|x| + sqrt(x^2 + 1)): the argument's 8u, log's own.
	"Asinh": unary(math.Asinh, func(x, _ float64) float64 {
		return 8*u + logError(math.Abs(x)+math.Sqrt(x*x+1)) + tiny
	}),
	// log(x + sqrt(x^2 - 1)): the difference x^2 - 1 is off by 2u x^2, the root by that over 2 sqrt(x^2 - 1), and by
	// no more than sqrt(2u) x near 1.
	"Acosh": unary(math.Acosh, func(x, y float64) float64 {
		root := math.Sqrt(max(x*x-1, 0))
		arg := min(u*x*x/root, math.Sqrt(2*u)*x) + (roots+2)*u*(x+root)
		return arg/(x+root)*slack + logError(x+root) + u*math.Abs(y)
	}),
	// log((1 + x)/(1 - x))/2: the quotient's 5u, log's own.
	"Atanh": unary(math.Atanh, func(x, y float64) float64 {
		return (5*u+logError((1+x)/(1-x)))/2*slack + rounded(y, 1)
	}),

	"Add": {2, 2, pairs(func(x, y float64) float64 { return x + y }, relative2(1))},
	"Sub": {2, 2, pairs(func(x, y float64) float64 { return x - y }, relative2(1))},
	"Mul": {2, 2, pairs(func(x, y float64) float64 { return x * y }, relative2(1))},
	"Div": {2, 2, quotient},
	"Pow": {2, 2, power},
	"Mod": {2, 2, modulo},

	"Min":  {1, many, variadic(func(x, y float64) float64 { return min(x, y) }, nil)},
	"Max":  {1, many, variadic(func(x, y float64) float64 { return max(x, y) }, nil)},
	"Sum":  {1, many, variadic(func(x, y float64) float64 { return x + y }, sumOf)},
	"Mean": {1, many, variadic(func(x, y float64) float64 { return x + y }, meanOf)},

	"Equal":          compare(func(x, y float64) bool { return x == y }),
	"Less":           compare(func(x, y float64) bool { return x < y }),
	"LessOrEqual":    compare(func(x, y float64) bool { return x <= y }),
	"Greater":        compare(func(x, y float64) bool { return x > y }),
	"GreaterOrEqual": compare(func(x, y float64) bool { return x >= y }),
	"And":            compare(func(x, y float64) bool { return x != 0 && y != 0 }),
	"Or":             compare(func(x, y float64) bool { return x != 0 || y != 0 }),
	"Xor":            compare(func(x, y float64) bool { return (x != 0) != (y != 0) }),
	"Where":          {3, 3, where},
}

// slack is for what is of second order in u.
const slack = 1 + 1.0/1024

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // 0 and NaN
}

// circular is the error of sin(x) and cos(x).
func circular(x float64) float64 { return (6 + 2*math.Abs(x)) * u }

// relative is the error of a result with n roundings behind it.
func relative(n float64) func(x, y float64) float64 {
	return func(_, y float64) float64 { return rounded(y, n) }
}

func relative2(n float64) func(x, y, z float64) float64 {
	return func(_, _, z float64) float64 { return rounded(z, n) }
}

// mapped is a function of each number of the first input; allowed is that of a real x with the result y, nil where it
// is exact.
func mapped(c *call, of func(float64) float64, allowed func(x, y float64) float64) []Result {
	a := c.in[0]
	r := newResult(a.Type, a.Shape)
	if allowed == nil {
		r.Allowed = nil
	} else {
		c.real(0)
	}
	for i, x := range a.Data {
		y, e := of(x), 0.0
		if r.Allowed != nil {
			e = allowed(x, y)
		}
		r.set(i, y, e)
	}
	return one(r)
}

// unary is an operator of one input that has no attributes.
func unary(of func(float64) float64, allowed func(x, y float64) float64) operator {
	return operator{1, 1, func(c *call) []Result { return mapped(c, of, allowed) }}
}

// test is an operator that says something about each number.
func test(of func(float64) bool) operator {
	return operator{1, 1, func(c *call) []Result { return tested(c, of) }}
}

func tested(c *call, of func(float64) bool) []Result {
	r := newResult(onnx.Bool, c.in[0].Shape)
	for i, x := range c.in[0].Data {
		r.Data[i] = truth(of(x))
	}
	return one(r)
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func isInf(c *call) []Result {
	positive, negative := c.flag("detect_positive", true), c.flag("detect_negative", true)
	return tested(c, func(x float64) bool { return positive && math.IsInf(x, 1) || negative && math.IsInf(x, -1) })
}

// pairs is a function of the numbers of both inputs; allowed is that of real x and y with the result z.
func pairs(of func(x, y float64) float64, allowed func(x, y, z float64) float64) func(*call) []Result {
	return func(c *call) []Result {
		c.sameTypes()
		return paired(c, c.in[0].Type, of, allowed)
	}
}

// paired is pairs of a call, with a type of its own for the result.
func paired(c *call, t onnx.DataType, of func(x, y float64) float64, allowed func(x, y, z float64) float64) []Result {
	a, b := c.in[0], c.in[1]
	shape := broadcast(a.Shape, b.Shape)
	r := newResult(t, shape)
	if allowed == nil {
		r.Allowed = nil
	}
	left, right := spread(a.Shape, shape), spread(b.Shape, shape)
	for i := range r.Data {
		x, y := a.Data[left[i]], b.Data[right[i]]
		z, e := of(x, y), 0.0
		if r.Allowed != nil {
			e = allowed(x, y, z)
		}
		r.set(i, z, e)
	}
	return one(r)
}

// compare is an operator that says something about pairs of numbers.
func compare(of func(x, y float64) bool) operator {
	return operator{2, 2, func(c *call) []Result {
		c.sameTypes()
		return paired(c, onnx.Bool, func(x, y float64) float64 { return truth(of(x, y)) }, nil)
	}}
}

// quotient: 2.5u. Whole numbers lose their fraction, towards 0.
func quotient(c *call) []Result {
	if floating(c.in[0].Type) {
		return pairs(func(x, y float64) float64 { return x / y }, relative2(divides))(c)
	}
	return pairs(func(x, y float64) float64 {
		if y == 0 {
			open("a whole number divided by 0")
		}
		return math.Trunc(x / y)
	}, nil)(c)
}

// power: WGSL's exp2(y * log2(x)), with log2's error times y in the exponent. The result has the type of the base.
func power(c *call) []Result {
	t := c.in[0].Type
	results := paired(c, t, func(x, y float64) float64 {
		z := math.Pow(x, y)
		if floating(t) {
			return z
		}
		if math.IsNaN(z) || math.IsInf(z, 0) {
			open("%v to the power of %v as a whole number", x, y)
		}
		if whole := math.Round(z); math.Abs(z-whole) <= 0x1p-48*math.Abs(z) {
			return whole // which Pow may have missed by its own roundings
		}
		return math.Trunc(z)
	}, func(x, y, z float64) float64 { return powError(x, y)*slack*math.Abs(z) + tiny })
	if !floating(t) && floating(c.in[1].Type) {
		results[0].Allowed = c.cutPowers(results[0])
	}
	return results
}

// cutPowers is how far whole powers by real exponents may be off: by whole numbers below the error of a power, and by
// 1 next to a whole number, where float32 cannot tell on which side of it the power is cut off.
func (c *call) cutPowers(r Result) []float64 {
	all := make([]float64, len(r.Data))
	left, right := spread(c.in[0].Shape, r.Shape), spread(c.in[1].Shape, r.Shape)
	for i, z := range r.Data {
		x, y := c.in[0].Data[left[i]], c.in[1].Data[right[i]]
		exact := math.Pow(x, y)
		off := powError(x, y)*slack*math.Abs(exact) + math.Abs(exact)*0x1p-18
		if all[i] = math.Floor(powError(x, y) * slack * math.Abs(z)); math.Abs(exact-math.Round(exact)) <= off &&
			math.Round(exact) != z {
			all[i]++
		}
	}
	return all
}

// modulo: x - y*trunc(x/y) rounds the product and the difference, 2u|x|; where the quotient is within its own 2.5u of
// a whole number, the result may be off by y.
func modulo(c *call) []Result {
	fmod := c.flag("fmod", false)
	if floating(c.in[0].Type) && !fmod && c.opset < 28 {
		refuse("attribute fmod is 0, must be 1 for real numbers before opset 28")
	}
	return pairs(func(x, y float64) float64 {
		if y == 0 && !floating(c.in[0].Type) {
			open("a whole number modulo 0")
		}
		z := math.Mod(x, y)
		switch {
		case fmod:
		case z == 0:
			z = math.Copysign(z, y) // the sign is the divisor's
		case (z < 0) != (y < 0):
			z += y
		}
		return z
	}, func(x, y, _ float64) float64 {
		e := 2*u*math.Abs(x) + tiny
		if q := x / y; !math.IsInf(y, 0) && math.Abs(q-math.Round(q)) <= 4*u*math.Abs(q) {
			e += math.Abs(y)
		}
		return e
	})(c)
}

// variadic folds numbers of all inputs after broadcasting. finish, if there is one, gives the result and its error
// from the fold, the sum of sizes and how many there are; without one it is exact.
func variadic(
	fold func(x, y float64) float64,
	finish func(v, magnitude float64, n int, t onnx.DataType) (float64, float64),
) func(*call) []Result {
	return func(c *call) []Result {
		c.sameTypes()
		shapes := make([][]int, len(c.in))
		for i, a := range c.in {
			shapes[i] = a.Shape
		}
		shape := broadcast(shapes...)
		r := newResult(c.in[0].Type, shape)
		magnitudes := make([]float64, len(r.Data))
		for k, a := range c.in {
			for i, p := range spread(a.Shape, shape) {
				x := a.Data[p]
				if magnitudes[i] += math.Abs(x); k > 0 {
					x = fold(r.Data[i], x)
				}
				r.Data[i] = x
			}
		}
		if finish == nil {
			r.Allowed = nil
			return one(r)
		}
		for i, v := range r.Data {
			v, e := finish(v, magnitudes[i], len(c.in), r.Type)
			r.set(i, v, e)
		}
		return one(r)
	}
}

// sumOf: g(n) of the magnitude. meanOf: a division more.
func sumOf(v, magnitude float64, n int, _ onnx.DataType) (float64, float64) {
	return v, growth(float64(n))*magnitude + float64(n)*tiny
}

func meanOf(v, magnitude float64, n int, t onnx.DataType) (float64, float64) {
	count := float64(n)
	if v /= count; !floating(t) {
		v = math.Trunc(v)
	}
	return v, growth(count+divides)*magnitude/count + count*tiny
}

// where copies.
func where(c *call) []Result {
	cond, a, b := c.in[0], c.in[1], c.in[2]
	if a.Type != b.Type || cond.Type != onnx.Bool {
		refuse("inputs of data types %v, %v and %v, must be truth values and twice the same",
			cond.Type, a.Type, b.Type)
	}
	shape := broadcast(cond.Shape, a.Shape, b.Shape)
	r := copied(a, shape, spread(a.Shape, shape))
	other := spread(b.Shape, shape)
	for i, p := range spread(cond.Shape, shape) {
		if cond.Data[p] == 0 {
			r.Data[i] = b.Data[other[i]]
		}
	}
	return one(r)
}
