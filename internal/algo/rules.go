package algo

// Machine is what costs are estimated with, where nothing was measured. The unit is one multiply-add of
// one thread.
type Machine struct {
	Load      float64 // of a number or a vector from the device's memory
	Uniform   float64 // of a vector from a uniform buffer
	Texture   float64 // of a vector from a texture
	Copy      float64 // of a vector to a texture, by the device itself
	Store     float64 // of a number
	Address   float64 // of what a neuron reads with the next tap
	Neuron    float64 // of finding where a neuron stands, which takes divisions
	Transform float64 // of a number of a transform: its load, its store and its part of the sums
	Dispatch  float64
	Shared    float64 // of a fragment of 8 numbers from workgroup memory
	Barrier   float64
	Threads   float64 // that the device runs at once: it takes no longer for fewer
	Lanes     float64 // threads that go on together: a workgroup of fewer takes as long
	Halves    float64 // of reading and writing float16 in kernels for float32, as a part of all that they cost
	Bytes     float64 // the same of reading int8
	// Compile is of a kernel of a thousand bytes of text, and grows with the square of the text; 0 where it is not
	// weighed. Alone of these it is no part of a run.
	Compile float64
}

// MachineOf is the machine that a device is taken for. Software adapters gather the loads of a vector of
// threads one by one, and swap threads at barriers; a GPU hides most of a load behind other threads, of
// which it needs very many. The figures of GPUs are fitted to an H100 and an H200, those of software set by
// eye. scripts/rules fits figures to results of gpuconv bench, and prints them as they stand here: see docs/rules.md.
func MachineOf(l Limits) Machine {
	if l.Software {
		m := Machine{
			Load:      60,
			Uniform:   40,
			Texture:   9,
			Copy:      40,
			Store:     20,
			Address:   100,
			Neuron:    500,
			Transform: 120,
			Dispatch:  1e6,
			Shared:    150,
			Barrier:   1500,
			Threads:   16,
			Lanes:     1,
			Halves:    0.05,
			Bytes:     0.05,
			Compile:   3e4,
		}
		if l.SwiftShader { // to which a texture is no better than a buffer
			m.Texture, m.Store, m.Neuron, m.Transform = 60, 12, 0, 55
			m.Halves, m.Compile = 0.5, 2e6
		}
		return m
	}
	return Machine{
		Load:      33,
		Uniform:   8.4,
		Texture:   33,
		Copy:      66,
		Store:     24,
		Address:   1.4,
		Transform: 35,
		Dispatch:  6e7,
		Shared:    0.2,
		Barrier:   2.5,
		Threads:   15000,
		Lanes:     32,
	}
}

// idle is how many lanes there are for one of a workgroup's threads.
func (m Machine) idle(threads uint32) float64 { return max(1, m.Lanes/float64(threads)) }

// parts is the cost of adding up so many parts of each of count sums, nothing for one.
func (m Machine) parts(count int64, splitK uint32) float64 {
	if splitK == 1 {
		return 0
	}
	return m.occupied(float64(count), m.Load*float64(splitK+1))
}

// occupied is the cost of so many threads of equal cost.
func (m Machine) occupied(threads, each float64) float64 { return max(threads, m.Threads) * each }
