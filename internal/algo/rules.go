package algo

// Machine is what costs are estimated with, where nothing was measured. The unit is one multiply-add of
// one thread.
type Machine struct {
	Load     float64 // of a number or a vector from the device's memory
	Uniform  float64 // of a vector from a uniform buffer
	Store    float64 // of a number
	Address  float64 // of what a neuron reads with the next tap
	Dispatch float64
	Shared   float64 // of a fragment of 8 numbers from workgroup memory
	Barrier  float64
	Threads  float64 // that the device runs at once: it takes no longer for fewer
}

// MachineOf is the machine that a device is taken for. Software adapters gather the loads of a vector of
// threads one by one, and swap threads at barriers; a GPU hides most of a load behind other threads, of
// which it needs very many. The figures of GPUs are guesses that no GPU has seen yet. scripts/rules fits
// figures to results of gpuconv bench, and prints them as they stand here: see docs/rules.md.
func MachineOf(l Limits) Machine {
	if l.Software {
		return Machine{
			Load:     60,
			Uniform:  40,
			Store:    12,
			Address:  100,
			Dispatch: 1e6,
			Shared:   150,
			Barrier:  1500,
			Threads:  16,
		}
	}
	return Machine{Load: 16, Uniform: 16, Store: 4, Address: 20, Dispatch: 1e8, Shared: 2, Barrier: 30, Threads: 16384}
}

// occupied is the cost of so many threads of equal cost.
func (m Machine) occupied(threads, each float64) float64 { return max(threads, m.Threads) * each }
