package algo

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Backward is the plan of a layer's gradients: the sums Z again and through the activation where there is one, then
// the gradients with respect to X, W and b. The direct algorithm computes what no other one does. Its operands X to
// Residual are the layer's; the others are named here. Operands that it does not need are -1.
type Backward struct {
	Plan
	DV, Z, DZ  int // DZ is DV where there is no activation
	DX, DW, DB int
	DSlopes    int    // of PReLU
	Inputs     Chosen // of dX
	Sums       Chosen // of Z, where there is an activation
	Filters    Chosen // of dW and db
	// What computes dX and Z, nil where the direct algorithm does.
	adjoint, sums *included
}

// PlanBackward plans the gradients. All numbers are float32.
func PlanBackward(s Spec, l Limits) (Backward, error) {
	a := newDirect(s)
	p, e := s.Problem, s.Epilogue
	s.DType = shaders.Float32
	g := Backward{Plan: newPlan(a, s, p.FilterLen(), nil), Z: -1, DSlopes: -1}
	// In the place of V, which nobody asks for, stands dV.
	g.Operands[V] = exec.Operand{Name: "the gradient dV", Role: exec.Input, Count: p.OutLen(), DType: shaders.Float32}
	g.DV, g.DZ = V, V
	add := func(name string, count int64) int {
		return g.Add(exec.Operand{Name: name, Role: exec.Output, Count: count, DType: shaders.Float32})
	}
	if e.Activation.Function != conv.Identity {
		g.Z, g.DZ = add("the sums Z", p.OutLen()), add("the gradient dZ", p.OutLen())
		g.throughActivation(a, l, add)
	}
	g.DX, g.DW, g.DB = add(
		"the gradient dX",
		p.InLen(),
	), add(
		"the gradient dW",
		p.FilterLen(),
	), add(
		"the gradient db",
		p.BiasLen(),
	)
	if !g.unsharedInputs() {
		g.inputGradient(a, l)
	}
	filters, err := ChooseFilterGradient(s.FilterGradient, s, l)
	if err != nil {
		return g, fmt.Errorf("dW by %s: %w: %w", s.FilterGradient, ErrNotServed, err)
	}
	g.filterGradient(filters, l)
	return g, g.fits(l)
}

// throughActivation computes Z anew, dZ from it, and of PReLU the slopes' gradient.
func (g *Backward) throughActivation(a direct, l Limits, add func(string, int64) int) {
	p, e := g.Spec.Problem, g.Spec.Epilogue
	g.sumsAgain(a, l)
	prelu := e.Activation.Function == conv.PReLU
	shares := int64(1)
	if prelu {
		shares = p.OutLen()
	}
	dslopes := g.Scratch("shares of the slopes' gradient", shares)
	g.Threads(
		shaders.ActivationGradients,
		shaders.Encode(shaders.Forward(p, e)),
		p.OutLen(),
		int64(shaders.ActivationGradients.Threads),
		exec.Whole(Slopes),
		exec.Whole(g.Z),
		exec.Whole(g.DV),
		exec.Whole(g.DZ),
		exec.Whole(dslopes),
	)
	if !prelu {
		return
	}
	g.DSlopes = add("the slopes' gradient", int64(p.OutChannels))
	shared := p
	shared.Unshared = false // slopes are shared always
	g.Dispatch(
		shaders.BiasGradients,
		shaders.Encode(shaders.BiasGradient(shared)),
		int64(p.OutChannels),
		exec.Whole(dslopes),
		exec.Whole(g.DSlopes),
	)
}
