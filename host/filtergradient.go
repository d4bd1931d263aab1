package host

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/tensor"
)

// FilterGradients are the algorithms that compute the gradients with respect to W and b of a layer on dev, the default
// first. Each is named by AlgorithmName.
func FilterGradients(dev *Device, p conv.Problem, o LayerOptions) ([]Algorithm, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := o.Validate(p); err != nil {
		return nil, err
	}
	if dev.GPU() == nil {
		return nil, nil
	}
	l := layerData{problem: p, options: o}
	var all []Algorithm
	for _, plan := range algo.FilterCandidates(l.spec(), dev.limits()) {
		all = append(all, plan.Algorithm)
	}
	return all, nil
}

// FilterGradientNames are the names of all of them, without their variants, whatever they serve.
func FilterGradientNames() []string { return algo.FilterGradientNames() }

// validateFilterGradient reports a name that is no algorithm's.
func (o LayerOptions) validateFilterGradient() error {
	known := func(a algo.Algorithm) bool { return algo.Is(a, o.FilterGradient) }
	if o.FilterGradient == "" || slices.ContainsFunc(algo.FilterGradients(), known) {
		return nil
	}
	return fmt.Errorf("%w: algorithm %q for dW, must be one of %s", gpu.ErrMisuse, o.FilterGradient,
		strings.Join(FilterGradientNames(), ", "))
}

// filterTruth is the reference of dW as an algorithm computed it, or the sums of blocks or of the CPU where that is
// nil.
func filterTruth(a Algorithm, mode cpuref.Mode, p conv.Problem, x, dz tensor.Volume) (cpuref.Reference, error) {
	by, transformed := algo.FilterTransformOf(a)
	switch {
	case transformed && mode == cpuref.Exact && !by.Exact(p):
		return cpuref.Reference{}, fmt.Errorf(
			"%w: dW by %s rounds, even integers: check by the bound, or leave it out with LayerOptions.Exact",
			cpuref.ErrNoVerdict, a.Name())
	case transformed && mode == cpuref.Bounded:
		return cpuref.TransformedFilterGradient(by, p, x, dz)
	}
	return cpuref.FilterGradient(p, x, dz)
}
