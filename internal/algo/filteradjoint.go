package algo

import (
	"errors"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// filterAdjoint is dW of transposed layers by tiles in workgroup memory, which take taps and channels together for
// rows, so that a layer of one output channel fills them. It is dW of the layer's adjoint, an ordinary layer: X and dZ
// change places, and input and output channels are exchanged behind.
type filterAdjoint struct{ filterShared }

// filterAdjoints are all of them.
func filterAdjoints() (all []filterAdjoint) {
	for _, k := range shaders.FilterSharedRows() {
		for _, splitK := range []uint32{1, 16, 64} {
			all = append(all, filterAdjoint{filterShared{k, splitK}})
		}
	}
	return all
}

// Variant is, for example, 64x64x16_v1_k16_exchanged.
func (a filterAdjoint) Variant() string { return a.filterShared.Variant() + "_exchanged" }

// errTransposed is about layers that other algorithms take as they are.
var errTransposed = errors.New("for transposed layers alone")

func (a filterAdjoint) Plan(s Spec, l Limits) (Plan, error) {
	p := s.Problem
	if !p.Transposed {
		return Plan{}, errTransposed
	}
	if s.Exact && !s.Named {
		return Plan{}, errTaps
	}
	adjoint, err := p.Adjoint()
	if err == nil {
		err = a.serves(adjoint)
	}
	if err != nil {
		return Plan{}, err
	}
	plan := newFilterPlan(a, s, func(m Machine) float64 {
		return a.cost(adjoint, m) + m.occupied(float64(p.FilterLen()), m.Load+m.Store+m.Address)
	})
	dw := plan.Scratch("dW of the adjoint", p.FilterLen())
	plan.filterShared(a.filterShared, adjoint, V, X, dw)
	if err := plan.exchange(p, dw, W); err != nil {
		return Plan{}, err
	}
	plan.biases(p, l)
	return plan, plan.fits(l)
}

// exchange adds the copy of the adjoint's filters to p's: input channels become output channels within each group.
func (plan *Plan) exchange(p conv.Problem, from, to int) error {
	inputs, outputs, taps := p.InChannels/p.Groups, p.OutChannels/p.Groups, taps(p)
	exchanged, err := op.Contiguous(p.Groups, inputs, taps, outputs).Permute(0, 3, 2, 1)
	if err != nil {
		return err
	}
	return op.Pointwise(&plan.Plan, "copy", 0, 0, op.Contiguous(exchanged.Shape...).Of(to), exchanged.Of(from))
}
