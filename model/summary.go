package model

import (
	"slices"

	"github.com/gpuconv/gpuconv/host"
)

// Summary says how a network is computed for one shape of its inputs.
type Summary struct {
	// Nodes are the algorithms, or first kernels, of what runs on the device, in its order.
	Nodes []string
	// Names say what those are: where each stands in its program, and the model's node or the layer that it is.
	Names []string
	// Fused are for each of these the model's nodes, by their place in the graph, that it computes; none of copies.
	Fused [][]int
	// Shapes are those of the tensors that stand in memory or that the host knows, by their names. What is between
	// fused nodes stands nowhere.
	Shapes map[string][]int
	Memory host.Memory
	// Submissions is how many there are in a run: one, or where the host computes a node between others two.
	Submissions int
	// Elsewhere are the nodes that the host computes in each run.
	Elsewhere []string
}

// summary is that of what was compiled.
func (c *compiler) summary(p *host.Program) Summary {
	s := Summary{Nodes: p.Algorithms(), Names: p.Nodes(), Memory: p.Memory(), Submissions: 1,
		Shapes: map[string][]int{}}
	before := p.FusedNames()
	for i, name := range p.Names() {
		all := []int{}
		for _, n := range append(slices.Clone(c.doing[before[i]].nodes), c.doing[name].nodes...) {
			all = append(all, n.index)
		}
		s.Fused = append(s.Fused, all)
	}
	for name, v := range c.values {
		s.Shapes[name] = slices.Clone(v.shape())
	}
	return s
}
