package exec

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/gpu"
)

// Memory says which operands share which buffers. Constants are left out: all kernels only read them.
//
// Buffers are shared whole, never by ranges: WebGPU forbids a dispatch to read one range of a buffer and to write
// another one.
type Memory struct {
	Object  []int    // for each operand, the shared object that it lives in, -1 for constants
	Objects []uint64 // bytes of each shared object
	Planned uint64   // bytes of all shared objects
	Naive   uint64   // bytes where each operand has its own
	Bound   uint64   // bytes that are live at once at the worst moment: no plan needs less
}

// life is from the step that first needs an operand to the last one, both included.
type life struct{ from, to int }

func (l life) overlaps(m life) bool { return l.from <= m.to && m.from <= l.to }

// PlanMemory assigns operands to shared objects, the largest first, each to the smallest object in which no operand
// lives at the same time, or to a new one: greedy by size for shared objects, of Pisarchyk and Lee, "Efficient Memory
// Management for Deep Neural Net Inference" (MLSys 2020). Inputs live from before the first step on, for the host
// writes all of them before a run, and outputs until after the last one.
func PlanMemory(p Plan) (Memory, error) {
	m := Memory{Object: make([]int, len(p.Operands))}
	lives, err := lives(p)
	if err != nil {
		return m, err
	}
	var order []int
	for i, o := range p.Operands {
		if m.Object[i] = -1; o.Role != Constant {
			order = append(order, i)
			m.Naive += o.Bytes()
		}
	}
	slices.SortStableFunc(
		order,
		func(a, b int) int { return cmp.Compare(p.Operands[b].Bytes(), p.Operands[a].Bytes()) },
	)
	held := [][]life{} // of each object
	for _, i := range order {
		// Operands come in falling order of size, so every object is large enough, and later ones are smaller.
		at := -1
		for o := range held {
			if !slices.ContainsFunc(held[o], lives[i].overlaps) {
				at = o
			}
		}
		if at < 0 {
			at = len(held)
			held, m.Objects = append(held, nil), append(m.Objects, p.Operands[i].Bytes())
			m.Planned += p.Operands[i].Bytes()
		}
		held[at] = append(held[at], lives[i])
		m.Object[i] = at
	}
	m.Bound = bound(p, lives)
	return m, nil
}

// lives finds when each operand is needed.
func lives(p Plan) ([]life, error) {
	all := make([]life, len(p.Operands))
	for i := range all {
		all[i] = life{len(p.Steps), -1}
	}
	for n, s := range p.Steps {
		for _, u := range s.Uses {
			all[u.Operand].from = min(all[u.Operand].from, n)
			all[u.Operand].to = max(all[u.Operand].to, n)
		}
	}
	for i, o := range p.Operands {
		if all[i].to < 0 && o.Role != Constant {
			return nil, fmt.Errorf("%w: no step uses %s", gpu.ErrMisuse, o.Name)
		}
		switch o.Role {
		case Input:
			all[i].from = -1
		case Output:
			all[i].to = len(p.Steps)
		}
	}
	return all, nil
}

// bound is the most bytes that are live at one moment.
func bound(p Plan, lives []life) (most uint64) {
	for n := -1; n <= len(p.Steps); n++ {
		var now uint64
		for i, o := range p.Operands {
			if o.Role != Constant && lives[i].overlaps(life{n, n}) {
				now += o.Bytes()
			}
		}
		most = max(most, now)
	}
	return most
}
