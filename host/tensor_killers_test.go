package host_test

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// tensorCase is a plan of tensor operators whose results are known. What stands between the numbers of a view is NaN
// before a run, and must be the same after it.
type tensorCase struct {
	plan   exec.Plan
	inputs map[int][]uint32
	wants  []wanted
	err    error
}

// wanted are the numbers that a tensor must have, each to so many times its size, or times 1.
type wanted struct {
	tensor  op.Tensor
	numbers []float64
	allowed float64
}

const between = 0x7fc0dead // a NaN

// operand adds an operand that ends with the last number of a view, but for some words.
func (c *tensorCase) operand(name string, role exec.Role, t shaders.DType, view op.View) op.Tensor {
	last := view.Offset
	for i, size := range view.Shape {
		last += (size - 1) * view.Strides[i]
	}
	o := exec.Operand{Name: name, Role: role, Count: int64(last) + 3, DType: t}
	return view.Of(c.plan.Add(o))
}

// input adds a tensor of these numbers, in the order of its coordinates.
func (c *tensorCase) input(t shaders.DType, view op.View, numbers []float64) op.Tensor {
	to := c.operand("an input", exec.Input, t, view)
	words := filledWith(between, int(c.plan.Operands[to.Operand].Count))
	for i, place := range placesOf(view) {
		words[place] = wordOf(t, numbers[i])
	}
	if c.inputs == nil {
		c.inputs = map[int][]uint32{}
	}
	c.inputs[to.Operand] = words
	return to
}

// output adds a tensor that must have these numbers after a run.
func (c *tensorCase) output(t shaders.DType, view op.View, numbers []float64, allowed float64) op.Tensor {
	to := c.operand("an output", exec.Output, t, view)
	c.wants = append(c.wants, wanted{to, numbers, allowed})
	return to
}

func filledWith(word uint32, n int) []uint32 {
	words := make([]uint32, n)
	for i := range words {
		words[i] = word
	}
	return words
}

func wordOf(t shaders.DType, number float64) uint32 {
	if t == shaders.Int32 {
		return uint32(int32(number))
	}
	return math.Float32bits(float32(number))
}

func numberOf(t shaders.DType, word uint32) float64 {
	if t == shaders.Int32 {
		return float64(int32(word))
	}
	return float64(math.Float32frombits(word))
}

// placesOf are where a view has its numbers, in the order of its coordinates.
func placesOf(v op.View) []int {
	all := []int{v.Offset}
	for i, size := range v.Shape {
		var longer []int
		for _, place := range all {
			for k := range size {
				longer = append(longer, place+k*v.Strides[i])
			}
		}
		all = longer
	}
	return all
}

// run runs the plan once on guarded memory, and judges all that it left.
func (c *tensorCase) run(dev *host.Device) error {
	if c.err != nil {
		return c.err
	}
	s, err := exec.Open(host.Exec(dev), c.plan, exec.Guarded)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := errors.Join(s.WriteAll(c.inputs), s.Poison()); err != nil {
		return err
	}
	for _, w := range c.wants {
		if err := s.Write(w.tensor.Operand,
			filledWith(between, int(c.plan.Operands[w.tensor.Operand].Count))); err != nil {
			return err
		}
	}
	ctx := context.Background()
	if err := s.Run(ctx); err != nil {
		return err
	}
	for _, w := range c.wants {
		words, err := s.ReadWords(ctx, w.tensor.Operand)
		if err := errors.Join(err, w.judge(c.plan.Operands[w.tensor.Operand].DType, words)); err != nil {
			return err
		}
	}
	return s.Check(ctx, c.inputs)
}

// judge reports numbers that are wrong, and words between them that were written.
func (w wanted) judge(t shaders.DType, words []uint32) error {
	left := filledWith(between, len(words))
	for i, place := range placesOf(w.tensor.View) {
		left[place] = words[place]
		got, want := numberOf(t, words[place]), w.numbers[i]
		if t == shaders.Float32 && w.allowed == 0 {
			want = float64(float32(want))
		}
		if got != want && !(math.Abs(got-want) <= w.allowed*max(1, math.Abs(want))) && !(got != got && want != want) {
			return fmt.Errorf("%w: number %d of %v is %g, must be %g", cpuref.ErrMismatch, i, w.tensor.Shape, got,
				want)
		}
	}
	for i, word := range words {
		if word != left[i] {
			return fmt.Errorf("%w: word %d, between numbers, is %#x", cpuref.ErrMismatch, i, word)
		}
	}
	return nil
}

// tensorKiller is a killer that runs what build adds to a case.
func tensorKiller(name string, build func(c *tensorCase) error) killer {
	return killer{name, func(dev *host.Device) error {
		c := &tensorCase{}
		if err := build(c); err != nil {
			return err
		}
		return c.run(dev)
	}}
}

// whole are whole numbers of either sign, from -most to most, in no order.
func whole(n, most int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = float64((i*i*7+i*13+i/5)%(2*most+1) - most)
	}
	return all
}

// permuted is a view of a shape whose axes stand in memory in the given order, each with some words left out behind it
// where gap is not 0.
func permuted(shape []int, gap int, order ...int) op.View {
	v := op.View{Shape: shape, Strides: make([]int, len(shape)), Offset: gap}
	step := 1
	for i := len(order) - 1; i >= 0; i-- {
		v.Strides[order[i]] = step
		step = step*shape[order[i]] + gap
	}
	return v
}
