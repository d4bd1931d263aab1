package algo

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/shaders"
)

// direct is the simplest algorithm: a workgroup for each output, conv.wgsl. It serves every layer.
type direct struct{ threads uint32 }

func (direct) Name() string      { return "direct" }
func (a direct) Variant() string { return fmt.Sprintf("t%d", a.threads) }

// Direct is the direct algorithm for a layer.
func Direct(s Spec) Algorithm { return newDirect(s) }

func (a direct) Plan(s Spec, l Limits) (Plan, error) {
	p, store := s.Problem, uint32(1)
	if s.DType == shaders.Float16 && s.Separate {
		return Plan{}, errTwice
	}
	if s.DType == shaders.Float16 && s.V != (shaders.Placement{}) { // words of two
		if store = 2; p.OutChannels%2 != 0 {
			return Plan{}, fmt.Errorf("%w: %d channels of float16, must be even", shaders.ErrPlacement, p.OutChannels)
		}
	}
	if err := s.check(1, store); err != nil {
		return Plan{}, err
	}
	plan := newPlan(a, s, p.FilterLen(), func(m Machine) float64 { return a.cost(p, m) })
	workgroups := p.OutLen()
	if s.DType == shaders.Float16 { // a workgroup for each word
		workgroups = (workgroups + 1) / 2
	}
	plan.Dispatch(a.kernel(s), shaders.Encode(s.place(shaders.Forward(p, s.fused()))), workgroups, layer()...)
	return plan.finished(l)
}

// kernel is the row of the shader table.
func (a direct) kernel(s Spec) shaders.Sums { return shaders.Conv(a.threads, s.DType) }

func newDirect(s Spec) direct {
	if s.Threads != 0 {
		return direct{s.Threads}
	}
	return direct{defaultThreads(s.Problem.TapsPerOutput())}
}

// defaultThreads gives each thread a few products, and no workgroup more threads than products.
func defaultThreads(taps int) uint32 {
	best := shaders.ConvThreads[0]
	for _, t := range shaders.ConvThreads {
		if int(t)*4 <= taps && t <= 64 {
			best = t
		}
	}
	return best
}

func (a direct) cost(p conv.Problem, m Machine) float64 {
	steps := float64(p.TapsPerOutput())/float64(a.threads) + 1
	return m.occupied(float64(p.OutLen())*float64(a.threads), steps*(2*m.Load+10)+8*m.Barrier/float64(a.threads))
}
