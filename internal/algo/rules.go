package algo

// machine is what costs are estimated with, where nothing was measured. The unit is one multiply-add of
// one thread.
type machine struct {
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
func machineOf(l Limits) machine {
	if l.Software {
		return machine{load: 60, uniform: 40, store: 12, address: 100, dispatch: 1e6, shared: 150, barrier: 1500, threads: 16}
	}
	return machine{load: 16, uniform: 16, store: 4, address: 20, dispatch: 1e8, shared: 2, barrier: 30, threads: 16384}
}

// occupied is the cost of so many threads of equal cost.
func (m machine) occupied(threads, each float64) float64 { return max(threads, m.threads) * each }
