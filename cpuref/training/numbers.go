package training

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/cpuref"
)

// Numbers are values in float64, each with how far the float32 result may lie from it.
type Numbers struct{ Value, Error []float64 }

func newNumbers(n int) Numbers { return Numbers{make([]float64, n), make([]float64, n)} }

// exactly are numbers that float32 has as they are.
func exactly(data []float32) Numbers {
	n := newNumbers(len(data))
	for i, x := range data {
		n.Value[i] = float64(x)
	}
	return n
}

// size is how large number i may be.
func (n Numbers) size(i int) float64 { return math.Abs(n.Value[i]) + n.Error[i] }

// low and high are between what number i may be.
func (n Numbers) low(i int) float64  { return n.Value[i] - n.Error[i] }
func (n Numbers) high(i int) float64 { return n.Value[i] + n.Error[i] }

// within sets number i to a value, with all from low to high for what a float32 result may be.
func (n Numbers) within(i int, value, low, high float64) {
	n.Value[i], n.Error[i] = value, max(high-value, value-low)
}

// sum adds products up.
type sum struct {
	value float64
	exact float64 // of the products' sizes, without errors
	most  float64 // of their sizes with errors
}

func (s *sum) add(a Numbers, i int, b Numbers, k int) {
	x, w := a.Value[i], b.Value[k]
	s.value += x * w
	s.exact += math.Abs(x * w)
	s.most += (math.Abs(x) + a.Error[i]) * (math.Abs(w) + b.Error[k])
}

func (s *sum) plus(o sum) {
	s.value += o.value
	s.exact += o.exact
	s.most += o.most
}

// set is the sum of so many products, with a number more.
func (n Numbers) set(i int, s sum, products int, more, moreError float64) {
	n.Value[i] = s.value + more
	n.Error[i] = s.most - s.exact + moreError + cpuref.Bound(products, s.most+math.Abs(more)+moreError)
}

// Check holds float32 results against what they must be. It gives the largest share of an error that was used. The
// error wraps cpuref.ErrMismatch, and names the first wrong number and how many are wrong; cpuref.ErrNoVerdict where
// an error has no bound; or cpuref.ErrShape.
func Check(what string, got []float32, want Numbers) (used float64, err error) {
	if len(got) != len(want.Value) {
		return 0, fmt.Errorf("%w: %d numbers of %s, must be %d", cpuref.ErrShape, len(got), what, len(want.Value))
	}
	wrong := 0
	for i, x := range got {
		allowed, off := want.Error[i], math.Abs(float64(x)-want.Value[i])
		switch {
		case math.IsNaN(want.Value[i]) || math.IsNaN(allowed) || math.IsInf(allowed, 0):
			return used, fmt.Errorf("%w: number %d of %s has no bound any more", cpuref.ErrNoVerdict, i, what)
		case !(off <= allowed): // NaN too
			if wrong++; wrong == 1 {
				err = fmt.Errorf("%w: number %d of %s is %g, must be %g, error %.3g, allowed %.3g",
					cpuref.ErrMismatch, i, what, x, want.Value[i], off, allowed)
			}
		case off > 0:
			used = max(used, off/allowed)
		}
	}
	if err != nil {
		err = fmt.Errorf("%w; %d of %d are wrong", err, wrong, len(got))
	}
	return used, err
}
