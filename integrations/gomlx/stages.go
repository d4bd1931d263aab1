package gomlx

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/backends"
)

// stage is nodes that are computed together, on the GPU or elsewhere, given what the stages before have computed.
type stage struct {
	gpu     bool
	nodes   []*node
	inputs  []*value // but for constants that the stage has itself
	outputs []*value // that later stages read, or the graph gives
	kept    bool     // a later stage on the GPU reads one of the outputs
	runs    runner
}

// runner computes a stage.
type runner interface {
	run(h *held) error
	close() error
}

// needed are the nodes that outputs follow from, in their order.
func (b *Builder) needed(outputs []*value) []*node {
	wanted := map[*node]bool{}
	for _, v := range outputs {
		wanted[v.node] = true
	}
	var all []*node
	for _, n := range slices.Backward(b.nodes) {
		if !wanted[n] {
			continue
		}
		all = append(all, n)
		for _, v := range n.inputs {
			wanted[v.node] = true
		}
	}
	slices.Reverse(all)
	return all
}

// cut divides nodes into stages: as few as it takes where each node goes into the first that it can. Stages on the GPU
// that only move numbers are elsewhere after all.
func cut(nodes []*node, outputs []*value) []*stage {
	for {
		stages := divide(nodes)
		again := false
		for _, s := range stages {
			if s.gpu && !slices.ContainsFunc(s.nodes, func(n *node) bool { return !n.moves }) {
				again = true
				for _, n := range s.nodes {
					n.why = "it only moves numbers, and nothing beside it computes"
				}
			}
		}
		if !again {
			connect(stages, outputs)
			return stages
		}
	}
}

// divide gives stages of nodes, elsewhere and on the GPU in turns, without those that have none.
func divide(nodes []*node) (stages []*stage) {
	level := map[*node]int{}
	var all []*stage
	for _, n := range nodes {
		if n.source {
			continue
		}
		own := 0 // elsewhere are the even ones
		if n.why == "" {
			own = 1
		}
		for _, v := range n.inputs {
			if v.node.source {
				continue
			}
			if before := level[v.node]; before >= own {
				own = before + (before-own)%2
			}
		}
		level[n] = own
		for len(all) <= own {
			all = append(all, &stage{gpu: len(all)%2 == 1})
		}
		all[own].nodes = append(all[own].nodes, n)
	}
	for _, s := range all {
		if len(s.nodes) > 0 {
			stages = append(stages, s)
		}
	}
	return stages
}

// connect finds what stages read and give.
func connect(stages []*stage, outputs []*value) {
	by := map[*node]*stage{}
	for _, s := range stages {
		for _, n := range s.nodes {
			by[n] = s
		}
	}
	give := func(v *value, toGPU bool) {
		s := by[v.node]
		if s == nil {
			return
		}
		s.kept = s.kept || toGPU
		if !slices.Contains(s.outputs, v) {
			s.outputs = append(s.outputs, v)
		}
	}
	for _, s := range stages {
		for _, n := range s.nodes {
			for _, v := range n.inputs {
				if by[v.node] == s || s.has(v.node) || slices.Contains(s.inputs, v) {
					continue
				}
				s.inputs = append(s.inputs, v)
				give(v, s.gpu)
			}
		}
	}
	for _, v := range outputs {
		give(v, false)
	}
}

// has tells whether the stage has the constant itself.
func (s *stage) has(n *node) bool {
	return n.source && n.constant != nil && (!s.gpu || n.embedded())
}

// Compile makes the graph that gives these values. The error names the node that cannot be computed.
func (b *Builder) Compile(outputs []backends.Op, shardings []*backends.ShardingSpec) (backends.Executable, error) {
	if len(shardings) > 0 {
		return nil, fmt.Errorf("graph %q: backend gpuconv has one device, and no sharding", b.name)
	}
	given, err := b.values(outputs...)
	if err != nil {
		return nil, fmt.Errorf("compiling graph %q: %w", b.name, err)
	}
	b.compiled = true
	nodes := b.needed(given)
	e := &Executable{backend: b.backend, name: b.name, parameters: b.parameters, outputs: given}
	if e.stages, err = b.stages(nodes, given); err == nil {
		err = e.prepare(nodes)
	}
	if err == nil {
		err = b.backend.hold(e)
	}
	if err != nil {
		e.closeStages()
		return nil, fmt.Errorf("compiling graph %q: %w", b.name, err)
	}
	return e, nil
}

// stages cuts the nodes and builds what computes them. What gpuconv refuses goes elsewhere, and says why.
func (b *Builder) stages(nodes []*node, outputs []*value) ([]*stage, error) {
	for {
		stages, again := cut(nodes, outputs), false
		for _, s := range stages {
			var err error
			if !s.gpu {
				s.runs, err = b.backend.elsewhere(s)
			} else if s.runs, err = b.backend.network(b.name, s); err != nil {
				again, err = true, b.blame(s, err)
			}
			if err != nil || again {
				closeAll(stages)
			}
			if err != nil {
				return nil, err
			}
			if again {
				break
			}
		}
		if !again {
			return stages, nil
		}
	}
}

// blame marks the nodes of a stage that the GPU refuses: those that it refuses alone, or all.
func (b *Builder) blame(s *stage, why error) error {
	found := false
	for _, n := range s.nodes {
		alone := &stage{gpu: true, nodes: []*node{n}, outputs: n.outputs}
		for _, v := range n.inputs {
			if !alone.has(v.node) && !slices.Contains(alone.inputs, v) {
				alone.inputs = append(alone.inputs, v)
			}
		}
		runs, err := b.backend.network(b.name, alone)
		if err != nil {
			n.why, found = fmt.Sprintf("gpuconv refuses it: %v", err), true
			continue
		}
		if err := runs.close(); err != nil {
			return err
		}
	}
	if found {
		return nil
	}
	for _, n := range s.nodes {
		n.why = fmt.Sprintf("gpuconv refuses the nodes that are computed with it: %v", why)
	}
	return nil
}

func closeAll(stages []*stage) error {
	var all []error
	for _, s := range stages {
		if s.runs != nil {
			all = append(all, s.runs.close())
			s.runs = nil
		}
	}
	return errors.Join(all...)
}
