package algo

import (
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/shaders"
)

// plannedRuns is how many runs by the rules weigh as much as compiling. They are some thirty real ones, since rules
// make more of what kernels differ by than there is: see docs/rules.md.
const plannedRuns = 5

// Together gives the algorithm of each of several layers of one program, by the rules; nil where none serves a layer.
// Where compiling takes long, which on software adapters is longer than many runs, layers share kernels that are
// nearly as good as those of their own. Kernels of settled plans are there anyway. The choice hangs on nothing else,
// so that a program is computed alike each time.
func Together(specs []Spec, settled []Plan, l Limits) []Algorithm {
	c := choosing{machine: MachineOf(l), numbers: map[shaders.Variant]int{}}
	if c.machine.Texture >= c.machine.Load {
		l.MaxTexture = 0 // what reads from textures is never chosen, and need not be weighed
	}
	for _, p := range settled {
		for _, k := range c.kernels(p) {
			c.compiling[k] = 0
		}
	}
	group, known := make([]int, len(specs)), map[Spec]int{}
	for i, s := range specs {
		s.Problem.Name = "" // nothing of how a layer is computed
		at, ok := known[s]
		if !ok {
			at = len(c.layers)
			known[s] = at
			c.layers = append(c.layers, alike{ways: c.ways(Candidates(s, l))})
		}
		c.layers[at].runs += plannedRuns
		group[i] = at
	}
	chosen, all := c.search(), make([]Algorithm, len(specs))
	for i, at := range group {
		if k := chosen[at]; k >= 0 {
			all[i] = c.layers[at].ways[k].algorithm
		}
	}
	return all
}

// choosing is a choice of one way for each layer, so that what all of them take, compiling included, is little.
type choosing struct {
	machine   Machine
	numbers   map[shaders.Variant]int // of the kernels
	compiling []float64               // what each of them takes, 0 of what is there anyway
	layers    []alike
}

// alike are layers that differ in nothing but their place, the way of least cost first.
type alike struct {
	ways []way
	runs float64 // of all of them
}

// way is one way to compute a layer.
type way struct {
	algorithm Algorithm
	cost      float64 // of a run
	kernels   []int
}

// ways are those of the plans, without the direct algorithm's where there are others: it is for what no other serves,
// even where its kernel is there anyway.
func (c *choosing) ways(plans []Plan) (all []way) {
	for i, p := range plans {
		if i > 0 && Is(p.Algorithm, direct{}.Name()) {
			continue
		}
		all = append(all, way{p.Algorithm, p.Cost(c.machine), c.kernels(p)})
	}
	return all
}

// kernels gives the numbers of a plan's kernels, each once, ascending.
func (c *choosing) kernels(p Plan) (numbers []int) {
	for _, step := range p.Steps {
		k, ok := c.numbers[step.Kernel]
		if !ok {
			k = len(c.compiling)
			c.numbers[step.Kernel] = k
			text, _ := shaders.Source(step.Kernel) // which the plan has asked for: there is no error
			size := float64(len(text.WGSL)) / 1000
			c.compiling = append(c.compiling, c.machine.Compile*size*size)
		}
		numbers = append(numbers, k)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// search begins with the quickest way of each layer, and drops a kernel, adds those of one way, or both at once, as
// long as that helps. It gives the way of each layer, -1 where there is none.
func (c *choosing) search() []int {
	open := make([]bool, len(c.compiling))
	for _, l := range c.layers {
		if len(l.ways) > 0 {
			c.set(open, l.ways[0].kernels, true)
		}
	}
	best, chosen := c.total(open)
	for more := c.machine.Compile > 0; more; {
		more = false
		used := c.used(chosen)
		for _, without := range append([]int{-1}, c.listed(used)...) {
			for _, with := range c.sets() {
				trial := slices.Clone(used)
				if without >= 0 {
					trial[without] = false
				}
				c.set(trial, with, true)
				if cost, ways := c.total(trial); cost < best*(1-1e-9) {
					best, chosen, more = cost, ways, true
				}
			}
		}
	}
	return chosen
}

// total is what all takes where layers may have the open kernels alone, infinite where one then has no way, and the
// ways that they take.
func (c *choosing) total(open []bool) (cost float64, chosen []int) {
	for _, l := range c.layers {
		k := slices.IndexFunc(l.ways, func(w way) bool {
			return !slices.ContainsFunc(w.kernels, func(k int) bool { return !open[k] && c.compiling[k] > 0 })
		})
		switch {
		case k >= 0:
			cost += l.runs * l.ways[k].cost
		case len(l.ways) > 0:
			return math.Inf(1), nil
		}
		chosen = append(chosen, k)
	}
	for k, is := range c.used(chosen) {
		if is {
			cost += c.compiling[k]
		}
	}
	return cost, chosen
}

// used are the kernels of the chosen ways.
func (c *choosing) used(chosen []int) []bool {
	used := make([]bool, len(c.compiling))
	for i, k := range chosen {
		if k >= 0 {
			c.set(used, c.layers[i].ways[k].kernels, true)
		}
	}
	return used
}

// sets are the kernels of each way, none among them, each set once.
func (c *choosing) sets() (all [][]int) {
	known := map[string]bool{}
	all = append(all, nil)
	for _, l := range c.layers {
		for _, w := range l.ways {
			if key := fmt.Sprint(w.kernels); !known[key] {
				known[key] = true
				all = append(all, w.kernels)
			}
		}
	}
	return all
}

func (*choosing) set(kernels []bool, which []int, to bool) {
	for _, k := range which {
		kernels[k] = to
	}
}

func (*choosing) listed(kernels []bool) (numbers []int) {
	for k, is := range kernels {
		if is {
			numbers = append(numbers, k)
		}
	}
	return numbers
}
