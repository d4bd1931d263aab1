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

// quickest is the plan of a layer of the way back of another by the algorithm of that name, or where that does not
// serve the one that the rules choose; or why it is the direct algorithm's, which needs no other filters than the way
// back has.
func quickest(of Spec, name string, p conv.Problem, e conv.Epilogue, l Limits) (plan Plan, whyDirect string) {
	s := Spec{Problem: p, Epilogue: e, DType: shaders.Float32, Exact: of.Exact, Block: of.Block,
		Direct: of.Direct, Threads: of.Threads}
	var list []Plan
	if !s.Direct && s.Threads == 0 {
		list = Candidates(s, l)
	}
	if len(list) > 0 {
		named := slices.IndexFunc(list, func(p Plan) bool { return Name(p.Algorithm) == name })
		plan = list[max(named, 0)]
	}
	if plan.Algorithm == nil || Is(plan.Algorithm, direct{}.Name()) {
		return plan, WhyDirect(s, l)
	}
	return plan, ""
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
	if g.Inputs.WhyDirect = g.quickInputs(l); g.Inputs.WhyDirect == "" {
		return
	}
	g.Inputs.Algorithm = a
	p, zeros := g.Spec.Problem, g.Zeros(int64(g.Spec.Problem.InChannels))
	none := exec.Whole(zeros)
	g.Dispatch(a.kernel(g.Spec), shaders.Encode(shaders.InputGradient(p)), p.InLen(),
		exec.Whole(g.DZ), exec.Whole(W), none, exec.Whole(Slopes), none, exec.Whole(g.DX))
}

// quickInputs adds it by another algorithm than the direct one, or says why there is none.
func (g *Backward) quickInputs(l Limits) (whyDirect string) {
	p := g.Spec.Problem
	if p.Padding != conv.Zero {
		return g.paddedInputs(l)
	}
	adjoint, err := p.Adjoint()
	if err != nil {
		return err.Error()
	}
	plan, why := quickest(g.Spec, g.Spec.InputGradient, adjoint, conv.Epilogue{}, l)
	if why == "" {
		g.includeAdjoint(plan, g.DX)
	}
	return why
}

// includeAdjoint adds the plan of the adjoint of g's layer, or of that over a padded input, from DZ to an operand.
func (g *Backward) includeAdjoint(plan Plan, to int) {
	zeros := g.Zeros(int64(g.Spec.Problem.InChannels))
	g.Inputs.Algorithm = plan.Algorithm
	g.adjoint = g.include(plan, true, map[int]int{X: g.DZ, B: zeros, Slopes: Slopes, Residual: zeros, V: to})
}

// sumsAgain adds the sums Z, with the residual where it stands before the activation.
func (g *Backward) sumsAgain(a direct, l Limits) {
	p, e := g.Spec.Problem, conv.Epilogue{}
	if g.Spec.Epilogue.Residual == conv.BeforeFunction {
		e.Residual = conv.BeforeFunction
	}
	plan, why := quickest(g.Spec, "", p, e, l)
	if g.Sums = (Chosen{a, why}); why == "" {
		g.Sums.Algorithm = plan.Algorithm
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
