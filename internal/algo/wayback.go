package algo

import (
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Some of the way back are layers of their own, which any algorithm computes that serves them: the sums Z are the
// layer itself without its activation. The gradient with respect to X is what the layer's adjoint gives for dZ: of an
// ordinary layer a transposed one, and the other way round, with input and output channels exchanged.

// exchangeChannels gives the adjoint's filters: input channel c of a group is its output channel c.
func exchangeChannels(p conv.Problem, f tensor.Filters) tensor.Filters {
	inputs, outputs, taps := p.InChannels/p.Groups, p.OutChannels/p.Groups, taps(p)
	to := tensor.Filters{K: p.InChannels, Z: p.Z.Filter, H: p.H.Filter, W: p.W.Filter, D: outputs}
	to.Data = make([]float32, len(f.Data))
	for group := range p.Groups {
		from, onto := f.Data[group*outputs*taps*inputs:], to.Data[group*outputs*taps*inputs:]
		for k := range outputs {
			for tap := range taps {
				for c := range inputs {
					onto[(c*taps+tap)*outputs+k] = from[(k*taps+tap)*inputs+c]
				}
			}
		}
	}
	return to
}

// included is another layer's plan within the way back, with the layer's filters, or those with exchanged channels.
type included struct {
	plan      Plan
	filters   int // their operand in the way back
	exchanged bool
}

// quickest is the plan of a layer of the way back that the rules choose, if it is not the direct algorithm, which
// needs no other filters than the way back has.
func (g *Backward) quickest(p conv.Problem, e conv.Epilogue, l Limits) (Plan, bool) {
	s := g.Spec
	if s.Direct || s.Threads != 0 {
		return Plan{}, false
	}
	list := Candidates(Spec{Problem: p, Epilogue: e, DType: shaders.Float32, Exact: s.Exact, Block: s.Block}, l)
	if len(list) == 0 || Is(list[0].Algorithm, direct{}.Name()) {
		return Plan{}, false
	}
	return list[0], true
}

// include adds another layer's steps. Operands of it are those of the way back that same names.
func (g *Backward) include(plan Plan, exchanged bool, same map[int]int) *included {
	operands := slices.Clone(plan.Operands)
	operands[W].Name = "the filters, packed"
	if exchanged {
		operands[W].Name = "the filters with exchanged channels"
	}
	steps := exec.Plan{Operands: operands, Steps: plan.Steps}
	return &included{plan, g.Append(steps, same)[W], exchanged}
}

// inputGradient adds the gradient with respect to X, computed from DZ.
func (g *Backward) inputGradient(a direct, l Limits) {
	p := g.Spec.Problem
	zeros := g.Zeros(int64(p.InChannels))
	if adjoint, err := p.Adjoint(); err == nil {
		if plan, ok := g.quickest(adjoint, conv.Epilogue{}, l); ok {
			g.adjoint = g.include(plan, true,
				map[int]int{X: g.DZ, B: zeros, Slopes: Slopes, Residual: zeros, V: g.DX})
			return
		}
	}
	none := exec.Whole(zeros)
	g.Dispatch(a.kernel(g.Spec), shaders.Encode(shaders.InputGradient(p)), p.InLen(),
		exec.Whole(g.DZ), exec.Whole(W), none, exec.Whole(Slopes), none, exec.Whole(g.DX))
}

// sumsAgain adds the sums Z, with the residual where it stands before the activation.
func (g *Backward) sumsAgain(a direct, l Limits) {
	p, e := g.Spec.Problem, conv.Epilogue{}
	if g.Spec.Epilogue.Residual == conv.BeforeFunction {
		e.Residual = conv.BeforeFunction
	}
	if plan, ok := g.quickest(p, e, l); ok {
		g.sums = g.include(plan, false,
			map[int]int{X: X, B: B, Slopes: Slopes, Residual: Residual, V: g.Z})
		return
	}
	g.Dispatch(a.kernel(g.Spec), shaders.Encode(shaders.Forward(p, e)), p.OutLen(),
		exec.Whole(X), exec.Whole(W), exec.Whole(B), exec.Whole(Slopes), exec.Whole(Residual), exec.Whole(g.Z))
}

// Fill says what the constants are filled with: valid filters, and the slopes where there are any.
func (g *Backward) Fill(filters tensor.Filters, slopes []float32) {
	g.Plan.Fill(filters, slopes)
	for _, of := range []*included{g.adjoint, g.sums} {
		if of == nil {
			continue
		}
		g.Operands[of.filters].Fill = func() ([]uint32, error) {
			f := filters
			if of.exchanged {
				f = exchangeChannels(g.Spec.Problem, f)
			}
			if of.plan.Pack == nil {
				return exec.Bits(f.Data), nil
			}
			packed, err := of.plan.Pack(f)
			return exec.Bits(packed), err
		}
	}
}

// InputGradientBy is the algorithm that computes the gradient with respect to X.
func (g *Backward) InputGradientBy() Algorithm { return g.by(g.adjoint) }

// SumsBy is the algorithm that computes the sums Z.
func (g *Backward) SumsBy() Algorithm { return g.by(g.sums) }

func (g *Backward) by(of *included) Algorithm {
	if of == nil {
		return g.Algorithm
	}
	return of.plan.Algorithm
}
