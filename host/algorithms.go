package host

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
)

// Algorithm is one way to compute a layer forward, or its gradients with respect to W and b, with its parameters:
// every one is held to the same proof.
type Algorithm interface {
	// Name is the algorithm's: direct, registers, shared, winograd2, winograd4, ...
	Name() string
	// Variant is what the name leaves open, such as the size of tiles.
	Variant() string
}

// Algorithms are those that serve a layer on dev, the default first. Each is named by AlgorithmName.
func Algorithms(dev *Device, p conv.Problem, o LayerOptions) ([]Algorithm, error) {
	return served(dev, p, o, algo.Candidates)
}

// served are the algorithms of the plans that candidates gives for a layer on dev.
func served(
	dev *Device,
	p conv.Problem,
	o LayerOptions,
	candidates func(algo.Spec, algo.Limits) []algo.Plan,
) ([]Algorithm, error) {
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
	for _, plan := range candidates(l.spec(), dev.limits()) {
		all = append(all, plan.Algorithm)
	}
	return all, nil
}

// AlgorithmName is how LayerOptions.Algorithm names a: "name/variant".
func AlgorithmName(a Algorithm) string { return a.Name() + "/" + a.Variant() }

// AlgorithmNames are the names of all algorithms, without their variants, whatever they serve.
func AlgorithmNames() []string { return algo.AllNames() }

// choose plans a layer by the algorithm of that name, or the default.
func choose(dev *Device, name string, s algo.Spec) (algo.Plan, error) {
	plan, err := algo.Choose(name, s, dev.limits())
	switch {
	case errors.Is(err, algo.ErrUnknown):
		known := algo.Names(algo.Candidates(s, dev.limits()))
		return plan, fmt.Errorf("%w: algorithm %q, must be one of %s", gpu.ErrMisuse, name, strings.Join(known, ", "))
	case err != nil:
		return plan, fmt.Errorf("%w: algorithm %s: %w", ErrUnsupported, name, err)
	}
	return plan, nil
}
