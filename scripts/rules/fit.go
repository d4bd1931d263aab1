package main

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"

	"github.com/gpuconv/gpuconv/internal/algo"
)

const (
	seed       = 1
	coarse     = 6000 // evaluations until estimates err the least
	fine       = 1500 // and from there, until choices lose the least
	population = 24
	step       = 0.5  // by which the logarithms of figures are varied at first
	regression = 0.1  // what an error of estimates counts beside the time that choices lose
	pull       = 1e-5 // towards the figures before
	folds      = 4    // in which layers are held out
	gain       = 1.01 // by which fitted figures must be quicker on layers held out
)

// current are the figures in rules.go.
func current(software bool) algo.Machine { return algo.MachineOf(limits(software)) }

// figures are the fields of a machine.
func figures(m *algo.Machine) []*float64 {
	return []*float64{&m.Load, &m.Uniform, &m.Texture, &m.Store, &m.Address, &m.Neuron, &m.Transform, &m.Dispatch,
		&m.Shared, &m.Barrier, &m.Threads}
}

// scaled are the figures of m times e to the power of x.
func scaled(m algo.Machine, x []float64) algo.Machine {
	for i, f := range figures(&m) {
		*f *= math.Exp(x[i])
	}
	return m
}

// rounded has two digits of each figure: more are noise.
func rounded(m algo.Machine) algo.Machine {
	for _, f := range figures(&m) {
		*f, _ = strconv.ParseFloat(strconv.FormatFloat(*f, 'e', 1, 64), 64)
	}
	return m
}

// loss is the logarithm of how many times as long the choices take as the best candidates, a geometric mean over
// layers.
func (all layers) loss(m algo.Machine) float64 { return all.estimates(m).loss }

// estimates are how well a machine's figures do.
type estimates struct {
	loss   float64
	errors float64 // how far costs are from proportional to times: see errorsOf
}

// objective is what is minimized: the time that choices lose, and where that does not tell figures apart the errors of
// the estimates.
func (e estimates) objective() float64 { return e.loss + regression*e.errors }

// estimates takes each candidate's cost once: they are what takes time here.
func (all layers) estimates(m algo.Machine) (e estimates) {
	logs := map[string][]float64{} // of time over cost, by file
	weights := map[string][]float64{}
	for _, l := range all {
		least, chosen := math.Inf(1), 0.0
		best := l.best()
		for _, c := range l.candidates {
			cost := c.cost(m)
			if cost < least {
				least, chosen = cost, c.ms
			}
			logs[l.file] = append(logs[l.file], math.Log(c.ms/cost))
			weights[l.file] = append(weights[l.file], math.Sqrt(best/c.ms))
		}
		e.loss += math.Log(chosen/best) / float64(len(all))
	}
	e.errors = errorsOf(logs, weights)
	return e
}

// errorsOf is how far logarithms are from the same one for all of a file: a mean that bounds what one bad measurement
// counts. Candidates count the less the slower they are.
func errorsOf(logs, weights map[string][]float64) float64 {
	var sum, all float64
	for _, file := range slices.Sorted(maps.Keys(logs)) { // in one order: sums round
		unit := stat.Mean(logs[file], weights[file])
		for i, log := range logs[file] {
			sum += weights[file][i] * math.Log1p((log-unit)*(log-unit))
			all += weights[file][i]
		}
	}
	return sum / all
}

// fit varies figures: first until estimates have the least errors, then from there until choices lose the least.
// Figures of which the results tell nothing stay what they are in start, and so do all where nothing better is found.
func fit(all layers, start algo.Machine) algo.Machine {
	best := start
	near := all.minimize(start, coarse, step, func(e estimates) float64 { return e.errors })
	last := all.minimize(near, fine, step/5, estimates.objective)
	for _, m := range []algo.Machine{rounded(near), rounded(last)} {
		if all.estimates(m).objective() < all.estimates(best).objective() {
			best = m
		}
	}
	return best
}

// minimize varies the logarithms of the figures of start, by so much at first.
func (all layers) minimize(
	start algo.Machine, evaluations int, step float64, of func(estimates) float64,
) algo.Machine {
	problem := optimize.Problem{Func: func(x []float64) float64 {
		far := floats.Dot(x, x)
		if far > 1000 { // a figure that has left all sense, before it overflows
			return math.Inf(1)
		}
		return of(all.estimates(scaled(start, x))) + pull*far
	}}
	method := &optimize.CmaEsChol{InitStepSize: step, Population: population, Src: rand.NewPCG(seed, seed)}
	settings := &optimize.Settings{FuncEvaluations: evaluations, Converger: optimize.NeverTerminate{}}
	found, err := optimize.Minimize(problem, make([]float64, len(figures(&start))), settings, method)
	if err != nil || found == nil {
		return start
	}
	return scaled(start, found.X)
}

// choice is what the fit came to.
type choice struct {
	before, fitted  algo.Machine
	heldOut, stayed float64 // losses on layers held out, of figures fitted to the others and of those before
	better          bool    // the fitted figures are to be taken
}

// choose fits figures, and says whether they are better than those before on layers that they were not fitted to.
func choose(all layers, before algo.Machine) choice {
	c := choice{before: before, fitted: fit(all, before), stayed: all.loss(before)}
	for fold := range folds {
		kept, held := all.fold(fold)
		if len(held) == 0 || len(kept) == 0 {
			continue
		}
		c.heldOut += held.loss(fit(kept, before)) * float64(len(held)) / float64(len(all))
	}
	names := all.names()
	c.better = len(names) >= folds && c.stayed-c.heldOut > math.Log(gain)
	return c
}

// names are the layers', each once.
func (all layers) names() (names []string) {
	for _, l := range all {
		if !slices.Contains(names, l.name) {
			names = append(names, l.name)
		}
	}
	return names
}

// fold holds out every so many layers, in all files.
func (all layers) fold(which int) (kept, held layers) {
	names := all.names()
	for _, l := range all {
		if slices.Index(names, l.name)%folds == which {
			held = append(held, l)
		} else {
			kept = append(kept, l)
		}
	}
	return kept, held
}
