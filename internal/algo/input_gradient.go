package algo

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// The gradient with respect to X is what the layer's adjoint gives for dZ: of an ordinary layer a transposed one, and
// the other way round, with input and output channels exchanged. Any algorithm that serves the adjoint computes it.

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

// quickestAdjoint is the plan of the adjoint that the rules choose, if it is not the direct algorithm, which needs no
// other filters to go backward.
func quickestAdjoint(s Spec, l Limits) (Plan, bool) {
	p, err := s.Problem.Adjoint()
	if err != nil || s.Direct || s.Threads != 0 {
		return Plan{}, false
	}
	list := Candidates(Spec{Problem: p, DType: shaders.Float32, Exact: s.Exact, Block: s.Block}, l)
	if len(list) == 0 || Is(list[0].Algorithm, direct{}.Name()) {
		return Plan{}, false
	}
	return list[0], true
}

// inputGradient adds the gradient with respect to X, computed from DZ.
func (g *Backward) inputGradient(a direct, l Limits) {
	p := g.Spec.Problem
	adjoint, ok := quickestAdjoint(g.Spec, l)
	if !ok {
		none := exec.Whole(g.Zeros(int64(p.InChannels)))
		g.Dispatch(a.kernel(g.Spec), shaders.Encode(shaders.InputGradient(p)), p.InLen(),
			exec.Whole(g.DZ), exec.Whole(W), none, exec.Whole(Slopes), none, exec.Whole(g.DX))
		return
	}
	g.adjoint = &adjoint
	biases := g.Zeros(int64(p.InChannels))
	same := map[int]int{X: g.DZ, B: biases, Slopes: Slopes, Residual: biases, V: g.DX}
	filters := adjoint.Operands[W]
	filters.Name = "the filters of the gradient dX"
	adjoint.Operands[W] = filters
	g.adjointFilters = g.Append(adjoint.Plan, same)[W]
}

// Fill says what the constants are filled with: valid filters, and the slopes where there are any.
func (g *Backward) Fill(filters tensor.Filters, slopes []float32) {
	g.Plan.Fill(filters, slopes)
	if g.adjoint == nil {
		return
	}
	pack := g.adjoint.Pack
	g.Operands[g.adjointFilters].Fill = func() ([]uint32, error) {
		exchanged := exchangeChannels(g.Spec.Problem, filters)
		if pack == nil {
			return exec.Bits(exchanged.Data), nil
		}
		packed, err := pack(exchanged)
		return exec.Bits(packed), err
	}
}

// InputGradientBy is the algorithm that computes the gradient with respect to X.
func (g *Backward) InputGradientBy() Algorithm {
	if g.adjoint == nil {
		return g.Algorithm
	}
	return g.adjoint.Algorithm
}
