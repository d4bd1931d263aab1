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
	Object   []int    // for each operand, the shared object that it lives in, -1 for constants
	Objects  []uint64 // bytes of each shared object
	Planned  uint64   // bytes of all shared objects
	Naive    uint64   // bytes where each operand has its own
	Bound    uint64   // no plan that shares buffers whole needs less: see largest
	Live     uint64   // bytes that are live at once at the worst moment: no plan at all needs less
	Textures uint64   // bytes of the textures that steps share, beside all of these
}

// life is from the step that first needs an operand to the last one, both included.
type life struct{ from, to int }

func (l life) overlaps(m life) bool { return l.from <= m.to && m.from <= l.to }

// tenant is an operand that needs memory.
type tenant struct {
	life
	operand int
	bytes   uint64
}

// PlanMemory assigns operands to shared objects, so that no two of one object are needed at one time and all objects
// together are small: see assigned. Inputs live from before the first step on, for the host writes all of them before
// a run, outputs until after the last one, and state all the time. Of one plan it gives the same each time.
func PlanMemory(p Plan) (Memory, error) {
	m := Memory{Object: make([]int, len(p.Operands))}
	lives, err := lives(p)
	if err != nil {
		return m, err
	}
	var all []tenant
	for i, o := range p.Operands {
		if m.Object[i] = -1; o.Role != Constant {
			all = append(all, tenant{lives[i], i, o.Bytes()})
			m.Naive += o.Bytes()
		}
	}
	largest, live := largest(all, len(p.Steps))
	m.Live = live
	for _, bytes := range largest {
		m.Bound += bytes
	}
	for at, held := range assigned(all, largest) {
		for _, t := range held {
			m.Object[t.operand] = at
		}
		m.Objects = append(m.Objects, held.bytes())
		m.Planned += held.bytes()
	}
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
		if o.Role == Input || o.Role == State {
			all[i].from = -1
		}
		if o.Role == Output || o.Role == State {
			all[i].to = len(p.Steps)
		}
	}
	return all, nil
}

// largest gives, for each k, the most bytes that the k-th largest of the tenants which are live at one moment has. The
// k-th largest object of any plan is as large, so these add up to a bound: each of the k of them needs an object of
// its own then (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", MLSys 2020, 4.1). live
// is the most bytes that are live at one moment.
func largest(all []tenant, steps int) (sizes []uint64, live uint64) {
	for n := -1; n <= steps; n++ {
		var now []uint64
		sum := uint64(0)
		for _, t := range all {
			if t.overlaps(life{n, n}) {
				now = append(now, t.bytes)
				sum += t.bytes
			}
		}
		slices.SortFunc(now, func(a, b uint64) int { return cmp.Compare(b, a) })
		for k, bytes := range now {
			if k == len(sizes) {
				sizes = append(sizes, 0)
			}
			sizes[k] = max(sizes[k], bytes)
		}
		live = max(live, sum)
	}
	return sizes, live
}
