package algo

import (
	"errors"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// filterShared is dW as an implicit GEMM with tiles in workgroup memory, for GPUs, with sums that are split.
type filterShared struct {
	shaders.FilterShared
	splitK uint32
}

// filterShareds are all of them. A GPU wants many workgroups, of layers whose filters make few.
func filterShareds() (all []filterShared) {
	for _, k := range shaders.FilterSharedRows() {
		for _, splitK := range []uint32{1, 4, 16, 64, 256} {
			all = append(all, filterShared{k, splitK})
		}
	}
	return all
}

func (filterShared) Name() string { return "shared" }

// Variant is, for example, 64x64x16_v4_k16.
func (a filterShared) Variant() string {
	return fmt.Sprintf("%s_k%d", a.FilterShared.Name()[len("filter_shared_"):], a.splitK)
}

func (a filterShared) Plan(s Spec, l Limits) (Plan, error) {
	p := s.Problem
	if s.Exact && !s.Named {
		return Plan{}, errTaps
	}
	if err := a.serves(p); err != nil {
		return Plan{}, err
	}
	plan := newFilterPlan(a, s, func(m Machine) float64 { return a.cost(p, m) })
	plan.filterShared(a, p, X, V, W)
	plan.biases(p, l)
	return plan, plan.fits(l)
}

// filterShared adds an implicit GEMM from x and dv to dw of p, and where its sums are split their addition.
func (plan *Plan) filterShared(a filterShared, p conv.Problem, x, dv, dw int) {
	params := shaders.FilterGradient(p)
	params.SplitK = a.splitK
	to := plan.parts("parts of dW", dw, a.splitK)
	plan.Dispatch(a.FilterShared, shaders.Encode(params), a.units(p), exec.Whole(x), exec.Whole(dv), exec.Whole(to))
	plan.sumParts(to, dw, a.splitK)
}

// errTaps is about products with the zeros of padding.
var errTaps = errors.New("it spreads what is not finite over a filter's taps: with Exact only where it is named")

// serves reports why a layer is not the algorithm's.
func (a filterShared) serves(p conv.Problem) error {
	inputs, outputs := uint32(p.InChannels/p.Groups), uint32(p.OutChannels/p.Groups)
	switch neurons := p.OutLen() / int64(p.OutChannels); {
	case p.Transposed || p.Unshared:
		return errNotOrdinary
	case inputs%a.Vector != 0 || outputs%4 != 0:
		return fmt.Errorf("%d input channels and %d depth slices a group, must be multiples of %d and 4", inputs,
			outputs, a.Vector)
	case a.splitK > 1 && 2*int64(a.Depth)*int64(a.splitK) > neurons:
		return fmt.Errorf("%d neurons, too few for %d parts", neurons, a.splitK)
	case int64(a.splitK)*p.FilterLen() > 1<<31:
		return ErrTooLong
	}
	return nil
}

// units is how many workgroups there are.
func (a filterShared) units(p conv.Problem) int64 {
	return int64(a.splitK) * int64(p.Groups) * ceilDiv(int64(p.TapsPerOutput()), int64(a.Rows)) *
		ceilDiv(int64(p.OutChannels/p.Groups), int64(a.Columns))
}

func (a filterShared) cost(p conv.Problem, m Machine) float64 {
	neurons := p.OutLen() / int64(p.OutChannels)
	steps := float64(ceilDiv(ceilDiv(neurons, int64(a.splitK)), int64(a.Depth)))
	loads := float64(len(a.XLoads()) + len(a.DLoads()))
	step := float64(a.Depth)*(64+2*m.Shared) + (m.Load+m.Shared)*loads + 2*m.Barrier +
		m.Address*float64(len(a.XLoads()))
	threads := float64(a.units(p)) * float64(a.Threads()) * m.idle(a.Threads())
	return m.occupied(threads, steps*step+64*m.Store) + m.parts(p.FilterLen(), a.splitK)
}
