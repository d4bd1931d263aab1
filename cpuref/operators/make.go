package operators

import (
	"math"

	"github.com/gpuconv/gpuconv/onnx"
)

// making are operators that make tensors of shapes, attributes and types.
var making = map[string]operator{
	"Constant":        {0, 0, constant},
	"ConstantOfShape": {1, 1, constantOfShape},
	"Shape":           {1, 1, shapeOf},
	"Size": {1, 1, func(c *call) []Result {
		return one(numbers([]int{}, float64(len(c.in[0].Data))))
	}},
	"Range":    {3, 3, numberRange},
	"NonZero":  {1, 1, nonZero},
	"OneHot":   {3, 3, oneHot},
	"EyeLike":  {1, 1, eyeLike},
	"Cast":     {1, 1, func(c *call) []Result { return cast(c.in[0], c.dataType("to", onnx.Undefined)) }},
	"CastLike": {2, 2, func(c *call) []Result { return cast(c.in[0], c.in[1].Type) }},
}

// numbers are whole numbers of 64 bits.
func numbers(shape []int, data ...float64) Result {
	return Result{Array: Array{Type: onnx.Int64, Shape: shape, Data: data}}
}

// dataType is an attribute that names one.
func (c *call) dataType(name string, fallback onnx.DataType) onnx.DataType {
	t := onnx.DataType(c.integer(name, int(fallback)))
	if _, whole := ranges[t]; !whole && !floating(t) && t != onnx.Bool && t != onnx.Int64 && t != onnx.Uint64 {
		refuse("attribute %s is %v, must be a type of numbers", name, t)
	}
	return t
}

// tensor is an attribute's tensor as an array.
func tensor(t *onnx.Tensor) Array {
	if t == nil {
		refuse("attribute value has no tensor")
	}
	a := Array{Type: t.Type, Shape: make([]int, len(t.Dims))}
	for d, n := range t.Dims {
		a.Shape[d] = held(float64(n))
	}
	data, err := t.Doubles()
	if err != nil || len(data) != size(a.Shape) {
		refuse("attribute value: %d numbers for shape %v: %v", len(data), a.Shape, err)
	}
	a.Data = data
	return a
}

// constant is the node's only attribute.
func constant(c *call) []Result {
	if len(c.node.Attributes) != 1 {
		refuse("%d attributes, must be one", len(c.node.Attributes))
	}
	for name, a := range c.node.Attributes {
		r := Array{Type: onnx.Float, Shape: []int{}}
		switch name {
		case "value":
			a, _ := c.attribute(name, onnx.KindTensor)
			r = tensor(a.Tensor)
		case "value_float":
			r.Data = []float64{c.number(name, 0)}
		case "value_int":
			r.Type, r.Data = onnx.Int64, []float64{float64(a.Int)}
		case "value_floats":
			for _, v := range a.Floats {
				r.Data = append(r.Data, float64(v))
			}
			r.Shape = []int{len(a.Floats)}
		case "value_ints":
			for _, v := range a.Ints {
				r.Data = append(r.Data, float64(v))
			}
			r.Type, r.Shape = onnx.Int64, []int{len(a.Ints)}
		default:
			refuse("attribute %s, must be value, value_float, value_floats, value_int or value_ints", name)
		}
		return one(Result{Array: r})
	}
	return nil
}

func constantOfShape(c *call) []Result {
	value := Array{Type: onnx.Float, Data: []float64{0}}
	if a, ok := c.attribute("value", onnx.KindTensor); ok {
		if value = tensor(a.Tensor); len(value.Data) != 1 {
			refuse("attribute value has %d numbers, must be one", len(value.Data))
		}
	}
	shape := c.whole(0)
	return one(copied(&value, shape, make([]int, size(shape))))
}

// shapeOf is x's shape, from start to end since opset 15; both are held to it.
func shapeOf(c *call) []Result {
	shape := c.in[0].Shape
	rank := len(shape)
	start, end := 0, rank
	if c.opset >= 15 {
		start, end = c.integer("start", 0), c.integer("end", rank)
	}
	r := numbers(nil)
	for _, d := range sliced(rank, start, end, 1) {
		r.Data = append(r.Data, float64(shape[d]))
	}
	r.Shape = []int{len(r.Data)}
	return one(r)
}

// numberRange: start + i*delta, which rounds twice.
func numberRange(c *call) []Result {
	c.sameTypes()
	start, limit, delta := c.scalar(0, 0), c.scalar(1, 0), c.scalar(2, 0)
	n := math.Ceil((limit - start) / delta)
	if delta == 0 || math.IsNaN(n) || math.IsInf(n, 0) {
		refuse("from %v to %v in steps of %v", start, limit, delta)
	}
	r := newResult(c.in[0].Type, []int{held(max(n, 0))})
	for i := range r.Data {
		step := float64(i) * delta
		r.set(i, start+step, growth(2)*(math.Abs(start)+math.Abs(step))+tiny)
	}
	return one(r)
}

