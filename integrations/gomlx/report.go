package gomlx

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Report says where the nodes of a graph are computed. Parameters and constants are none.
type Report struct {
	Runs        int // of the graph, or of all; 0 of one that was only compiled
	Submissions int // to the GPU in a run, or in all of them
	GPU         map[string]int
	Elsewhere   map[Elsewhere]int
}

// Elsewhere is an operator that the CPU computes, and why the GPU does not.
type Elsewhere struct{ Op, Why string }

// OnGPU is how many nodes the GPU computes.
func (r Report) OnGPU() int { return sum(r.GPU) }

// NotOnGPU is how many nodes are computed elsewhere.
func (r Report) NotOnGPU() int { return sum(r.Elsewhere) }

func sum[K comparable](counts map[K]int) (all int) {
	for _, n := range counts {
		all += n
	}
	return all
}

// String is, for example, 2 nodes on the GPU in 1 submission (ConvGeneral, Max), 1 elsewhere (Log1p: gpuconv has no
// such operator).
func (r Report) String() string {
	var here, there []string
	for _, op := range slices.Sorted(maps.Keys(r.GPU)) {
		here = append(here, times(op, r.GPU[op]))
	}
	byName := func(a, b Elsewhere) int { return strings.Compare(a.Op+a.Why, b.Op+b.Why) }
	for _, e := range slices.SortedFunc(maps.Keys(r.Elsewhere), byName) {
		there = append(there, fmt.Sprintf("%s: %s", times(e.Op, r.Elsewhere[e]), e.Why))
	}
	text := fmt.Sprintf("%s on the GPU in %s%s, %s elsewhere%s", many(r.OnGPU(), "node"),
		many(r.Submissions, "submission"), listed(here, ", "), many(r.NotOnGPU(), ""), listed(there, "; "))
	if r.Runs > 0 {
		text = fmt.Sprintf("%s: %s", many(r.Runs, "run"), text)
	}
	return text
}

// many is, for example, 3 nodes, 1 node, or without a word 3 or none.
func many(n int, of string) string {
	switch {
	case of == "" && n == 0:
		return "none"
	case of == "":
		return fmt.Sprint(n)
	case n == 1:
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

func times(op string, n int) string {
	if n == 1 {
		return op
	}
	return fmt.Sprintf("%d %s", n, op)
}

func listed(all []string, by string) string {
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, by) + ")"
}

// count adds a node.
func (r *Report) count(n *node) {
	if r.GPU == nil {
		r.GPU, r.Elsewhere = map[string]int{}, map[Elsewhere]int{}
	}
	if n.why == "" {
		r.GPU[n.op.String()]++
	} else {
		r.Elsewhere[Elsewhere{n.op.String(), n.why}]++
	}
}

// add adds a run.
func (r *Report) add(of Report) {
	if r.GPU == nil {
		r.GPU, r.Elsewhere = map[string]int{}, map[Elsewhere]int{}
	}
	r.Runs += of.Runs
	r.Submissions += of.Submissions
	for op, n := range of.GPU {
		r.GPU[op] += n
	}
	for e, n := range of.Elsewhere {
		r.Elsewhere[e] += n
	}
}
