package host_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/op"
)

// TestJudgingEnds holds that a judge which takes long is left when the context ends, and that the program can be
// judged again.
func TestJudgingEnds(t *testing.T) {
	dev := hosttest.Open(t)
	of := host.Buffer{Count: 4, DType: host.Float32}
	begun, goOn := make(chan struct{}, 2), make(chan struct{})
	copied := host.Kernels{
		Name:    "a copy",
		Outputs: []host.Buffer{of},
		Plan: func(p *exec.Plan, in, out []int) error {
			x := op.Contiguous(4)
			return op.Copy(p, x.Of(out[0]), x.Of(in[0]))
		},
		Judge: func(in, out [][]uint32) (cpuref.Report, error) {
			begun <- struct{}{}
			<-goOn
			return cpuref.Report{Checked: 4, Total: 4}, nil
		},
	}
	b := host.NewProgram(dev)
	program := compiled(t)(b.CompileChecked(b.Apply(copied, b.InputBuffer(of))...))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	_, reports, err := program.VerifyWords(ctx, host.VerifyOptions{}, []uint32{1, 2, 3, 4})
	if !errors.Is(err, context.Canceled) || len(reports) != 0 {
		t.Errorf("reports %v and error %v, must wrap %v", reports, err, context.Canceled)
	}
	close(goOn)
	if _, reports, err = program.VerifyWords(t.Context(), host.VerifyOptions{}, []uint32{1, 2, 3, 4}); err != nil ||
		len(reports) != 1 || !reports[0].Report.OK() {
		t.Errorf("reports %v and error %v after that", reports, err)
	}
}
