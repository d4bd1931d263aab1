package algo

import (
	"errors"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// unshared is for layers whose neurons have filters of their own: it reads these once, side by side.
type unshared struct{ shaders.Unshared }

// unshareds are all of them.
func unshareds() (all []Algorithm) {
	for _, u := range shaders.UnsharedRows() {
		all = append(all, unshared{u})
	}
	return all
}

func (unshared) Name() string { return "unshared" }

// Variant is, for example, 1_v4_t64.
func (a unshared) Variant() string { return a.Unshared.Name()[len("unshared_"):] }

// errShared is about layers whose neurons share their filters.
var errShared = errors.New("for unshared layers alone")

// servesUnshared reports why a layer is not for kernels of unshared layers that load so many channels of X, and store
// so many of V, at once.
func servesUnshared(s Spec, load, store uint32) error {
	p := s.Problem
	inputs, outputs := uint32(p.InChannels/p.Groups), uint32(p.OutChannels/p.Groups)
	switch {
	case s.DType != shaders.Float32:
		return errNotFloat32
	case !p.Unshared:
		return errShared
	case inputs%load != 0 || outputs%store != 0:
		return fmt.Errorf("%d input channels and %d depth slices a group, must be multiples of %d and %d", inputs,
			outputs, load, store)
	case unsharedLen(p) > 1<<32:
		return ErrTooLong
	}
	return s.check(load, store)
}

func (a unshared) Plan(s Spec, l Limits) (Plan, error) {
	if err := servesUnshared(s, a.Vector, a.Vector); err != nil {
		return Plan{}, err
	}
	p := s.Problem
	plan := newPlan(a, s, unsharedLen(p), func(m Machine) float64 { return a.cost(p, m) })
	plan.Pack = func(f tensor.Filters) ([]float32, error) { return packUnshared(p, f.Data), nil }
	plan.Threads(a.Unshared, shaders.Encode(s.place(shaders.Forward(p, s.fused()))), a.units(p), int64(a.Threads),
		layer()...)
	return plan.finished(l)
}

// unsharedFours is how many vectors of four depth slices a layer has: each group fills its last one up with zeros.
func unsharedFours(p conv.Problem) int64 {
	return int64(p.Groups) * ceilDiv(int64(p.OutChannels/p.Groups), 4)
}

// unsharedLen is how many numbers packUnshared gives.
func unsharedLen(p conv.Problem) int64 {
	return int64(positions(p)) * int64(taps(p)) * int64(p.InChannels/p.Groups) * 4 * unsharedFours(p)
}

// positions is how many neurons a depth slice has.
func positions(p conv.Problem) int { return p.Z.Out * p.H.Out * p.W.Out }

// packUnshared puts the weights of a block of depth slices, by fours, beside each other, for one input channel after
// the other, tap by tap, block by block, neuron by neuron.
func packUnshared(p conv.Problem, filters []float32) []float32 {
	const block = 4 * shaders.UnsharedBlock
	inputs, outs, row := p.InChannels/p.Groups, p.OutChannels/p.Groups, int(4*unsharedFours(p))
	packed, depth := make([]float32, unsharedLen(p)), taps(p)*inputs
	for bank := range positions(p) {
		for k := range p.OutChannels {
			weights := filters[(bank*p.OutChannels+k)*depth:][:depth]
			column := k/outs*row/p.Groups + k%outs
			first := column / block * block
			width := min(block, row-first)
			to := packed[(bank*row+first)*depth+column-first:]
			for i, weight := range weights {
				to[i*width] = weight
			}
		}
	}
	return packed
}

// units is how many threads there are.
func (a unshared) units(p conv.Problem) int64 {
	return ceilDiv(int64(p.Batch), int64(a.Images)) * int64(positions(p)) * unsharedFours(p)
}

func (a unshared) cost(p conv.Problem, m Machine) float64 {
	steps := float64(p.TapsPerOutput()) / float64(a.Vector)
	step := float64(a.Vector)*(m.Load+4*float64(a.Images)) + m.Load*float64(a.Images)
	ends := float64(taps(p))*m.Address + 4*float64(a.Images)*m.Store
	return m.occupied(float64(a.units(p)), steps*step+ends)
}

// filterUnshared is for dW of unshared layers: it writes each number once, side by side.
type filterUnshared struct{ shaders.FilterUnshared }

func (filterUnshared) Name() string { return "unshared" }

// Variant is, for example, v4_t64.
func (a filterUnshared) Variant() string { return a.FilterUnshared.Name()[len("filter_unshared_"):] }

func (a filterUnshared) Plan(s Spec, l Limits) (Plan, error) {
	if err := servesUnshared(s, a.Vector, 1); err != nil {
		return Plan{}, err
	}
	p := s.Problem
	units := int64(positions(p)) * int64(p.TapsPerOutput()) / int64(a.Vector) * unsharedFours(p)
	plan := newFilterPlan(a, s, func(m Machine) float64 {
		return m.occupied(float64(units), float64(p.Batch)*(5*m.Load+4)+m.Address+4*m.Store*float64(a.Vector))
	})
	plan.Threads(a.FilterUnshared, shaders.Encode(shaders.FilterGradient(p)), units, int64(a.Threads), exec.Whole(X),
		exec.Whole(V), exec.Whole(W))
	plan.biases(p, l)
	return plan, plan.fits(l)
}

// inputsUnshared is the algorithm for dX of an unshared layer: its kernels are no layer's.
type inputsUnshared struct{ shaders.UnsharedInputs }

func (inputsUnshared) Name() string { return "unshared" }

// Variant is, for example, 1_v4_t64.
func (a inputsUnshared) Variant() string { return a.UnsharedInputs.Name()[len("unshared_inputs_"):] }

// Plan is of the way back alone.
func (inputsUnshared) Plan(Spec, Limits) (Plan, error) { return Plan{}, errShared }

// unsharedInputs adds dX of an unshared layer, reading each filter once, and tells whether it is one. Where all is to
// be computed by the direct algorithm it is none.
func (g *Backward) unsharedInputs() bool {
	s := g.Spec
	p := s.Problem
	filter, inputs := uint32(p.TapsPerOutput()), uint32(p.InChannels/p.Groups)
	numbers := p.OutLen() / int64(p.OutChannels) * int64(p.Groups) * int64(filter)
	if !p.Unshared || s.Direct || s.Threads != 0 || numbers > 1<<31 {
		return false
	}
	images := uint32(1)
	if p.Batch >= 4 {
		images = 4
	}
	each, gather := shaders.UnsharedInputsBy(images, by4(filter)), shaders.UnsharedGatherBy(by4(inputs))
	units := ceilDiv(int64(p.Batch), int64(images)) * int64(positions(p)) * int64(p.Groups) * int64(each.Units(filter))
	to := g.Scratch("what neurons add to dX", numbers)
	g.Threads(each, shaders.Encode(shaders.InputGradient(p)), units, int64(each.Threads), exec.Whole(g.DZ),
		exec.Whole(W), exec.Whole(to))
	params := shaders.UnsharedGathering(p, gather)
	g.Threads(gather, shaders.Encode(params), int64(params.Outputs), int64(gather.Threads), exec.Whole(to),
		exec.Whole(g.DX))
	g.Inputs.Algorithm = inputsUnshared{each}
	return true
}

// by4 is how many numbers are loaded at once where so many must be a multiple.
func by4(numbers uint32) uint32 {
	if numbers%4 == 0 {
		return 4
	}
	return 1
}
