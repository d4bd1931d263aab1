package host

import (
	"fmt"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/tensor"
)

// VerifyOptions say how a run is judged. The zero value judges every output by the bound.
type VerifyOptions struct {
	Mode   cpuref.Mode
	Sample int    // judge this many outputs, chosen by Seed; 0 judges all
	Seed   uint64 // of the sample
}

// Verify runs the layer on x with V poisoned before and guards and operands looked at after, and judges
// the outputs. The error says that it could not run or that memory was damaged, or wraps
// [gpu.ErrMisuse] (wrong options); whether the outputs are right is in the report.
func (l *Layer) Verify(x tensor.Volume, o VerifyOptions) (tensor.Volume, cpuref.Report, error) {
	if o.Sample < 0 {
		return tensor.Volume{}, cpuref.Report{}, fmt.Errorf("verifying a layer: %w: a sample of %d outputs, must be positive, or 0 for all", gpu.ErrMisuse, o.Sample)
	}
	v, err := l.run(x, true)
	if err != nil {
		return v, cpuref.Report{}, err
	}
	report, err := l.judge(x, v, o)
	if err != nil {
		return v, report, l.failed("judging", err)
	}
	return v, report, nil
}

func (l *Layer) judge(x, v tensor.Volume, o VerifyOptions) (cpuref.Report, error) {
	relu := l.options.Activation != NoActivation
	if o.Sample > 0 {
		return cpuref.CheckSample(v.Data, l.problem, x, l.filters, relu, cpuref.Sample(l.problem, o.Seed, o.Sample), o.Mode)
	}
	reference := cpuref.Im2col
	if l.dev.gpu == nil {
		reference = cpuref.Conv // the CPU's outputs come from Im2col, which must not judge itself
	}
	ref, err := reference(l.problem, x, l.filters)
	if err != nil {
		return cpuref.Report{}, err
	}
	if relu {
		ref = ref.ReLU()
	}
	return cpuref.Check(v.Data, ref, o.Mode)
}
