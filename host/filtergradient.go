package host

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
)

// FilterGradients are the algorithms that compute the gradients with respect to W and b of a layer on dev, the default
// first. Each is named by AlgorithmName.
func FilterGradients(dev *Device, p conv.Problem, o LayerOptions) ([]Algorithm, error) {
	return served(dev, p, o, algo.FilterCandidates)
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
