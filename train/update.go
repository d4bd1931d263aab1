package train

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/cpuref/training"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Update is how weights follow from gradients: [SGD] or [Adam].
type Update interface {
	// moments are how many numbers there are for each weight, which start at 0.
	moments() int
	kernel() shaders.Elementwise
	// rates are what the kernel reads, at the step of that number, from 1 on.
	rates(step int) []float32
	// at is the same with another learning rate.
	at(rate float64) Update
	check() error
	// reference is the same in float64.
	reference() training.Update
}

// SGD is stochastic gradient descent with momentum, as PyTorch has it: v = Momentum*v + g, w = w - Rate*v.
type SGD struct {
	Rate     float64
	Momentum float64 // 0: none
}

// Adam is the method of Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.
type Adam struct {
	Rate         float64 // 0: 0.001
	Beta1, Beta2 float64 // 0: 0.9 and 0.999
	Epsilon      float64 // 0: 1e-8
}

func (s SGD) reference() training.Update { return training.SGD{Rate: s.Rate, Momentum: s.Momentum} }

func (SGD) moments() int                { return 1 }
func (SGD) kernel() shaders.Elementwise { return shaders.SGD }
func (s SGD) rates(int) []float32       { return []float32{float32(s.Rate), float32(s.Momentum)} }

func (s SGD) at(rate float64) Update {
	s.Rate = rate
	return s
}

func (s SGD) check() error {
	if !(s.Rate > 0 && s.Rate < largest && s.Momentum >= 0 && s.Momentum < 1) {
		return fmt.Errorf("%w: %+v, must have a rate above 0 and a momentum from 0 on below 1", ErrOptions, s)
	}
	return nil
}

func (a Adam) reference() training.Update { return training.Adam(a.filled()) }

func (Adam) moments() int                { return 2 }
func (Adam) kernel() shaders.Elementwise { return shaders.Adam }

func (a Adam) rates(step int) []float32 {
	a = a.filled()
	var all []float32
	for _, rate := range []float64{a.Rate, a.Beta1, 1 - a.Beta1, a.Beta2, 1 - a.Beta2, a.Epsilon,
		1 / (1 - math.Pow(a.Beta1, float64(step))), 1 / (1 - math.Pow(a.Beta2, float64(step)))} {
		all = append(all, float32(rate))
	}
	return all
}

func (a Adam) at(rate float64) Update {
	a.Rate = rate
	return a
}

func (a Adam) filled() Adam {
	for _, of := range []struct {
		value     *float64
		otherwise float64
	}{{&a.Rate, 0.001}, {&a.Beta1, 0.9}, {&a.Beta2, 0.999}, {&a.Epsilon, 1e-8}} {
		if *of.value == 0 {
			*of.value = of.otherwise
		}
	}
	return a
}

func (a Adam) check() error {
	f := a.filled()
	inside := func(beta float64) bool { return beta > 0 && beta < 1 }
	if !(f.Rate > 0 && f.Rate < largest && inside(f.Beta1) && inside(f.Beta2) && f.Epsilon >= 1e-30 && f.Epsilon < 1) {
		return fmt.Errorf("%w: %+v, must have a rate above 0, betas between 0 and 1, and an epsilon from 1e-30 on "+
			"below 1", ErrOptions, a)
	}
	return nil
}

// update adds the step that changes weights by their gradient. It gives their moments.
func (n *Network) update(weights, gradient int) (moments []int) {
	o := n.plan.Operands[weights]
	uses := []exec.Use{exec.Whole(n.rates), exec.Whole(gradient)}
	for range n.by.moments() {
		m := n.plan.Add(exec.Operand{Name: "a moment of " + o.Name, Role: exec.State, Count: o.Count, DType: o.DType})
		moments, uses = append(moments, m), append(uses, exec.Whole(m))
	}
	k := n.by.kernel()
	params := shaders.Encode(shaders.CountParams{Outputs: uint32(o.Count)})
	n.plan.Threads(k, params, o.Count, int64(k.Threads), append(uses, exec.Whole(weights))...)
	return moments
}
