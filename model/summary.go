package model

import "github.com/gpuconv/gpuconv/host"

// Summary says how a network is computed for one shape of its inputs.
type Summary struct {
	// Nodes are the algorithms, or first kernels, of what runs on the device, in its order.
	Nodes []string
	// Names say what those are: where each stands in its program, and the model's node or the layer that it is.
	Names  []string
	Memory host.Memory
	// Submissions is how many there are in a run: one, or where the host computes a node between others two.
	Submissions int
	// Elsewhere are the nodes that the host computes in each run.
	Elsewhere []string
}

func summaryOf(p *host.Program) Summary {
	return Summary{Nodes: p.Algorithms(), Names: p.Nodes(), Memory: p.Memory(), Submissions: 1}
}
