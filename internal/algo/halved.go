package algo

import (
	"errors"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// halved computes a layer whose volumes are stored as float16 by an algorithm for float32, whose name it has. Kernels
// that can read X and write V as they are stored do; where others stand at the beginning or the end, and everywhere
// where it is converted, steps before them read X into float32, or round V behind them, once and after the epilogue.
// The residual is always read by a step. Filters are float32 on the device, of the numbers that float16 has.
type halved struct {
	Algorithm
	converted bool
}

var (
	errNotFloat16 = errors.New("volumes must be float16")
	errPlaced     = errors.New("volumes of float16 must stand alone")
	errConverted  = errors.New("its kernels neither read X nor write V as these numbers")
)

// halvedAlgorithms are those of all algorithms for float32.
func halvedAlgorithms(list []Algorithm) (all []Algorithm) {
	for _, a := range list {
		all = append(all, halved{a, false}, halved{a, true})
	}
	return all
}

// Variant is that of the algorithm for float32, and for example 8x16_v4_t8_converted where volumes are converted.
func (a halved) Variant() string { return variantOf(a.Algorithm, a.converted) }

func (a halved) Plan(s Spec, l Limits) (Plan, error) {
	alone := shaders.Placement{}
	switch {
	case s.DType != shaders.Float16:
		return Plan{}, errNotFloat16
	case s.X != alone || s.V != alone || s.Residual != alone:
		return Plan{}, errPlaced
	}
	p, wide := s.Problem, s
	wide.DType = shaders.Float32
	of, err := a.Algorithm.Plan(wide, l)
	if err != nil {
		return Plan{}, err
	}
	reads := !a.converted && readsAs(&of.Plan, shaders.Float16, 0)
	writes := !a.converted && writesAs(&of, shaders.Float16)
	if !a.converted && !reads && !writes {
		return Plan{}, errConverted
	}
	if !writes {
		of = finished(of, l)
	}
	plan := newPlan(a, s, of.Operands[W].Count, func(m Machine) float64 {
		cost := of.Work(m)
		if !a.converted {
			cost *= 1 + m.Halves
		}
		return cost + m.halves(!reads, p.InLen()) + m.halves(!writes, p.OutLen())
	})
	plan.Operands[W], plan.Pack = of.Operands[W], of.Pack
	same := map[int]int{X: X, W: W, B: B, Slopes: Slopes, Residual: Residual, V: V}
	if !reads {
		same[X] = plan.fromHalf(X, p.InLen())
	}
	if s.Epilogue.Residual != conv.NoResidual {
		same[Residual] = plan.fromHalf(Residual, p.OutLen())
	}
	if !writes {
		same[V] = plan.Scratch("V as float32", even(p.OutLen()))
	}
	plan.Append(of.Plan, same)
	if !writes {
		plan.halfStep(true, same[V], V, p.OutLen())
	}
	return plan, plan.fits(l)
}

// fromHalf adds the step that reads an operand of so many halves, and gives what it makes of them.
func (plan *Plan) fromHalf(operand int, count int64) int {
	to := plan.Scratch(plan.Operands[operand].Name+" as float32", even(count))
	plan.halfStep(false, operand, to, count)
	return to
}

// halfStep adds the kernel that turns so many numbers into float16, or from it.
func (plan *Plan) halfStep(half bool, from, to int, count int64) {
	words := exec.WordsOf(shaders.Float16, count)
	k := shaders.HalfBy(half, words)
	threads := words / int64(k.Words)
	params := shaders.Encode(shaders.HalfParams{Outputs: uint32(threads)})
	plan.Threads(k, params, threads, int64(k.Threads), exec.Whole(from), exec.Whole(to))
}

// even is the next even number: halves are two to a word.
func even(count int64) int64 { return count + count%2 }

// halves is the cost of turning so many halves into float32, or the other way, where that is a step.
func (m Machine) halves(step bool, count int64) float64 {
	if !step {
		return 0
	}
	return m.occupied(float64(count/8), m.Load+8*m.Store)
}