// nonZero is where numbers are not 0: a row of places for each axis.
func nonZero(c *call) []Result {
	a := c.in[0]
	rows := make([][]float64, len(a.Shape))
	at := make([]int, len(a.Shape))
	count := 0
	for i, v := range a.Data {
		if v == 0 {
			continue
		}
		count++
		coordinates(i, a.Shape, at)
		for d, x := range at {
			rows[d] = append(rows[d], float64(x))
		}
	}
	r := numbers([]int{len(rows), count})
	for _, row := range rows {
		r.Data = append(r.Data, row...)
	}
	return one(r)
}

// oneHot puts a new axis where each index is turned on; indices outside of it turn nothing on. Values are off and on.
func oneHot(c *call) []Result {
	indices, values := c.in[0], c.in[2]
	depth := held(c.scalar(1, 0))
	if len(values.Data) != 2 || depth < 1 {
		refuse("values of shape %v, must be two, and depth is %d, must be 1 or more", values.Shape, depth)
	}
	rank := len(indices.Shape) + 1
	axis := axisOf(c.integer("axis", -1), rank)
	shape := append(append(append([]int{}, indices.Shape[:axis]...), depth), indices.Shape[axis:]...)
	run := size(indices.Shape[axis:])
	from := make([]int, size(shape))
	for i, v := range indices.Data {
		at := held(v)
		if at < 0 {
			at += depth
		}
		if at >= 0 && at < depth {
			from[(i/run*depth+at)*run+i%run] = 1
		}
	}
	return one(copied(values, shape, from))
}

// eyeLike has ones on a diagonal.
func eyeLike(c *call) []Result {
	a := c.in[0]
	if len(a.Shape) != 2 {
		refuse("x of shape %v, must be a matrix", a.Shape)
	}
	k := c.integer("k", 0)
	r := newResult(c.dataType("dtype", a.Type), a.Shape)
	for i := range r.Data {
		r.Data[i] = truth(i%a.Shape[1]-i/a.Shape[1] == k)
	}
	return one(r)
}

// cast: whole numbers lose what is beyond a type's range modulo that range, and real ones their fraction, towards 0.
// Of 16 bits the nearest number is the value, and a result in the same place, rounded or not, is allowed.
func cast(a *Array, t onnx.DataType) []Result {
	r := newResult(t, a.Shape)
	for i, v := range a.Data {
		switch {
		case t == onnx.Bool:
			r.Data[i] = truth(v != 0)
		case t == onnx.Double:
			r.Data[i] = v
		case floating(t):
			precision, least := formats[t].precision, formats[t].least
			w := narrowed(v, precision, least, formats[t].most)
			r.set(i, w, spacing(w, precision, least))
			if w == v || t == onnx.Float && math.Abs(v) < 1<<24 && v == math.Trunc(v) {
				r.Allowed[i] = 0
			}
		case floating(a.Type):
			r.Data[i] = outOfReal(t, v)
		default:
			r.Data[i] = wrap(t, v)
		}
	}
	return one(r)
}

// outOfReal is a real number as one of a whole type, for which it must be in its range.
func outOfReal(t onnx.DataType, v float64) float64 {
	whole := math.Trunc(v)
	r, ok := ranges[t]
	if !ok {
		r = [2]float64{math.MinInt64, math.MaxInt64}
	}
	if !(whole >= r[0] && whole <= r[1]) {
		open("%v as %v", v, t)
	}
	return whole
}

// formats are the real types: bits of precision, the exponent of the smallest subnormal number, and the largest
// number.
var formats = map[onnx.DataType]struct {
	precision, least int
	most             float64
}{
	onnx.Float:    {24, -149, math.MaxFloat32},
	onnx.Float16:  {11, -24, 65504},
	onnx.BFloat16: {8, -133, 0x1.fep127},
}

// spacing is how far apart numbers of a format are where v is.
func spacing(v float64, precision, least int) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return math.Ldexp(1, least)
	}
	_, exponent := math.Frexp(v)
	return math.Ldexp(1, max(exponent-precision, least))
}

// narrowed is v rounded to the nearest number of a format, of two as near ones the even one.
func narrowed(v float64, precision, least int, most float64) float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) || v == 0 {
		return v
	}
	step := spacing(v, precision, least)
	w := math.RoundToEven(v/step) * step
	if math.Abs(w) > most {
		return math.Inf(int(sign(v)))
	}
	return w
}
