package operators

import (
	"math"

	"github.com/gpuconv/gpuconv/onnx"
)

// quantizing are operators on whole numbers of 8 bits that stand for real ones.
var quantizing = map[string]operator{
	"QuantizeLinear":        {2, 3, quantizeLinear},
	"DequantizeLinear":      {2, 3, dequantizeLinear},
	"DynamicQuantizeLinear": {1, 1, dynamicQuantize},
	"QLinearConv":           {8, 9, quantizedConvolution},
	"QLinearMatMul":         {8, 8, quantizedMatMul},
}

// quantized is saturate(round(v) + zero), and how far off it may be where v is off by a relative error: ties are to
// the even number, and where v may be on the other side of one, its neighbour is allowed.
func quantized(t onnx.DataType, v, zero, relative float64) (q, allowed float64) {
	if math.IsNaN(v) {
		open("NaN as %v", t)
	}
	to := func(v float64) float64 { return saturate(t, math.RoundToEven(v)+zero) }
	off := relative*math.Abs(v) + tiny
	if math.IsInf(v, 0) {
		off = 0
	}
	q = to(v)
	return q, max(q-to(v-off), to(v+off)-q)
}

// parameters are the scale and the zero point of an input, and where each element has its own: one for all, one for
// each place on the axis, or with block_size one for each block of it.
func (c *call) parameters(shape []int, scale, zero *Array) (at func(i int) int) {
	if zero != nil && len(zero.Data) != len(scale.Data) {
		refuse("a scale of shape %v and a zero point of shape %v, must be the same", scale.Shape, zero.Shape)
	}
	block := c.integer("block_size", 0)
	if len(scale.Data) == 1 && block == 0 {
		return func(int) int { return 0 }
	}
	axis := axisOf(c.integer("axis", 1), len(shape))
	if block == 0 {
		return along(scale, shape, axis)
	}
	if block < 0 || len(scale.Shape) != len(shape) {
		refuse("attribute block_size is %d, and a scale of shape %v for shape %v", block, scale.Shape, shape)
	}
	for d, n := range shape {
		if d == axis {
			n = (n + block - 1) / block
		}
		if scale.Shape[d] != n {
			refuse("a scale of shape %v for shape %v in blocks of %d on axis %d", scale.Shape, shape, block, axis)
		}
	}
	steps, index := strides(scale.Shape), make([]int, len(shape))
	return func(i int) int {
		coordinates(i, shape, index)
		place := 0
		for d, x := range index {
			if d == axis {
				x /= block
			}
			place += x * steps[d]
		}
		return place
	}
}

// zeroOf is a zero point's number, 0 where there is none.
func zeroOf(zero *Array, i int) float64 {
	if zero == nil {
		return 0
	}
	return zero.Data[i]
}

// quantizeLinear: round(x / scale) + zero, the quotient off by 2.5u.
func quantizeLinear(c *call) []Result {
	a, scale, zero := c.in[0], c.in[1], c.input(2)
	at := c.parameters(a.Shape, scale, zero)
	t := onnx.Uint8
	if c.has("output_dtype") && c.integer("output_dtype", 0) != 0 {
		t = c.dataType("output_dtype", t)
	}
	if zero != nil {
		t = zero.Type
	}
	r := newResult(t, a.Shape)
	r.Allowed = make([]float64, len(r.Data))
	for i, v := range a.Data {
		p := at(i)
		r.Data[i], r.Allowed[i] = quantized(t, v/scale.Data[p], zeroOf(zero, p), divides*u)
	}
	return one(r)
}

// dequantizeLinear: (x - zero) * scale, rounded once.
func dequantizeLinear(c *call) []Result {
	a, scale, zero := shifted(c.in[0], nil, 0), c.in[1], c.input(2)
	if zero != nil && zero.Type != a.Type {
		refuse("a zero point of data type %v, must be %v", zero.Type, a.Type)
	}
	at := c.parameters(a.Shape, scale, zero)
	r := newResult(scale.Type, a.Shape)
	for i, v := range a.Data {
		p := at(i)
		v = (v - zeroOf(zero, p)) * scale.Data[p]
		r.set(i, v, rounded(v, 1))
	}
	return one(r)
}

// dynamicQuantize: the scale is (max - min)/255 with 0 between them, off by 3.5u, and the zero point
// saturate(round(-min / scale)), off by 6u before it is rounded; the numbers have both.
func dynamicQuantize(c *call) []Result {
	a := c.in[0]
	c.real(0)
	low, high := 0.0, 0.0
	for _, v := range a.Data {
		low, high = min(low, v), max(high, v)
	}
	scale := newResult(onnx.Float, []int{})
	scale.set(0, (high-low)/255, rounded((high-low)/255, 1+divides))
	if scale.Data[0] == 0 || math.IsNaN(scale.Data[0]) || math.IsInf(scale.Data[0], 0) {
		open("a scale of %v", scale.Data[0])
	}
	zero := newResult(onnx.Uint8, []int{})
	zero.Allowed = make([]float64, 1)
	zero.Data[0], zero.Allowed[0] = quantized(onnx.Uint8, -low/scale.Data[0], 0, 7*u)
	y := newResult(onnx.Uint8, a.Shape)
	y.Allowed = make([]float64, len(y.Data))
	for i, v := range a.Data {
		y.Data[i], y.Allowed[i] = quantized(onnx.Uint8, v/scale.Data[0], zero.Data[0], 7*u)
		y.Allowed[i] += zero.Allowed[0]
	}
	return []Result{y, scale, zero}
}

// requantized is exact sums times the scales of both operands over the result's, off by 5.5u, and rounded: one for
// all, or one for each place on an axis.
func requantized(s sums, axis int, a, b, to, zero *Array) []Result {
	if len(a.Data) != 1 || len(to.Data) != 1 || len(zero.Data) != 1 {
		refuse("scales of shapes %v and %v and a zero point of shape %v, must be one number each",
			a.Shape, to.Shape, zero.Shape)
	}
	r := newResult(zero.Type, s.shape)
	r.Allowed = make([]float64, len(r.Data))
	at := along(b, s.shape, axis)
	for i, v := range s.value {
		r.Data[i], r.Allowed[i] = quantized(zero.Type, v*a.Data[0]*b.Data[at(i)]/to.Data[0], zero.Data[0], 6*u)
	}
	return one(r)
}

// quantizedConvolution: exact sums, with a bias in int32, requantized. The filters' scales may be one for each output
// channel.
func quantizedConvolution(c *call) []Result {
	l := newLayer(c, shifted(c.in[0], c.in[2], -1), shifted(c.in[3], c.in[5], 0))
	l.slide(c.autoPad(), false)
	s := l.correlate()
	s.bias(c.input(8))
	return requantized(s, 1, c.in[1], c.in[4], c.in[6], c.in[7])
}

// quantizedMatMul: exact sums, requantized. Scales of the second operand may be one for each column.
func quantizedMatMul(c *call) []Result {
	s := multiply(c.unzeroed(0, 2), c.unzeroed(3, 5))
	return requantized(s, len(s.shape)-1, c.in[1], c.in[4], c.in[6], c.in[7])
}
