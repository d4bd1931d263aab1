package operators

import "math"

// experimental are operators that ONNX had as experimental ones, the last time in opset 9, and that networks of the
// time
// have.
var experimental = map[string]operator{
	// alpha * x + beta: two roundings of what is added up.
	"Affine": {1, 1, func(c *call) []Result {
		alpha, beta := c.number("alpha", 1), c.number("beta", 0)
		return mapped(c, func(x float64) float64 { return alpha*x + beta }, func(x, _ float64) float64 {
			return rounded(math.Abs(alpha*x)+math.Abs(beta), 2)
		})
	}},
	"ImageScaler": {1, 1, imageScaler},
	"Crop":        {1, 1, cropImage},
}

// imageScaler is scale * x + bias[channel]: two roundings of what is added up.
func imageScaler(c *call) []Result {
	c.real(0)
	x, scale, bias := c.in[0], c.number("scale", 1), c.numbers("bias")
	if len(x.Shape) != 4 || len(bias) != x.Shape[1] {
		refuse("x of shape %v with %d biases, must be images with one for each channel", x.Shape, len(bias))
	}
	r := newResult(x.Type, x.Shape)
	places := x.Shape[2] * x.Shape[3]
	for i, v := range x.Data {
		b := bias[i/places%len(bias)]
		r.set(i, scale*v+b, rounded(math.Abs(scale*v)+math.Abs(b), 2))
	}
	return one(r)
}

// cropImage cuts left, top, right and bottom borders off images, or with a scale all but so many rows and columns
// behind the
// first two. It is exact.
func cropImage(c *call) []Result {
	x, border, scale := c.in[0], c.list("border"), c.list("scale")
	if len(x.Shape) != 4 || len(border) != 4 || scale != nil && len(scale) != 2 {
		refuse("x of shape %v, border %v, scale %v: must be images, four numbers, two or none", x.Shape, border, scale)
	}
	from := [][]int{every(x.Shape[0]), every(x.Shape[1]), nil, nil}
	for i, d := range []int{2, 3} {
		first, end := border[1-i], x.Shape[d]-border[3-i]
		if scale != nil {
			end = first + scale[i]
		}
		if first < 0 || end > x.Shape[d] || first >= end {
			refuse("border %v and scale %v of x of shape %v", border, scale, x.Shape)
		}
		from[d] = every(x.Shape[d])[first:end]
	}
	return one(folded(x, from, 0))
}
