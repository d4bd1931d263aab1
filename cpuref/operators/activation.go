package operators

import (
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
)

// activations are functions of one number with parameters. Those that a layer's epilogue has too are judged by its
// reference and its errors, see cpuref/activation.go.
var activations = map[string]operator{
	"Relu":        unary(func(x float64) float64 { return max(x, 0) }, nil),
	"LeakyRelu":   epilogue(conv.LeakyReLU, parameter{"alpha", 0.01}),
	"Elu":         epilogue(conv.ELU, parameter{"alpha", 1}),
	"Sigmoid":     epilogue(conv.Sigmoid),
	"Tanh":        epilogue(conv.Tanh),
	"HardSigmoid": epilogue(conv.HardSigmoid, parameter{"alpha", 0.2}, parameter{"beta", 0.5}),
	"HardSwish":   epilogue(conv.HardSwish),
	"Gelu": {1, 1, func(c *call) []Result {
		if c.choice("approximate", "none", "tanh") == "tanh" {
			return activated(c, conv.Activation{Function: conv.GELUTanh})
		}
		return activated(c, conv.Activation{Function: conv.GELU})
	}},
	"PRelu": {2, 2, prelu},
	"Clip":  {1, 3, clip},

	// Abramowitz and Stegun's formula.
	"Erf": unary(math.Erf, func(x, _ float64) float64 { return cpuref.ErfAllowed(x) }),
	// x/(1 + |x|): a sum and a division.
	"Softsign": unary(func(x float64) float64 { return x / (1 + math.Abs(x)) }, relative(divides+1)),
	"Softplus": unary(softplus, func(x, _ float64) float64 { return softplusError(x) }),
	// x * tanh(softplus(x)): what tanh makes of softplus' error, tanh's own 11u, and a product.
	"Mish": unary(func(x float64) float64 { return x * math.Tanh(softplus(x)) }, func(x, y float64) float64 {
		return math.Abs(x)*(softplusError(x)+11*u)*slack + rounded(y, 1)
	}),
	"ThresholdedRelu": {1, 1, func(c *call) []Result {
		alpha := c.number("alpha", 1)
		return mapped(c, func(x float64) float64 {
			if x > alpha || math.IsNaN(x) {
				return x
			}
			return 0
		}, nil)
	}},
	"Celu":   {1, 1, celu},
	"Selu":   {1, 1, selu},
	"Shrink": {1, 1, shrink},
}

type parameter struct {
	name  string
	value float32
}

// epilogue is an operator that is one of a layer's activations.
func epilogue(f conv.Function, parameters ...parameter) operator {
	return operator{1, 1, func(c *call) []Result {
		a := conv.Activation{Function: f}
		for i, p := range parameters {
			*[]*float32{&a.Alpha, &a.Beta}[i] = float32(c.number(p.name, float64(p.value)))
		}
		return activated(c, a)
	}}
}

// activated is a layer's activation of each number.
func activated(c *call, a conv.Activation) []Result {
	return mapped(c, func(x float64) float64 {
		v, _ := cpuref.Activate(a, x, 0)
		return v
	}, func(x, _ float64) float64 {
		_, allowed := cpuref.Activate(a, x, 0)
		return allowed
	})
}

// prelu: one product, below 0. The slope broadcasts to x.
func prelu(c *call) []Result {
	c.sameTypes()
	x, slope := c.in[0], c.in[1]
	c.real(0)
	r := newResult(x.Type, x.Shape)
	places := spread(slope.Shape, x.Shape)
	for i, v := range x.Data {
		if v < 0 {
			v *= slope.Data[places[i]]
			r.set(i, v, rounded(v, 1))
		} else {
			r.set(i, v, 0)
		}
	}
	return one(r)
}

// clip is exact: the larger of x and min, and of that and max the smaller one. Both were attributes before opset 11.
func clip(c *call) []Result {
	low, high := math.Inf(-1), math.Inf(1)
	if c.opset < 11 {
		if len(c.in) > 1 {
			refuse("%d inputs, must be one before opset 11", len(c.in))
		}
		low, high = c.number("min", -math.MaxFloat32), c.number("max", math.MaxFloat32)
	} else {
		low, high = c.scalar(1, low), c.scalar(2, high)
	}
	return mapped(c, func(x float64) float64 { return min(max(x, low), high) }, nil)
}

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// softplusError is that of max(x, 0) + log(1 + exp(-|x|)): log's 2^-21, what exp and the sum before it are off by, and
// the sum behind it.
func softplusError(x float64) float64 {
	decay := math.Exp(-math.Abs(x))
	return 0x1p-21 + (decay*expError(x)+u)*slack + rounded(softplus(x), 1)
}

// celu: max(0, x) + min(0, alpha * (exp(x/alpha) - 1)), for x < 0 off by |alpha|(e^t (3 + 4.5|t|) + 2)u with t =
// x/alpha.
func celu(c *call) []Result {
	alpha := c.number("alpha", 1)
	if alpha == 0 {
		refuse("attribute alpha is 0")
	}
	return mapped(c, func(x float64) float64 {
		return max(0, x) + min(0, alpha*math.Expm1(x/alpha))
	}, func(x, y float64) float64 {
		return math.Abs(alpha)*exponential(x/alpha, 4.5) + rounded(y, 1)
	})
}

// selu: gamma * x, and gamma * alpha * (exp(x) - 1) for x <= 0, off by gamma |alpha| (e^x (3 + 2|x|) + 3)u.
func selu(c *call) []Result {
	alpha, gamma := c.number("alpha", 1.67326319217681884765625), c.number("gamma", 1.05070102214813232421875)
	return mapped(c, func(x float64) float64 {
		if x <= 0 {
			return gamma * alpha * math.Expm1(x)
		}
		return gamma * x
	}, func(x, y float64) float64 {
		if x > 0 {
			return rounded(y, 1)
		}
		return math.Abs(gamma*alpha)*exponential(x, 2) + rounded(y, 2)
	})
}

// exponential is the error of exp(t) - 1, t < 0, with so many |t|u in exp, and of a product.
func exponential(t, slope float64) float64 {
	if t = min(t, 0); math.IsInf(t, -1) {
		t = -1000
	}
	return (math.Exp(t)*(3-slope*t)+2)*u*slack + 2*tiny
}

// shrink: x + bias below -lambd, x - bias above lambd, rounded once; else 0.
func shrink(c *call) []Result {
	bias, lambd := c.number("bias", 0), c.number("lambd", 0.5)
	return mapped(c, func(x float64) float64 {
		switch {
		case x < -lambd:
			return x + bias
		case x > lambd:
			return x - bias
		}
		return 0
	}, relative(1))
}
