package exec

import (
	"cmp"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// leastByTrying is the fewest bytes that objects can take, found by putting each operand into each object and into one
// of its own.
func leastByTrying(p Plan) uint64 {
	both, which := together(p)
	var members [][]int
	best := ^uint64(0)
	var try func(at int)
	try = func(at int) {
		if at == len(which) {
			var sum uint64
			for _, o := range members {
				var most uint64
				for _, i := range o {
					most = max(most, p.Operands[i].Bytes())
				}
				sum += most
			}
			best = min(best, sum)
			return
		}
		for k := range len(members) {
			o := members[k]
			if slices.ContainsFunc(o, func(i int) bool { return both[i][which[at]] }) {
				continue
			}
			members[k] = append(o[:len(o):len(o)], which[at])
			try(at + 1)
			members[k] = o
		}
		members = append(members, []int{which[at]})
		try(at + 1)
		members = members[:len(members)-1]
	}
	try(0)
	return best
}

// together tells, for each two operands, whether they are needed at one step, and gives those that need memory.
func together(p Plan) (both [][]bool, which []int) {
	live := make([][]bool, len(p.Operands))
	for i, o := range p.Operands {
		for step := range p.Steps {
			live[i] = append(live[i], liveAt(p, i, step))
		}
		if o.Role != Constant {
			which = append(which, i)
		}
	}
	both = make([][]bool, len(p.Operands))
	for i := range both {
		both[i] = make([]bool, len(p.Operands))
		for j := range both {
			for step := range p.Steps {
				both[i][j] = both[i][j] || live[i][step] && live[j][step]
			}
		}
	}
	return both, which
}

// bySize is what assigning the largest first to any free object takes, which is what was planned before.
func bySize(p Plan) (planned uint64) {
	both, left := together(p)
	var held [][]int
	slices.SortStableFunc(left,
		func(i, j int) int { return cmp.Compare(p.Operands[j].Bytes(), p.Operands[i].Bytes()) })
	for _, i := range left {
		at := -1
		for k, o := range held {
			if !slices.ContainsFunc(o, func(j int) bool { return both[i][j] }) {
				at = k
			}
		}
		if at < 0 {
			at, planned = len(held), planned+p.Operands[i].Bytes()
			held = append(held, nil)
		}
		held[at] = append(held[at], i)
	}
	return planned
}

// TestLeastMemory holds that small plans take the least memory there is, and larger ones no more than by size, near
// the bound.
func TestLeastMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	smaller := 0
	for range 300 {
		p := drawn(rng, 2+rng.IntN(7))
		want := leastByTrying(p)
		m, err := PlanMemory(p)
		if err != nil || m.Planned != want {
			t.Fatalf("planned %d, %v, must be %d: %v", m.Planned, err, want, m.Object)
		}
		if want < bySize(p) {
			smaller++
		}
	}
	if smaller < 20 {
		t.Errorf("%d of 300 small plans take less than by size, must be 20 or more", smaller)
	}
}

// TestLargePlans holds what larger plans take.
func TestLargePlans(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var planned, before, bound float64
	for _, steps := range []int{40, 60, 100, 200} {
		p := drawn(rng, steps)
		m, err := PlanMemory(p)
		if err != nil {
			t.Fatal(err)
		}
		greedy := bySize(p)
		if t.Logf("%d steps: planned %d, by size %d, bound %d", steps, m.Planned, greedy,
			m.Bound); m.Planned > greedy {
			t.Errorf("%d steps: %d bytes, by size %d", steps, m.Planned, greedy)
		}
		planned, before, bound = planned+float64(m.Planned), before+float64(greedy), bound+float64(m.Bound)
		if again, err := PlanMemory(p); err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%d steps planned again: %+v, %v, was %+v", steps, again, err, m)
		}
	}
	if planned > 1.05*bound || planned >= before {
		t.Errorf("%g bytes, by size %g, bound %g", planned, before, bound)
	}
}

// BenchmarkPlanMemory plans a thousand operands.
func BenchmarkPlanMemory(b *testing.B) {
	p := drawn(rand.New(rand.NewPCG(7, 8)), 1000)
	for b.Loop() {
		if _, err := PlanMemory(p); err != nil {
			b.Fatal(err)
		}
	}
}
