package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// arithmetic is what an operator makes of known numbers: of whole ones, of floating-point ones, or a truth value.
type arithmetic struct {
	whole func(x, y int64) int64
	float func(x, y float64) float64
	truth func(x, y float64) bool
}

// folds are the elementwise operators that graphs compute shapes with: of one or two inputs, or of as many as are
// given where they are in variadic.
var folds = map[string]arithmetic{
	"Add": added, "Sum": added, "Mean": {float: added.float}, // which is divided by the number of inputs
	"Sub": {
		whole: func(x, y int64) int64 { return x - y },
		float: func(x, y float64) float64 { return x - y },
	},
	"Mul": {
		whole: func(x, y int64) int64 { return x * y },
		float: func(x, y float64) float64 { return x * y },
	},
	"Div": {whole: divided, float: func(x, y float64) float64 { return x / y }},
	"Min": {
		whole: func(x, y int64) int64 { return min(x, y) },
		float: func(x, y float64) float64 { return min(x, y) },
	},
	"Max": {
		whole: func(x, y int64) int64 { return max(x, y) },
		float: func(x, y float64) float64 { return max(x, y) },
	},
	"Neg": {whole: func(x, _ int64) int64 { return -x }, float: func(x, _ float64) float64 { return -x }},
	"Abs": {
		whole: func(x, _ int64) int64 { return max(x, -x) },
		float: func(x, _ float64) float64 { return math.Abs(x) },
	},
	"Sign": {
		whole: func(x, _ int64) int64 { return int64(cmp.Compare(x, 0)) },
		float: func(x, _ float64) float64 {
			if x == 0 || x != x {
				return x
			}
			return math.Copysign(1, x)
		},
	},
	"Floor":          {float: func(x, _ float64) float64 { return math.Floor(x) }},
	"Ceil":           {float: func(x, _ float64) float64 { return math.Ceil(x) }},
	"Round":          {float: func(x, _ float64) float64 { return math.RoundToEven(x) }},
	"Sqrt":           {float: func(x, _ float64) float64 { return math.Sqrt(x) }},
	"Reciprocal":     {float: func(x, _ float64) float64 { return 1 / x }},
	"Equal":          {truth: func(x, y float64) bool { return x == y }},
	"Less":           {truth: func(x, y float64) bool { return x < y }},
	"Greater":        {truth: func(x, y float64) bool { return x > y }},
	"LessOrEqual":    {truth: func(x, y float64) bool { return x <= y }},
	"GreaterOrEqual": {truth: func(x, y float64) bool { return x >= y }},
	"And":            {truth: func(x, y float64) bool { return x != 0 && y != 0 }},
	"Or":             {truth: func(x, y float64) bool { return x != 0 || y != 0 }},
	"Xor":            {truth: func(x, y float64) bool { return (x != 0) != (y != 0) }},
	"Not":            {truth: func(x, _ float64) bool { return x == 0 }},
}

var added = arithmetic{
	whole: func(x, y int64) int64 { return x + y },
	float: func(x, y float64) float64 { return x + y },
}

// divided is rounded towards zero, and 0 where y is.
func divided(x, y int64) int64 {
	if y == 0 {
		return 0
	}
	return x / y
}

// mostHeld is how many numbers the host makes at most: the device makes more.
const mostHeld = 1 << 28

// holds tells whether the host may make a tensor of this shape.
func holds(shape []int) bool {
	count := 1
	for _, size := range shape {
		if size > 0 && count > mostHeld/size {
			return false
		}
		count *= max(size, 1)
	}
	return true
}

// errNotFolded is about known numbers that the device computes with all the same.
var errNotFolded = fmt.Errorf("%w: arithmetic on the host", ErrUnsupported)

// foldArithmetic computes an operator of known numbers, in float64 where they are of floating point.
func foldArithmetic(c *compiler, n *node) error {
	f, values := folds[n.Op], c.inputs(n)
	_, many := variadic[n.Op]
	_, shifted := n.Attributes["broadcast"] // of old opsets
	if shifted || len(values) > 2 && !many || slices.ContainsFunc(values, func(v *value) bool {
		return v == nil || v.dtype != values[0].dtype
	}) || !f.has(values[0].dtype) {
		return errNotFolded
	}
	shape, sides, err := broadcast(values...)
	if err != nil {
		return err
	}
	t, all := values[0].dtype, sides[0]
	for _, y := range sides[1:] {
		t, all = f.of(values[0].dtype, all, y)
	}
	if len(values) == 1 && !many {
		t, all = f.of(t, all, all)
	}
	if n.Op == "Mean" {
		_, all = folds["Div"].of(t, all, numbers{floats: slices.Repeat([]float32{float32(len(values))}, all.count())})
	}
	c.set(n, 0, knownAs(t, shape, all))
	return nil
}

// has tells whether there is arithmetic of the type.
func (f arithmetic) has(t onnx.DataType) bool {
	return f.truth != nil || isWhole(t) && f.whole != nil || !isWhole(t) && f.float != nil
}

