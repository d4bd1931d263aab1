package host

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// VerifyOptions say how a run is judged. The zero value judges every output by the bound.
type VerifyOptions struct {
	Mode   cpuref.Mode
	Sample int    // judge this many outputs, chosen by Seed; 0 judges all
	Seed   uint64 // of the sample
}

// Verify runs the layer as Run does, with V poisoned before and guards and operands looked at after, and
// judges the outputs. The error says that it could not run or that memory was damaged, or wraps
// [gpu.ErrMisuse] (wrong options); whether the outputs are right is in the report.
func (l *Layer) Verify(x tensor.Volume, o VerifyOptions, residual ...tensor.Volume) (tensor.Volume, cpuref.Report, error) {
	if o.Sample < 0 {
		return tensor.Volume{}, cpuref.Report{}, fmt.Errorf("verifying a layer: %w: a sample of %d outputs, must be positive, or 0 for all", gpu.ErrMisuse, o.Sample)
	}
	v, err := l.run(x, residual, true)
	if err != nil {
		return v, cpuref.Report{}, err
	}
	in, err := l.operands(x, residual)
	if err != nil {
		return v, cpuref.Report{}, l.failed("judging", err)
	}
	report, err := l.judge(in, v, o)
	if err != nil {
		return v, report, l.failed("judging", err)
	}
	return v, report, nil
}

// judge holds V against the reference.
func (l *Layer) judge(in operands, v tensor.Volume, o VerifyOptions) (cpuref.Report, error) {
	a, own := l.Algorithm().(exacting)
	if own && a.rounds(l.problem) && o.Mode == cpuref.Exact {
		return cpuref.Report{}, fmt.Errorf("%w: %s rounds, even integers: check by the bound, or leave it out with LayerOptions.Exact", cpuref.ErrNoVerdict, a.Name())
	}
	sums := l.truth(o)
	if own && o.Mode == cpuref.Bounded {
		sums = transformedTruth(a.judgedBy(), o)
	}
	ref, err := l.reference(sums, in)
	if err != nil {
		return cpuref.Report{}, err
	}
	if l.options.numbers() == Float16 {
		ref = ref.Half()
	}
	return cpuref.Check(v.Data, ref, o.Mode)
}

// way is a way to a run's sums in float64.
type way func(conv.Problem, tensor.Volume, tensor.Filters) (cpuref.Reference, error)

// truth is the way to the sums that outputs are judged by, those of a sample where one is wanted.
func (l *Layer) truth(o VerifyOptions) way {
	switch {
	case o.Sample > 0:
		return func(p conv.Problem, x tensor.Volume, f tensor.Filters) (cpuref.Reference, error) {
			return cpuref.ConvSample(p, x, f, cpuref.Sample(p, o.Seed, o.Sample))
		}
	case l.dev.gpu == nil:
		return cpuref.Conv // the CPU's outputs come from Im2col, which must not judge itself
	}
	return cpuref.Im2col
}

// transformedTruth is the way to the same sums, with the error that they may have where a transform computed them.
func transformedTruth(by transform.Transform, o VerifyOptions) way {
	return func(p conv.Problem, x tensor.Volume, f tensor.Filters) (cpuref.Reference, error) {
		if o.Sample > 0 {
			return cpuref.TransformedSample(by, p, x, f, cpuref.Sample(p, o.Seed, o.Sample))
		}
		return cpuref.Transformed(by, p, x, f)
	}
}
