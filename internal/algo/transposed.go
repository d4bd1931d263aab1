package algo

import (
	"errors"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// transposed is another algorithm for a transposed layer, whose residues are convolutions of stride 1 for it, together
// one or apart: see [transform.DepthToSpace]. Of stride 1 that convolution gives V itself; else V is put together
// from what they give.
type transposed struct {
	Algorithm // that computes the convolutions
	apart     bool
}

// Variant is, for example, 8x16_v4_t8_together.
func (a transposed) Variant() string {
	if a.apart {
		return a.Algorithm.Variant() + "_apart"
	}
	return a.Algorithm.Variant() + "_together"
}

// transposedAlgorithms are all for transposed layers: by these algorithms for ordinary ones, and of their own. What
// rounds otherwise than a plain sum is judged by the tiles of one convolution.
func transposedAlgorithms(ordinary []Algorithm) (all []Algorithm) {
	for _, a := range ordinary {
		all = append(all, transposed{a, false})
		if _, transforms := TransformOf(a); !transforms {
			all = append(all, transposed{a, true})
		}
	}
	for _, s := range shaders.SpreadRows() {
		all = append(all, spread{s})
	}
	return all
}

var (
	errNotTransposed = errors.New("for transposed layers")
	errTogether      = errors.New("all residues have as many taps, which read the same inputs: they are together")
	errZeroTaps      = errors.New(
		"its taps of zero spread what is not finite: with Exact only where it is named",
	)
)

func (a transposed) Plan(s Spec, l Limits) (Plan, error) {
	p := s.Problem
	switch {
	case !p.Transposed:
		return Plan{}, errNotTransposed
	case s.DType != shaders.Float32:
		return Plan{}, errNotFloat32
	case !shaders.Fits(p):
		return Plan{}, ErrTooLong
	}
	r, err := transform.DepthToSpace(p, a.apart)
	switch {
	case err != nil:
		return Plan{}, err
	case a.apart && len(r.Parts) == 1:
		return Plan{}, errTogether
	case s.Exact && !s.Named && r.Padded():
		return Plan{}, errZeroTaps
	}
	if r.Whole(p) {
		return a.turned(s, r.Parts[0], l)
	}
	return a.interleaved(s, r, l)
}

// turned is the plan of a layer of stride 1, which is a convolution with its filters turned round.
func (a transposed) turned(s Spec, part transform.Part, l Limits) (Plan, error) {
	p := s.Problem
	s.Problem = part.Problem
	plan, err := a.Algorithm.Plan(s, l)
	if err != nil {
		return plan, err
	}
	plan.Algorithm, plan.Spec.Problem = a, p
	pack := plan.Pack
	plan.Pack = func(f tensor.Filters) ([]float32, error) { return packPart(p, part, f, pack) }
	return plan, nil
}

// packPart packs a part's filters.
func packPart(
	p conv.Problem,
	part transform.Part,
	f tensor.Filters,
	pack func(tensor.Filters) ([]float32, error),
) ([]float32, error) {
	f, err := part.Filters(p, f)
	if err != nil || pack == nil {
		return f.Data, err
	}
	return pack(f)
}

// interleaved is the plan of a layer with strides: its parts, each of which writes its channels of one volume, and
// depth to space behind them.
func (a transposed) interleaved(s Spec, r transform.Residues, l Limits) (Plan, error) {
	p := s.Problem
	together := channelsTogether(p, r)
	vector := vectorOf(together, 1, false, s.V)
	k := shaders.DepthToSpaceBy(p, together, vector, l.Software)
	var parts []Plan
	var costs []func(Machine) float64
	packed := int64(0)
	for _, part := range r.Parts {
		sub, err := a.part(s, part, uint32(r.Pitch), l)
		if err != nil {
			return Plan{}, err
		}
		parts, costs = append(parts, sub), append(costs, sub.Work)
		packed += alignedTo(sub.Operands[W].Count)
	}
	plan := newPlan(a, s, packed, func(m Machine) (sum float64) {
		for _, cost := range costs {
			sum += cost(m)
		}
		return sum + depthToSpaceCost(p, k, m)
	})
	places := int64(p.Batch) * int64(r.Places[0]) * int64(r.Places[1]) * int64(r.Places[2])
	y := plan.Scratch("the outputs of the residues", places*int64(r.Pitch))
	plan.addParts(parts, y)
	plan.Pack = func(f tensor.Filters) ([]float32, error) { return packParts(p, r.Parts, parts, packed, f) }
	params := shaders.DepthToSpaceParams(p, r.Places, r.Pitch, together, k, s.fused())
	params = params.Place(shaders.Placement{}, s.V, s.Residual)
	plan.Threads(k, shaders.Encode(params), int64(params.Outputs), int64(k.Threads), exec.Whole(y),
		exec.Whole(plan.residues(p, r)), exec.Whole(B), exec.Whole(Slopes), exec.Whole(Residual), exec.Whole(V))
	if err := s.check(1, vector); err != nil {
		return Plan{}, err
	}
	return plan.finished(l)
}

// channelsTogether is how many channels of an output stand beside each other: a group's, or all where each part has
// one residue alone.
func channelsTogether(p conv.Problem, r transform.Residues) int {
	for _, part := range r.Parts {
		if len(part.Residues) > 1 {
			return p.OutChannels / p.Groups
		}
	}
	return p.OutChannels
}

// part is the plan of one of the convolutions, with its outputs among all parts' channels and no epilogue.
func (a transposed) part(s Spec, part transform.Part, pitch uint32, l Limits) (Plan, error) {
	if !shaders.Fits(part.Problem) {
		return Plan{}, ErrTooLong
	}
	return a.Algorithm.Plan(Spec{
		Problem: part.Problem, DType: s.DType, Exact: s.Exact, Named: s.Named, Block: s.Block, X: s.X,
		V: shaders.Placement{Pitch: pitch, First: uint32(part.First)},
	}, l)
}

// alignedTo is room for so many packed weights, so that what is behind them can be bound.
func alignedTo(weights int64) int64 { return ceilDiv(4*weights, uniformStep) * uniformStep / 4 }

// addParts adds the steps of all parts, which read X and their filters, one part's behind the other's, and write to y.
func (plan *Plan) addParts(parts []Plan, y int) {
	offset := uint64(0)
	for _, part := range parts {
		first := len(plan.Steps)
		biases := plan.Zeros(part.Operands[B].Count)
		same := map[int]int{X: X, W: W, B: biases, Slopes: Slopes, Residual: Residual, V: y}
		plan.Append(part.Plan, same)
		weights := part.Operands[W]
		plan.Operands[W].Usage = weights.Usage
		for _, step := range plan.Steps[first:] {
			for i := range step.Uses {
				if u := &step.Uses[i]; u.Operand == W {
					if u.Size == 0 {
						u.Size = weights.Bytes() - u.Offset
					}
					u.Offset += offset
				}
			}
		}
		offset += 4 * uint64(alignedTo(weights.Count))
	}
}

// packParts packs the filters of all parts.
func packParts(
	p conv.Problem,
	parts []transform.Part,
	plans []Plan,
	packed int64,
	f tensor.Filters,
) ([]float32, error) {
	all := make([]float32, packed)
	to := all
	for i, part := range parts {
		weights, err := packPart(p, part, f, plans[i].Pack)
		if err != nil {
			return nil, err
		}
		copy(to, weights)
		to = to[alignedTo(plans[i].Operands[W].Count):]
	}
	return all, nil
}

// residues adds where depth to space finds the outputs of each residue.
func (plan *Plan) residues(p conv.Problem, r transform.Residues) int {
	var strides [3]int
	for i, a := range p.Axes() {
		strides[i] = min(a.Stride, a.Out)
	}
	table := make([]uint32, 2*strides[0]*strides[1]*strides[2])
	outputs := p.OutChannels / p.Groups
	for _, part := range r.Parts {
		for i, at := range part.Residues {
			shift := (at.Shift[0]*r.Places[1]+at.Shift[1])*r.Places[2] + at.Shift[2]
			to := table[2*((at.At[0]*strides[1]+at.At[1])*strides[2]+at.At[2]):]
			to[0] = uint32(shift*r.Pitch + part.First + i*outputs)
			to[1] = uint32(len(part.Residues) * outputs)
		}
	}
	return plan.Add(exec.Operand{Name: "where residues lie", Role: exec.Constant, Count: int64(len(table)),
		DType: shaders.Float32, Fill: func() ([]uint32, error) { return slices.Clone(table), nil }})
}

// depthToSpaceCost is what copying takes.
func depthToSpaceCost(p conv.Problem, k shaders.DepthToSpace, m Machine) float64 {
	pixels, blocks := float64(p.OutLen()/int64(p.OutChannels)), float64(p.OutChannels)/float64(k.Vector)
	each := blocks / float64(k.Lanes) * (m.Load + m.Store*float64(k.Vector))
	return m.occupied(pixels*float64(k.Lanes), each+m.Address)
}
