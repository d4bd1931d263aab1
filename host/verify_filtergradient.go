package host

import (
	"context"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
)

// Verify computes the gradients of what was uploaded with outputs poisoned before and guards and operands looked at
// after, and judges every number of them.
func (g *FilterGradient) Verify(ctx context.Context, mode cpuref.Mode) (judged []Judged, err error) {
	err = g.on(ctx, "judging", func(s *exec.Session) error {
		dw, err := g.shaped()
		if err != nil {
			return err
		}
		cpuref.Poison(dw.Data)
		cpuref.Poison(dw.Bias)
		if err := s.Process(ctx, g.inputs(), true, exec.Result{Operand: algo.W, Numbers: dw.Data},
			exec.Result{Operand: algo.B, Numbers: dw.Bias}); err != nil {
			return err
		}
		p := g.plan.Spec.Problem
		ref, err := filterTruth(g.plan.Algorithm, mode, p, g.x, g.dz)
		if err != nil {
			return err
		}
		report, err := cpuref.Check(dw.Data, ref, mode)
		if err != nil {
			return err
		}
		judged = []Judged{{What: "dW", Algorithm: g.plan.Algorithm, Report: report}}
		if ref, err = cpuref.BiasGradient(p, g.dz); err != nil {
			return err
		}
		report, err = cpuref.Check(dw.Bias, ref, mode)
		judged = append(judged, Judged{What: "db", Report: report})
		return err
	})
	return judged, err
}
