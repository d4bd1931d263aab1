package model

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// arithmetic is what an operator makes of known numbers: of whole ones, of floating-point ones, or a truth value.
type arithmetic struct {
	whole func(x, y int64) int64
	float func(x, y float64) float64
	truth func(x, y float64) bool
}

// folds are the elementwise operators of one or two inputs that graphs compute shapes with.
var folds = map[string]arithmetic{
	"Add": {
		whole: func(x, y int64) int64 { return x + y },
		float: func(x, y float64) float64 { return x + y },
	},
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
	"Not":            {truth: func(x, _ float64) bool { return x == 0 }},
}

// divided is rounded towards zero, and 0 where y is.
func divided(x, y int64) int64 {
	if y == 0 {
		return 0
	}
	return x / y
}

// errNotFolded is about known numbers that the device computes with all the same.
var errNotFolded = fmt.Errorf("%w: arithmetic on the host", ErrUnsupported)

// foldArithmetic computes an operator of known numbers, in float64 where they are of floating point.
func foldArithmetic(c *compiler, n *node) error {
	f, ok := folds[n.Op]
	x := c.in(n, 0)
	y := x
	if len(n.Inputs) == 2 {
		y = c.in(n, 1)
	}
	_, shifted := n.Attributes["broadcast"] // of old opsets
	if whole := isWhole(x.dtype); !ok || shifted || len(n.Inputs) > 2 || x.dtype != y.dtype ||
		f.truth == nil && (whole && f.whole == nil || !whole && f.float == nil) {
		return errNotFolded
	}
	shape, err := op.BroadcastShape(x.shape(), y.shape())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGraph, err)
	}
	var sides [2]numbers
	for i, v := range []*value{x, y} {
		view, err := op.Broadcast(v.view, shape)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrGraph, err)
		}
		sides[i] = v.known.gather(view)
	}
	t, all := f.of(x.dtype, sides[0], sides[1])
	c.set(n, 0, knownAs(t, shape, all))
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
