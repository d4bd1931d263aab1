package exec

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// drawn is a plan of a chain of steps, each of which reads a few operands of the steps before it and writes one.
func drawn(rng *rand.Rand, steps int) (p Plan) {
	add := func(role Role) int {
		return p.Add(Operand{Name: "volume", Role: role, Count: int64(1 + rng.IntN(1000)), DType: shaders.Float32})
	}
	volumes := []int{add(Input)}
	constant := add(Constant)
	for i := range steps {
		role := Scratch
		if i == steps-1 {
			role = Output
		}
		uses := []Use{Whole(volumes[len(volumes)-1]), Whole(volumes[rng.IntN(len(volumes))]), Whole(constant)}
		to := add(role)
		p.Dispatch(shaders.ReLU, nil, 1, append(uses, Whole(to))...)
		volumes = append(volumes, to)
	}
	return p
}

// liveAt tells, apart from the planner, whether an operand is needed at a step: between a use before or at it, or
// being an input, and a use at it or behind, or being an output.
func liveAt(p Plan, operand, step int) bool {
	before, behind := p.Operands[operand].Role == Input, p.Operands[operand].Role == Output
	written := false
	for n, s := range p.Steps {
		for _, u := range s.Uses {
			if u.Operand != operand {
				continue
			}
			written = written || n <= step
			before, behind = before || n <= step, behind || n >= step
		}
	}
	return before && behind && (written || p.Operands[operand].Role == Input)
}

// TestPlanMemory holds that no two operands that are needed at once share an object, that objects are large enough,
// and that what is reported adds up.
func TestPlanMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	shared := 0
	for range 200 {
		p := drawn(rng, 1+rng.IntN(30))
		m, err := PlanMemory(p)
		if err != nil {
			t.Fatal(err)
		}
		var planned, naive, bound, most uint64
		for _, size := range m.Objects {
			planned += size
		}
		for i, o := range p.Operands {
			if (m.Object[i] < 0) != (o.Role == Constant) {
				t.Fatalf("operand %d of role %d is in object %d", i, o.Role, m.Object[i])
			}
			if o.Role == Constant {
				continue
			}
			if naive += o.Bytes(); m.Objects[m.Object[i]] < o.Bytes() {
				t.Fatalf("operand %d of %d bytes is in an object of %d", i, o.Bytes(), m.Objects[m.Object[i]])
			}
		}
		var kth []uint64 // the most that the k-th largest of those that are live at one step has
		for step := range p.Steps {
			holder, live := map[int]int{}, uint64(0)
			var sizes []uint64
			for i, o := range p.Operands {
				if o.Role == Constant || !liveAt(p, i, step) {
					continue
				}
				if j, taken := holder[m.Object[i]]; taken {
					t.Fatalf("operands %d and %d share object %d at step %d", i, j, m.Object[i], step)
				}
				holder[m.Object[i]] = i
				live += o.Bytes()
				sizes = append(sizes, o.Bytes())
			}
			most = max(most, live)
			slices.Sort(sizes)
			slices.Reverse(sizes)
			kth = append(kth, make([]uint64, max(0, len(sizes)-len(kth)))...)
			for k, bytes := range sizes {
				kth[k] = max(kth[k], bytes)
			}
		}
		for _, bytes := range kth {
			bound += bytes
		}
		if m.Planned != planned || m.Naive != naive || m.Bound != bound || m.Live != most ||
			planned < bound || bound < most || planned > naive {
			t.Errorf("planned %d, naive %d, bound %d, live %d, must be %d, %d, %d, %d, each within the ones before it",
				m.Planned, m.Naive, m.Bound, m.Live, planned, naive, bound, most)
		}
		if planned < naive {
			shared++
		}
	}
	if shared < 100 {
		t.Errorf("%d of 200 plans share memory", shared)
	}
}

// TestPlanMemoryRefuses holds that memory which no step uses is a fault of the plan.
func TestPlanMemoryRefuses(t *testing.T) {
	p := drawn(rand.New(rand.NewPCG(1, 2)), 3)
	p.Scratch("nobody's", 4)
	if _, err := PlanMemory(p); !errors.Is(err, gpu.ErrMisuse) {
		t.Errorf("%v, must wrap ErrMisuse", err)
	}
}
