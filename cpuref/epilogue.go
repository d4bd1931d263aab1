package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
)

// Epilogue is the reference of the layer followed by e, with Allowed filled in:
//
//	V = f(r)    V = f(r + R)    V = f(r) + R
//
// slope holds a PReLU's slope for each output channel, and is nil for every other function. residual is
// R in V's order, and nil where e has none. The error allowed after a function with Lipschitz constant L is
//
//	L * (the error before, with u * |r + R| for adding R) + the function's own error (see activation.go)
//
// and adding R after it is one more rounding. Errors wrap [ErrShape], or are e's own.
func (r Reference) Epilogue(e conv.Epilogue, slope, residual []float32) (Reference, error) {
	if err := r.validate(); err != nil {
		return Reference{}, err
	}
	if r.Kind != Outputs {
		return Reference{}, fmt.Errorf("%w: an epilogue of %s, must be of outputs", ErrShape, r.about())
	}
	after, err := newEpilogue(r.Problem, e, slope, residual)
	if err != nil {
		return Reference{}, err
	}
	n := len(r.Value)
	out := r
	out.Value, out.Magnitude, out.Allowed = make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		v := after.apply(r.index(i), element{r.Value[i], r.Magnitude[i], r.allowed(i)})
		out.Value[i], out.Magnitude[i], out.Allowed[i] = v.value, v.magnitude, v.allowed
	}
	return out, nil
}

// ExactEpilogue reports whether e makes no rounding error of whole sums inside [ExactLimit]: nothing but
// identity, ReLU, Clip with whole ends, LeakyReLU and PReLU whose slopes are powers of two or zero, and
// residuals. Whole residuals in [-L, L] ask for data in [-(L-1), L-1], L being the ExactLimit; one that is
// added after a slope of 2^-s asks for an L that is 2^s times smaller.
func ExactEpilogue(e conv.Epilogue, slope []float32) bool {
	if e.Validate() != nil {
		return false
	}
	switch a := e.Activation; a.Function {
	case conv.Identity, conv.ReLU:
		return true
	case conv.Clip:
		return whole(a.Alpha) && whole(a.Beta)
	case conv.LeakyReLU:
		return powerOfTwo(a.Alpha)
	case conv.PReLU:
		for _, s := range slope {
			if !powerOfTwo(s) {
				return false
			}
		}
		return len(slope) > 0
	}
	return false
}

// whole tells whether v is a whole number inside 2^24.
func whole(v float32) bool {
	return math.Trunc(float64(v)) == float64(v) && math.Abs(float64(v)) <= exactEnd
}

// powerOfTwo tells whether v is zero or a power of two, of such a size that no product leaves float32.
func powerOfTwo(v float32) bool {
	fraction, exponent := math.Frexp(math.Abs(float64(v)))
	return v == 0 || fraction == 0.5 && exponent > -64 && exponent < 64
}

// epilogue applies an epilogue to one output at a time.
type epilogue struct {
	conv.Epilogue
	slope, residual []float32
	channels        int
}

func newEpilogue(p conv.Problem, e conv.Epilogue, slope, residual []float32) (epilogue, error) {
	if err := checkEpilogue(e, slope, p.OutChannels); err != nil {
		return epilogue{}, err
	}
	want := int64(0)
	if e.Residual != conv.NoResidual {
		want = p.OutLen()
	}
	if int64(len(residual)) != want {
		return epilogue{}, fmt.Errorf(
			"%w: the residual has %d elements, must have %d for residual %v of %s",
			ErrShape,
			len(residual),
			want,
			e.Residual,
			p,
		)
	}
	return epilogue{e, slope, residual, p.OutChannels}, nil
}

// checkEpilogue refuses a wrong epilogue, and slopes that do not belong to it.
func checkEpilogue(e conv.Epilogue, slope []float32, channels int) error {
	if err := e.Validate(); err != nil {
		return err
	}
	want := 0
	if e.Activation.Function == conv.PReLU {
		want = channels
	}
	if len(slope) != want {
		return fmt.Errorf(
			"%w: there are %d slopes, must be %d for activation %v of %d output channels",
			ErrShape,
			len(slope),
			want,
			e.Activation,
			channels,
		)
	}
	return nil
}

func (e epilogue) slopeOf(i int) float64 {
	if e.slope == nil {
		return 0
	}
	return float64(e.slope[i%e.channels])
}

// apply is what becomes of output i.
func (e epilogue) apply(i int, v element) element {
	if e.Residual == conv.BeforeFunction {
		v = v.add(float64(e.residual[i]))
	}
	s := e.slopeOf(i)
	v.allowed = lipschitz(e.Activation, s)*v.allowed + ownError(e.Activation, v.value, v.allowed, s)
	v.value = activate(e.Activation, v.value, s)
	if e.Residual == conv.AfterFunction {
		v = v.add(float64(e.residual[i]))
	}
	return v
}

// add is one addition in float32: it rounds the sum of what came out before, and may flush it.
func (v element) add(r float64) element {
	v.value += r
	v.magnitude += math.Abs(r)
	v.allowed += (math.Abs(v.value)+v.allowed)*ulp + smallestNormal
	return v
}
