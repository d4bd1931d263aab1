package host

import (
	"cmp"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// machine is what costs are estimated with, where nothing was measured. The unit is one multiply-add of
// one thread.
type machine struct {
	software bool

	load     float64 // of a number or a vector from the device's memory
	uniform  float64 // of a vector from a uniform buffer
	store    float64 // of a number
	address  float64 // of what a neuron reads with the next tap
	dispatch float64
	shared   float64 // of a fragment of 8 numbers from workgroup memory
	barrier  float64
	threads  float64 // that the device runs at once: it takes no longer for fewer
}

// Software adapters gather the loads of a vector of threads one by one, and swap threads at barriers; a
// GPU hides most of a load behind other threads, of which it needs very many. The figures are fitted by
// eye to measurements of llvmpipe and SwiftShader; those of GPUs are guesses that no GPU has seen yet.
func machineOf(info gpu.AdapterInfo) machine {
	if info.Type == gpu.Software {
		return machine{software: true, load: 60, uniform: 40, store: 12, address: 100, dispatch: 1e6, shared: 150, barrier: 1500, threads: 16}
	}
	return machine{load: 16, uniform: 16, store: 4, address: 20, dispatch: 1e8, shared: 2, barrier: 30, threads: 16384}
}

// byRule puts the algorithm first that is likely the quickest, knowing nothing but the problem and the
// kind of adapter.
func byRule(list []algorithm, info gpu.AdapterInfo, p conv.Problem) []algorithm {
	m := machineOf(info)
	costs := map[algorithm]float64{}
	for _, a := range list {
		costs[a] = a.cost(p, m)
	}
	slices.SortStableFunc(list, func(a, b algorithm) int { return cmp.Compare(costs[a], costs[b]) })
	return list
}

// occupied is the cost of so many threads of equal cost.
func (m machine) occupied(threads, each float64) float64 { return max(threads, m.threads) * each }

func (a direct) cost(p conv.Problem, m machine) float64 {
	steps := float64(p.TapsPerOutput())/float64(a.threads) + 1
	return m.occupied(float64(p.OutLen())*float64(a.threads), steps*(2*m.load+10)+8*m.barrier/float64(a.threads))
}

func (a tiled) cost(p conv.Problem, m machine) float64 {
	steps := float64(taps(p)) * float64(packedInputs(p, a.tiles)) / float64(a.tiles.Step()) / float64(a.parts)
	var threads, neurons, slices, step float64
	switch t := a.tiles.(type) {
	case shaders.Registers:
		threads, neurons, slices = float64(t.Threads), float64(t.Pixels), float64(t.Channels)
		weight := m.load
		if t.Uniform {
			weight = m.uniform
		}
		step = float64(t.Pixels*t.Channels*t.Vector) + m.load*float64(t.Pixels) + weight*float64(t.Channels*t.Vector/4)
	case shaders.Shared:
		threads, neurons, slices = float64(t.Threads()), 8, 8
		loads := 4*len(t.XGroups()) + len(t.WLoads())
		step = float64(t.Depth)*(64+2*m.shared) + m.load*float64(loads) + m.shared*float64(loads) + 2*m.barrier
	}
	ends := neurons * (slices*m.store + float64(taps(p))*m.address)
	cost := m.occupied(float64(a.rows(p)*a.columns(p)*int64(a.parts))*threads, steps*step+ends)
	if a.uniform() {
		cost += m.dispatch * float64(a.columns(p)*a.columnBytes(p)/shaders.UniformBytes)
	}
	if a.parts > 1 {
		cost += m.occupied(float64(p.OutLen()), m.load*float64(a.parts+1))
	}
	return cost
}

func (a transformed) cost(p conv.Problem, m machine) float64 {
	cost := a.product.cost(a.layerOfProducts(p), m)
	to := plain(p)
	if to != p {
		cost += m.occupied(float64(to.InLen()), 2*m.load)
	}
	before, behind := a.passes(to, conv.Epilogue{}, m.software)
	for _, pass := range append(before, behind...) {
		cost += m.occupied(float64(pass.params.Outputs), float64(pass.numbers)*(0.75*m.load+10))
	}
	return cost
}

func (a sliding) cost(p conv.Problem, m machine) float64 {
	neurons, taps, inputs := float64(a.Strip*a.Rows), float64(a.Filter*a.Filter), 1.0
	if a.Grouped {
		inputs = 4
	}
	loads := float64(len(a.Columns()))*float64((a.Rows-1)*a.Stride+a.Filter) + taps*inputs
	return m.occupied(float64(stripsOf(p, a.Strip, a.Rows, 4)), 4*neurons*taps*inputs+m.load*loads)
}

func (a depthwise) cost(p conv.Problem, m machine) float64 {
	taps := float64(p.TapsPerOutput())
	return m.occupied(float64(stripsOf(p, a.Strip, 1, 4)), 4*float64(a.Strip)*taps+m.load*taps*(1+float64(a.Strip*4/a.Vector)))
}

func (a stem) cost(p conv.Problem, m machine) float64 {
	taps := float64(p.TapsPerOutput())
	loads := float64(len(a.Columns()))*float64(a.Inputs()*((a.Rows-1)*a.Stride+a.Filter)) + taps*float64(a.Channels/4)
	return m.occupied(float64(stripsOf(p, a.Strip, a.Rows, a.Channels)), float64(a.Strip*a.Rows*a.Channels)*taps+m.load*loads)
}
