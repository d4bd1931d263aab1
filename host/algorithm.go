package host

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/transform"
)

// Algorithm is one way to compute a layer forward, with its parameters: every one is held to the same
// proof. The way back is the direct algorithm's always.
type Algorithm interface {
	// Name is the algorithm's: direct, registers, shared, winograd2, winograd4, ...
	Name() string
	// Variant is what the name leaves open, such as the size of tiles.
	Variant() string
}

// algorithm is what an Algorithm does.
type algorithm interface {
	Algorithm
	// serves reports why a layer is not the algorithm's, which nil says it is.
	serves(p conv.Problem, o LayerOptions) error
	// cost estimates, to choose without measuring.
	cost(p conv.Problem, m machine) float64
	// sizes are the numbers in each piece of memory that it needs beside the layer's operands.
	sizes(p conv.Problem) []int64
	// pack gives the filters in the order that the kernels read.
	pack(l *Layer) ([]float32, error)
	// record records the dispatches from X to V, and the memory between them.
	record(e *forward, fused conv.Epilogue) error
}

// exacting is an algorithm whose rounding has a bound of its own.
type exacting interface {
	Algorithm
	// rounds tells that not even small integers come out exact.
	rounds(p conv.Problem) bool
	// judgedBy is the transform whose bound that is.
	judgedBy() transform.Transform
}

// Algorithms are those that serve a layer on dev, the default first. Each is named by AlgorithmName.
func Algorithms(dev *Device, p conv.Problem, o LayerOptions) ([]Algorithm, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := o.Validate(p); err != nil {
		return nil, err
	}
	if dev.GPU() == nil {
		return nil, nil
	}
	var all []Algorithm
	for _, a := range candidates(dev.gpu, p, o) {
		all = append(all, a)
	}
	return all, nil
}

// AlgorithmName is how LayerOptions.Algorithm names a: "name/variant".
func AlgorithmName(a Algorithm) string { return a.Name() + "/" + a.Variant() }

// candidates are the algorithms that serve a layer, the default first.
func candidates(dev *gpu.Device, p conv.Problem, o LayerOptions) []algorithm {
	var list []algorithm
	for _, a := range everyAlgorithm(p, o) {
		if a.serves(p, o) == nil && fitsDevice(a, p, dev.Limits()) {
			list = append(list, a)
		}
	}
	return byRule(list, dev.Info(), p)
}

// everyAlgorithm lists all, whether they serve the layer or not.
func everyAlgorithm(p conv.Problem, o LayerOptions) []algorithm {
	list := []algorithm{newDirect(p, o)}
	for _, a := range tiledAlgorithms() {
		list = append(list, a)
	}
	for _, a := range transformedAlgorithms() {
		list = append(list, a)
	}
	return append(list, stripAlgorithms()...)
}

// choose gives the algorithm that o names, or the default. A name alone takes the first of its variants.
func choose(dev *gpu.Device, p conv.Problem, o LayerOptions) (algorithm, error) {
	if o.Threads != 0 && o.Algorithm == "" {
		return newDirect(p, o), nil // threads are about the direct algorithm
	}
	list := candidates(dev, p, o)
	if o.Algorithm == "" {
		return list[0], nil
	}
	for _, a := range list {
		if o.Algorithm == a.Name() || o.Algorithm == AlgorithmName(a) {
			return a, nil
		}
	}
	for _, a := range everyAlgorithm(p, o) {
		if o.Algorithm != a.Name() && o.Algorithm != AlgorithmName(a) {
			continue
		}
		if err := a.serves(p, o); err != nil {
			return nil, fmt.Errorf("%w: algorithm %s: %w", ErrUnsupported, o.Algorithm, err)
		}
		return nil, fmt.Errorf("%w: algorithm %s on this adapter, whose workgroups or bindings are too small for it", ErrUnsupported, o.Algorithm)
	}
	return nil, fmt.Errorf("%w: algorithm %q, must be one of %s", gpu.ErrMisuse, o.Algorithm, strings.Join(names(list), ", "))
}

// names lists the algorithms, each once.
func names(list []algorithm) []string {
	var all []string
	for _, a := range list {
		if !slices.Contains(all, a.Name()) {
			all = append(all, a.Name())
		}
	}
	return all
}

// AlgorithmNames are the names of all algorithms, without their variants, whatever they serve.
func AlgorithmNames() []string {
	smallest, err := conv.Square(1, 1, 1, 1, 1, 0)
	if err != nil {
		return nil // a test would have seen it
	}
	return names(everyAlgorithm(smallest, LayerOptions{}))
}
