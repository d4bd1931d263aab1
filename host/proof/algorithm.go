package proof

import (
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
)

// WithAlgorithm is the case computed by one of the algorithms that serve it on dev, which its seed draws:
// each name is as likely as any other, however many variants it has. A case that names an algorithm or
// threads, or that none serves, stays as it is. One that goes backward has an algorithm for dW drawn likewise.
func (c Case) WithAlgorithm(dev *host.Device) Case {
	if c.Options.Algorithm != "" || c.Options.Threads != 0 {
		return c
	}
	o, err := c.Data()
	if err != nil {
		return c // running it says why
	}
	list, err := served(dev, c, o)
	if err != nil || len(list) == 0 {
		return c
	}
	rng := rand.New(rand.NewPCG(c.Seed, 0x616c676f)) // the second word only has to stay as it is
	c.Options.Algorithm = draw(rng, list)
	if !c.Backward {
		return c
	}
	if list, err = host.FilterGradients(dev, c.Problem, c.options(o)); err == nil {
		c.Options.FilterGradient = draw(rng, list)
	}
	return c
}

// served are the algorithms that serve a case with these operands.
func served(dev *host.Device, c Case, o Operands) ([]host.Algorithm, error) {
	if q := o.Quantized; q != nil {
		return host.QuantizedAlgorithms(dev, c.Problem, q.Filters, q.Options)
	}
	return host.Algorithms(dev, c.Problem, c.options(o))
}

// options are those of the case's layer.
func (c Case) options(o Operands) host.LayerOptions {
	options := c.Options
	options.Slopes, options.Exact = o.Slopes, c.Mode == cpuref.Exact
	return options
}

// draw draws one of the algorithms, first its name and then its variant.
func draw(rng *rand.Rand, list []host.Algorithm) string {
	var names []string
	variants := map[string][]host.Algorithm{}
	for _, a := range list {
		if variants[a.Name()] == nil {
			names = append(names, a.Name())
		}
		variants[a.Name()] = append(variants[a.Name()], a)
	}
	of := variants[names[rng.IntN(len(names))]]
	return host.AlgorithmName(of[rng.IntN(len(of))])
}