// broadcast gives the common shape of known values, and the numbers of each in that shape.
func broadcast(values ...*value) (shape []int, sides []numbers, err error) {
	var shapes [][]int
	for _, v := range values {
		shapes = append(shapes, v.shape())
	}
	if shape, err = op.BroadcastShape(shapes...); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrGraph, err)
	}
	if !holds(shape) {
		return nil, nil, errNotFolded
	}
	for _, v := range values {
		view, err := op.Broadcast(v.view, shape)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrGraph, err)
		}
		sides = append(sides, v.known.gather(view))
	}
	return shape, sides, nil
}

// foldWhere picks numbers by truth values.
func foldWhere(c *compiler, n *node) error {
	where, x, y := c.in(n, 0), c.in(n, 1), c.in(n, 2)
	if where == nil || x == nil || y == nil || where.dtype != onnx.Bool || x.dtype != y.dtype {
		return errNotFolded // which says what is wrong
	}
	shape, sides, err := broadcast(where, x, y)
	if err != nil {
		return err
	}
	all := sides[2].clone()
	for i, yes := range sides[0].ints {
		if yes != 0 {
			all.put(i, sides[1], i)
		}
	}
	c.set(n, 0, knownAs(x.dtype, shape, all))
	return nil
}

// foldPow raises whole numbers, of which each power is wrapped, or numbers of floating point.
func foldPow(c *compiler, n *node) error {
	x, y := c.in(n, 0), c.in(n, 1)
	if x == nil || y == nil {
		return errNotFolded
	}
	shape, sides, err := broadcast(x, y)
	if err != nil {
		return err
	}
	all, exponents := numbers{}, sides[1].float64s()
	for i, f := range sides[0].floats {
		all.floats = append(all.floats, float32(math.Pow(float64(f), exponents[i])))
	}
	for i, base := range sides[0].ints {
		to := int64(math.Pow(float64(base), exponents[i]))
		if isWhole(y.dtype) {
			to = power(base, sides[1].ints[i])
		}
		all.ints = append(all.ints, wrap(x.dtype, to, to != 0))
	}
	c.set(n, 0, knownAs(x.dtype, shape, all))
	return nil
}

// power is x to the power of y, rounded towards zero where y is negative, and 0 where there is none.
func power(x, y int64) int64 {
	switch {
	case y < 0 && (x > 1 || x < -1 || x == 0):
		return 0
	case y < 0: // of 1 and -1, which are their own reciprocals
		y = -(y % 2)
	}
	to := int64(1)
	for ; y > 0; y >>= 1 {
		if y&1 == 1 {
			to *= x
		}
		x *= x
	}
	return to
}

// foldMod is the rest of a division, with the divisor's sign or by fmod the dividend's, and 0 where the divisor is.
func foldMod(c *compiler, n *node) error {
	x, y := c.in(n, 0), c.in(n, 1)
	fmod, err := n.integer("fmod", 0)
	if err != nil {
		return err
	}
	if x == nil || y == nil || x.dtype != y.dtype || !isWhole(x.dtype) {
		return errNotFolded
	}
	shape, sides, err := broadcast(x, y)
	if err != nil {
		return err
	}
	rest := arithmetic{whole: func(x, y int64) int64 {
		switch {
		case y == 0:
			return 0
		case fmod == 0 && x%y != 0 && (x < 0) != (y < 0):
			return x%y + y
		}
		return x % y
	}}
	_, all := rest.of(x.dtype, sides[0], sides[1])
	c.set(n, 0, knownAs(x.dtype, shape, all))
	return nil
}

// foldClip holds known numbers between two ends that are inputs.
func foldClip(c *compiler, n *node) error {
	x := c.in(n, 0)
	_, sides, err := broadcast(x)
	if err != nil || c.net.opset < 11 {
		return errNotFolded
	}
	all := sides[0]
	for i, name := range []string{"Max", "Min"} {
		end := c.in(n, 1+i)
		if end == nil {
			continue
		}
		if end.dtype != x.dtype || end.view.Count() != 1 {
			return errNotFolded
		}
		_, sides, err := broadcast(x, knownAs(end.dtype, nil, end.numbers()))
		if err != nil {
			return err
		}
		_, all = folds[name].of(x.dtype, all, sides[1])
	}
	c.set(n, 0, knownAs(x.dtype, x.shape(), all))
	return nil
}

// of computes all numbers, and says of which type they are.
func (f arithmetic) of(t onnx.DataType, x, y numbers) (onnx.DataType, numbers) {
	all := numbers{}
	switch {
	case f.truth != nil:
		a, b := x.float64s(), y.float64s()
		for i := range a {
			all.ints = append(all.ints, wrap(onnx.Bool, 0, f.truth(a[i], b[i])))
		}
		return onnx.Bool, all
	case isWhole(t):
		for i := range x.ints {
			all.ints = append(all.ints, wrap(t, f.whole(x.ints[i], y.ints[i]), true))
		}
	default:
		for i := range x.floats {
			all.floats = append(all.floats, float32(f.float(float64(x.floats[i]), float64(y.floats[i]))))
		}
	}
	return t, all
}
