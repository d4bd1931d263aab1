package exec

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// Role is who writes an operand.
type Role int

// The roles.
const (
	Input    Role = iota // the host, before a run
	Constant             // the host, once
	Scratch              // kernels, for each other
	Output               // kernels, for the host
	State                // the host once, and kernels: each run finds it as the last one left it
)

// Operand is memory that a plan's kernels read or write.
type Operand struct {
	Name  string // for people: "the input volume X"
	Role  Role
	Count int64 // numbers
	DType shaders.DType
	Usage gpu.Usage // Uniform where kernels read it from a uniform buffer
	// Fill gives a constant's words, the same each time that it is asked. Once a session is open it is asked again
	// only where its words are no longer those, and may then be nil: see [Session.Release].
	Fill func() ([]uint32, error)
}

// Bytes is the size of the operand's numbers, in whole words.
func (o Operand) Bytes() uint64 { return 4 * uint64(WordsOf(o.DType, o.Count)) }

// WordsOf is how many words so many numbers take.
func WordsOf(t shaders.DType, count int64) int64 {
	switch t {
	case shaders.Float16:
		return (count + 1) / 2
	case shaders.Int8:
		return (count + 3) / 4
	}
	return count
}

// Use is an operand at a binding, or a part of one.
type Use struct {
	Operand      int    // its index in the plan
	Offset, Size uint64 // bytes; a Size of 0 is all of it
}

// Whole uses all of an operand.
func Whole(operand int) Use { return Use{Operand: operand} }

// Step is one dispatch: a kernel with its parameters at binding 0, and operands at the bindings behind that.
type Step struct {
	Kernel     shaders.Variant
	Params     []byte
	Workgroups uint64
	Uses       []Use
}

// Plan is what a session runs: steps one after the other, each seeing what those before it wrote. It owns no memory.
type Plan struct {
	Operands []Operand
	Steps    []Step
}

// Add adds an operand and gives its index.
func (p *Plan) Add(o Operand) int {
	p.Operands = append(p.Operands, o)
	return len(p.Operands) - 1
}

// Scratch adds float32 numbers that kernels write for each other.
func (p *Plan) Scratch(name string, count int64) int {
	return p.Add(Operand{Name: name, Role: Scratch, Count: count, DType: shaders.Float32})
}

// Zeros adds constant numbers of 0, of which a plan has one operand for any number of them.
func (p *Plan) Zeros(count int64) int {
	fill := func() ([]uint32, error) { return make([]uint32, count), nil }
	for i, o := range p.Operands {
		if o.Name == zerosName && o.Count >= count {
			return i
		}
	}
	return p.Add(Operand{Name: zerosName, Role: Constant, Count: count, DType: shaders.Float32, Fill: fill})
}

const zerosName = "zeros"

// Dispatch adds a step of so many workgroups.
func (p *Plan) Dispatch(k shaders.Variant, params []byte, workgroups int64, uses ...Use) {
	p.Steps = append(p.Steps, Step{Kernel: k, Params: params, Workgroups: uint64(workgroups), Uses: uses})
}

// Threads adds a step of so many threads, of workgroups of the given size.
func (p *Plan) Threads(k shaders.Variant, params []byte, threads, workgroup int64, uses ...Use) {
	p.Dispatch(k, params, (threads+workgroup-1)/workgroup, uses...)
}

// Append adds the operands and steps of another plan, some of whose operands stand for operands of p: same says which.
// It gives, for each operand of other, its index in p.
func (p *Plan) Append(other Plan, same map[int]int) []int {
	index := make([]int, len(other.Operands))
	for i, o := range other.Operands {
		to, ok := same[i]
		switch {
		case ok:
		case o.Name == zerosName:
			to = p.Zeros(o.Count)
		default:
			to = p.Add(o)
		}
		index[i] = to
	}
	for _, s := range other.Steps {
		s.Uses = slices.Clone(s.Uses)
		for i := range s.Uses {
			s.Uses[i].Operand = index[s.Uses[i].Operand]
		}
		p.Steps = append(p.Steps, s)
	}
	return index
}

// validate reports a plan that no session could run; it is a fault of the program, not of its user.
func (p Plan) validate() error {
	for i, s := range p.Steps {
		for _, u := range s.Uses {
			if u.Operand < 0 || u.Operand >= len(p.Operands) {
				return fmt.Errorf(
					"%w: step %d uses operand %d, the plan has %d",
					gpu.ErrMisuse,
					i,
					u.Operand,
					len(p.Operands),
				)
			}
		}
	}
	for _, o := range p.Operands {
		switch {
		case o.Count <= 0:
			return fmt.Errorf("%w: %s of %d numbers", gpu.ErrMisuse, o.Name, o.Count)
		case o.Role == Constant && o.Fill == nil:
			return fmt.Errorf("%w: %s is constant, and nothing fills it", gpu.ErrMisuse, o.Name)
		}
	}
	return nil
}
