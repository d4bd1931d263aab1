package host

import (
	"context"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/tensor"
)

// Judged is the verdict on one volume of the way back.
type Judged struct {
	What      string    // "dX", "dW", ...
	Algorithm Algorithm // that computed it, nil in blocks, on the CPU, and where it is none of an algorithm
	WhyDirect string    // why the direct algorithm did, where it did
	Report    cpuref.Report
}

// VerifyBackward computes the gradients as Backward does, with outputs poisoned before and guards and
// operands looked at after, and judges each volume given those that it was computed from. The error wraps
// [cpuref.ErrNoVerdict] where whole numbers were computed by a transform that rounds: see LayerOptions.Exact.
func (l *Layer) VerifyBackward(
	ctx context.Context,
	x, dv tensor.Volume,
	mode cpuref.Mode,
	residual ...tensor.Volume,
) (Gradients, []Judged, error) {
	s, err := l.backward(ctx, x, dv, residual, true)
	if err != nil {
		return s.gradients, nil, err
	}
	in, err := l.operands(x, residual)
	if err != nil {
		return s.gradients, nil, l.failed("judging", err)
	}
	judged, err := l.judgeStages(in, dv, s, mode)
	if err != nil {
		return s.gradients, judged, l.failed("judging", err)
	}
	return s.gradients, judged, nil
}

func (l *Layer) judgeStages(in operands, dv tensor.Volume, s stages, mode cpuref.Mode) (judged []Judged, err error) {
	// What follows from a wrong stage says nothing more, and where that is NaN nothing can be judged.
	add := func(what string, by algo.Chosen, got []float32, ref cpuref.Reference, failed error) {
		if n := len(judged); err != nil || n > 0 && !judged[n-1].Report.OK() {
			return
		}
		if err = failed; err != nil {
			return
		}
		var r cpuref.Report
		if r, err = cpuref.Check(got, ref, mode); err == nil {
			judged = append(judged, Judged{what, by.Algorithm, by.WhyDirect, r})
		}
	}
	p := l.problem
	if s.z != nil {
		l.judgeActivation(add, in, dv, s, mode)
	}
	dz := dv
	dz.Data = s.dz
	x := l.input(in)
	ref, failed := l.inputGradient(s.inputs.Algorithm, dz, mode)
	add("dX", s.inputs, s.gradients.X.Data, ref, failed)
	ref, failed = filterTruth(s.filters.Algorithm, mode, p, x, dz)
	add("dW", s.filters, s.gradients.W.Data, ref, failed)
	ref, failed = cpuref.BiasGradient(p, dz)
	add("db", algo.Chosen{}, s.gradients.W.Bias, ref, failed)
	return judged, err
}

// inputGradient is the reference of dX, computed by an algorithm, nil for several or the CPU.
func (l *Layer) inputGradient(by Algorithm, dz tensor.Volume, mode cpuref.Mode) (cpuref.Reference, error) {
	p := l.problem
	transform, transformed := algo.TransformOf(by)
	if !transformed {
		return cpuref.InputGradient(p, l.filters, dz)
	}
	adjoint, err := p.Adjoint()
	if err != nil {
		return cpuref.Reference{}, err
	}
	switch {
	case mode == cpuref.Bounded:
		return cpuref.InputGradientTransformed(transform, p, l.filters, dz)
	case algo.Rounds(transform, adjoint):
		return cpuref.Reference{}, errRounds(by.Name())
	}
	return cpuref.InputGradient(p, l.filters, dz)
}

// judgeActivation judges the way from V to the sums.
func (l *Layer) judgeActivation(
	add func(string, algo.Chosen, []float32, cpuref.Reference, error),
	in operands,
	dv tensor.Volume,
	s stages,
	mode cpuref.Mode,
) {
	p, e := l.problem, l.options.Epilogue
	var ref cpuref.Reference
	sums, err := l.wayTo(s.sums.Algorithm, l.dev.gpu == nil, VerifyOptions{Mode: mode})
	if err == nil {
		ref, err = sums(p, l.input(in), l.filters)
	}
	if err == nil && e.Residual == conv.BeforeFunction {
		ref, err = ref.Epilogue(conv.Epilogue{Residual: e.Residual}, nil, in.residual)
	}
	add("Z", s.sums, s.z, ref, err)
	dz, dslope, err := cpuref.EpilogueGradient(e, s.z, dv.Data, l.options.Slopes, p.OutChannels)
	dz.Problem = p
	add("dZ", algo.Chosen{}, s.dz, dz, err)
	if len(s.gradients.Slopes) > 0 {
		add("dslope", algo.Chosen{}, s.gradients.Slopes, dslope, err)
	}
}

// filterTruth is the reference of dW as an algorithm computed it, or the sums of blocks or of the CPU where that is
// nil.
func filterTruth(a Algorithm, mode cpuref.Mode, p conv.Problem, x, dz tensor.Volume) (cpuref.Reference, error) {
	by, transformed := algo.FilterTransformOf(a)
	switch {
	case transformed && mode == cpuref.Exact && !by.Exact(p):
		return cpuref.Reference{}, errRounds("dW by " + a.Name())
	case transformed && mode == cpuref.Bounded:
		return cpuref.TransformedFilterGradient(by, p, x, dz)
	}
	return cpuref.FilterGradient(p, x, dz)
}
