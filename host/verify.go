package host

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// VerifyOptions say how a run is judged. The zero value judges every output by the bound.
type VerifyOptions struct {
	Mode cpuref.Mode
	// judge this many outputs, chosen by Seed, whatever the layer; 0 judges all, at most cpuref.MaxOutputs
	Sample int
	Seed   uint64 // of the sample
}

// Verify runs the layer as Run does, with V poisoned before and guards and operands looked at after, and
// judges the outputs. The error says that it could not run or that memory was damaged, or wraps
// [gpu.ErrMisuse] (wrong options); whether the outputs are right is in the report. On the CPU device the sums are
// judged by other code than computed them, but what follows them, the epilogue, is the reference's own.
func (l *Layer) Verify(
	ctx context.Context,
	x tensor.Volume,
	o VerifyOptions,
	residual ...tensor.Volume,
) (tensor.Volume, cpuref.Report, error) {
	if o.Sample < 0 {
		return tensor.Volume{}, cpuref.Report{}, fmt.Errorf(
			"verifying a layer: %w: a sample of %d outputs, must be positive, or 0 for all",
			gpu.ErrMisuse,
			o.Sample,
		)
	}
	if l != nil && l.released {
		return tensor.Volume{}, cpuref.Report{}, l.failed("verifying", errReleased)
	}
	v, err := l.run(ctx, x, residual, true)
	if err != nil {
		return v, cpuref.Report{}, err
	}
	in, err := l.operands(x, residual)
	if err != nil {
		return v, cpuref.Report{}, l.failed("judging", err)
	}
	report, err := l.judge(l.judgedAs(), in, v.Data, o)
	if err != nil {
		return v, report, l.failed("judging", err)
	}
	return v, report, nil
}

// judgedAs is what computed the layer, nil for the CPU reference.
func (l *Layer) judgedAs() Algorithm {
	if l.dev.gpu == nil {
		return nil
	}
	return l.Algorithm()
}

// judge holds V, computed by an algorithm, or by the CPU reference where that is nil, against the reference.
func (l *layerData) judge(a Algorithm, in operands, v []float32, o VerifyOptions) (cpuref.Report, error) {
	sums, err := l.wayTo(a, a == nil, o)
	if err != nil {
		return cpuref.Report{}, err
	}
	if l.before != nil {
		sums = l.throughBoth(in)
	}
	ref, err := l.reference(sums, in)
	if err != nil {
		return cpuref.Report{}, err
	}
	if l.options.dtype() == Float16 {
		ref = ref.Half()
	}
	if l.options.Whole {
		o.Mode = cpuref.Exact
	}
	return cpuref.Check(v, ref, o.Mode)
}

// errRounds is about a verdict that whole numbers would be equal.
func errRounds(by string) error {
	return fmt.Errorf(
		"%w: %s rounds, even integers: check by the bound, or leave it out with LayerOptions.Exact",
		cpuref.ErrNoVerdict,
		by,
	)
}

// way is a way to a run's sums in float64.
type way func(conv.Problem, tensor.Volume, tensor.Filters) (cpuref.Reference, error)

// wayTo is the way to the sums that an algorithm computed, nil for the CPU and for the direct one in blocks.
func (l *layerData) wayTo(a Algorithm, cpu bool, o VerifyOptions) (way, error) {
	by, transformed := algo.TransformOf(a)
	switch {
	case !transformed:
		return truth(cpu, o), nil
	case o.Mode == cpuref.Bounded:
		return transformedTruth(by, o), nil
	case o.Mode == cpuref.Exact && algo.Rounds(by, l.problem):
		return nil, errRounds(a.Name())
	}
	return truth(cpu, o), nil
}

// throughBoth is the way to the sums of a layer that is computed together with the depthwise one before it, which
// reads in.
func (l *layerData) throughBoth(in operands) way {
	return func(p conv.Problem, _ tensor.Volume, f tensor.Filters) (cpuref.Reference, error) {
		between, err := l.before.reference(cpuref.Im2col, operands{x: in.x})
		if err != nil {
			return between, err
		}
		return between.Pointwise(p, f)
	}
}

// truth is the way to the sums that outputs are judged by, those of a sample where one is wanted.
func truth(cpu bool, o VerifyOptions) way {
	switch {
	case o.Sample > 0:
		return func(p conv.Problem, x tensor.Volume, f tensor.Filters) (cpuref.Reference, error) {
			return cpuref.ConvSample(p, x, f, cpuref.Sample(p, o.Seed, o.Sample))
		}
	case cpu:
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
