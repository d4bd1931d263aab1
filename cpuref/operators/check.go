package operators

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/cpuref"
)

// Check judges all numbers of a result. Where the reference is NaN the result must be NaN, and where it is infinite
// the same infinity; a number that may pass float32's range may be its largest number or infinity, with the sign. +0
// and -0 are equal. What is wrong is in the report, which names positions [i,j,k]; of a tensor without numbers it is
// not OK, for nothing was checked. An error means that there is no verdict: it wraps [cpuref.ErrShape] where got has
// another shape, or real numbers for whole ones, and [cpuref.ErrNoVerdict] where the allowed error of a finite number
// is not finite.
func Check(got Array, want Result) (cpuref.Report, error) {
	switch n := len(want.Data); {
	case !slices.Equal(got.Shape, want.Shape) || len(got.Data) != n:
		return cpuref.Report{}, fmt.Errorf("%w: the result has shape %v and %d numbers, must have %v and %d",
			cpuref.ErrShape, got.Shape, len(got.Data), want.Shape, n)
	case floating(got.Type) != floating(want.Type):
		return cpuref.Report{}, fmt.Errorf("%w: the result is of %v, must be of %v",
			cpuref.ErrShape, got.Type, want.Type)
	case want.Allowed != nil && len(want.Allowed) != n:
		return cpuref.Report{}, fmt.Errorf("%w: %d allowed errors for %d numbers",
			cpuref.ErrShape, len(want.Allowed), n)
	}
	r := cpuref.Report{Mode: cpuref.Exact, Total: len(got.Data)}
	if want.Allowed != nil {
		r.Mode = cpuref.Bounded
	}
	worst := -1.0
	for i, g := range got.Data {
		allowed := 0.0
		if want.Allowed != nil {
			allowed = want.Allowed[i]
		}
		m := cpuref.Mismatch{Index: i, Got: float32(g), Want: want.Data[i], Bound: allowed}
		m.Error = distance(g, m.Want, allowed)
		if !(allowed >= 0 && allowed <= math.MaxFloat64) {
			return cpuref.Report{}, fmt.Errorf("%w: the allowed error of %v at %s is %v",
				cpuref.ErrNoVerdict, m.Want, position(i, want.Shape), allowed)
		}
		badness := m.Error
		if allowed > 0 {
			badness /= allowed
		} else if badness > 0 {
			badness = math.Inf(1)
		}
		if wrong := !(m.Error <= allowed); wrong || badness > worst {
			m.Position = position(i, want.Shape)
			if wrong {
				count(&r, m, g)
			}
			if badness > worst {
				worst, r.Worst, r.BoundUsed = badness, m, badness
			}
		}
		r.Checked++
	}
	return r, nil
}

// count notes a number that is wrong.
func count(r *cpuref.Report, m cpuref.Mismatch, got float64) {
	if r.Failed++; r.Failed == 1 {
		r.First = &m
	}
	if math.IsNaN(got) {
		r.NaNs++
	}
}

// distance is how far a result is from its reference: 0 where both are the same and not finite, infinite where one is.
func distance(got, want, allowed float64) float64 {
	switch d := math.Abs(got - want); {
	case math.IsNaN(got) && math.IsNaN(want), got == want:
		return 0
	case math.Abs(want) <= math.MaxFloat64 && math.Abs(want)+allowed > math.MaxFloat32 &&
		math.Abs(got) >= math.MaxFloat32 && (got > 0) == (want > 0):
		return 0
	case !math.IsNaN(d):
		return d
	}
	return math.Inf(1)
}

// position is [i,j,k].
func position(i int, shape []int) string {
	at := make([]int, len(shape))
	coordinates(i, shape, at)
	return strings.ReplaceAll(fmt.Sprint(at), " ", ",")
}
