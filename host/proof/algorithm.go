package proof

import (
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
)

// WithAlgorithm is the case computed by one of the algorithms that serve it on dev, which its seed draws:
// each name is as likely as any other, however many variants it has. A case that names an algorithm or
// threads, or that none serves, stays as it is.
func (c Case) WithAlgorithm(dev *host.Device) Case {
	if c.Options.Algorithm != "" || c.Options.Threads != 0 {
		return c
	}
	o, err := c.Data()
	if err != nil {
		return c // running it says why
	}
	options := c.Options
	options.Slopes, options.Exact = o.Slopes, c.Mode == cpuref.Exact
	list, err := host.Algorithms(dev, c.Problem, options)
	if err != nil || len(list) == 0 {
		return c
	}
	var names []string
	variants := map[string][]host.Algorithm{}
	for _, a := range list {
		if variants[a.Name()] == nil {
			names = append(names, a.Name())
		}
		variants[a.Name()] = append(variants[a.Name()], a)
	}
	rng := rand.New(rand.NewPCG(c.Seed, 0x616c676f)) // the second word only has to stay as it is
	of := variants[names[rng.IntN(len(names))]]
	c.Options.Algorithm = host.AlgorithmName(of[rng.IntN(len(of))])
	return c
}
