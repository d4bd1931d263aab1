package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
)

// operators are the references of elementwise operators, in float64: what each makes of numbers of its volumes, and
// how many times it rounds.
var operators = map[string]struct {
	inputs int
	of     func(x, y float64) float64
	rounds int
}{
	"copy": {1, func(x, _ float64) float64 { return x }, 0},
	"relu": {1, func(x, _ float64) float64 { return math.Max(x, 0) }, 0},
	"add":  {2, func(x, y float64) float64 { return x + y }, 1},
	"sub":  {2, func(x, y float64) float64 { return x - y }, 1},
	"mul":  {2, func(x, y float64) float64 { return x * y }, 1},
	"max":  {2, func(x, y float64) float64 { return max(x, y) }, 0}, // NaN of either, where math.Max prefers infinity
	"min":  {2, func(x, y float64) float64 { return min(x, y) }, 0},
}

// Operator is what the operator of that name makes of volumes of one shape, in memory order. Each of its roundings may
// go either way, and results that are not copied may flush to zero, as WGSL leaves open: see [Bound]. p is the problem
// that reports name. The error wraps [ErrShape].
func Operator(name string, p conv.Problem, volumes ...[]float32) (Reference, error) {
	o, ok := operators[name]
	switch {
	case !ok:
		return Reference{}, fmt.Errorf("%w: operator %q has no reference", ErrShape, name)
	case len(volumes) != o.inputs:
		return Reference{}, fmt.Errorf("%w: %d volumes, operator %s takes %d", ErrShape, len(volumes), name, o.inputs)
	case o.inputs == 2 && len(volumes[0]) != len(volumes[1]):
		return Reference{}, fmt.Errorf(
			"%w: volumes of %d and %d numbers, must be equal",
			ErrShape,
			len(volumes[0]),
			len(volumes[1]),
		)
	}
	n := len(volumes[0])
	ref := Reference{Problem: p, Value: make([]float64, n), Magnitude: make([]float64, n), Allowed: make([]float64, n)}
	for i := range n {
		var y float64
		if o.inputs == 2 {
			y = float64(volumes[1][i])
		}
		ref.Value[i] = o.of(float64(volumes[0][i]), y)
		ref.Magnitude[i] = math.Abs(ref.Value[i])
		if name != "copy" {
			ref.Allowed[i] = growth(float64(o.rounds))*ref.Magnitude[i] + smallestNormal
		}
	}
	return ref, nil
}
