package hosttest

import (
	"context"
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// Numbers are the words of an operand of a plan.
type Numbers struct {
	DType shaders.DType
	Words []uint32
}

// Floats are numbers of float32.
func Floats(data []float32) Numbers { return Numbers{shaders.Float32, exec.Bits(data)} }

// Whole are numbers of int32.
func Whole(data []int32) Numbers { return Numbers{shaders.Int32, exec.Integers(data)} }

// RunSteps runs what add adds to a plan of these inputs and outputs, of whose operands it is given the indexes, and
// gives what was written into the outputs, which were poisoned before, as guards and inputs are looked at after.
func RunSteps(
	dev *exec.Device, in, out []Numbers, add func(p *exec.Plan, in, out []int) error,
) ([][]uint32, error) {
	var p exec.Plan
	operands := func(role exec.Role, all []Numbers) (indexes []int) {
		for _, n := range all {
			o := exec.Operand{Name: "a tensor", Role: role, Count: int64(len(n.Words)), DType: n.DType}
			indexes = append(indexes, p.Add(o))
		}
		return indexes
	}
	ins, outs := operands(exec.Input, in), operands(exec.Output, out)
	if err := add(&p, ins, outs); err != nil {
		return nil, err
	}
	s, err := exec.Open(dev, p, exec.Guarded)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	inputs, results, words := map[int][]uint32{}, []exec.Result{}, [][]uint32{}
	for i, n := range in {
		inputs[ins[i]] = n.Words
	}
	for i, n := range out {
		words = append(words, make([]uint32, len(n.Words)))
		results = append(results, exec.Result{Operand: outs[i], Words: words[i]})
	}
	return words, s.Process(context.Background(), inputs, true, results...)
}

// Beside are the places of words, of so many, that a view does not have.
func Beside(v op.View, words int) (all []int) {
	places := make([]uint32, words)
	for i := range places {
		places[i] = uint32(i)
	}
	has := make([]bool, words)
	for _, place := range Seen(v, places) {
		has[place] = true
	}
	for i := range has {
		if !has[i] {
			all = append(all, i)
		}
	}
	return all
}

// Untouched reports words beside a view that are no longer the poison that they were. The error wraps
// [cpuref.ErrGuard].
func Untouched(v op.View, words []uint32) error {
	poison := make([]float32, len(words))
	cpuref.Poison(poison)
	for _, i := range Beside(v, len(words)) {
		if w := math.Float32bits(poison[i]); w != words[i] {
			return fmt.Errorf("%w: word %d, beside the numbers of %v, is %#x, must be %#x",
				cpuref.ErrGuard, i, v.Shape, words[i], w)
		}
	}
	return nil
}

// Seen are the words that a view has, in its order.
func Seen(v op.View, words []uint32) []uint32 {
	all := make([]uint32, 0, v.Count())
	at := make([]int, v.Rank())
	for range v.Count() {
		place := v.Offset
		for i, c := range at {
			place += c * v.Strides[i]
		}
		all = append(all, words[place])
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < v.Shape[i] {
				break
			}
			at[i] = 0
		}
	}
	return all
}
