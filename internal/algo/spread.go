package algo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// spread is for transposed depthwise layers of small filters, literal in the kernel, as the gradients with respect to
// X of depthwise layers with strides are: it writes the outputs of all residues at once.
type spread struct{ shaders.Spread }

// Name is depthwise.
func (spread) Name() string { return "depthwise" }

// Variant is, for example, transposed_8x8_f3s2_t8.
func (a spread) Variant() string { return strings.TrimPrefix(a.Spread.Name(), "depthwise_") }

var errDepth = errors.New("must have no depth axis, or filters of 1 there")

// serves reports why a layer is not the algorithm's.
func (a spread) serves(s Spec) error {
	p := s.Problem
	plane := func(x conv.Axis) bool {
		return x.Filter == int(a.Filter) && x.Stride == int(a.Stride) && x.Dilation == 1
	}
	switch {
	case !p.Transposed:
		return errNotTransposed
	case s.DType != shaders.Float32:
		return errNotFloat32
	case p.InChannels != p.Groups || p.OutChannels != p.Groups || p.Groups%4 != 0:
		return fmt.Errorf("%w with a multiple of 4 input channels, and as many depth slices", errNotDepthwise)
	case p.Z.Filter != 1 || p.Z.Stride != 1 || p.Z.Pad != 0:
		return errDepth
	case !plane(p.H) || !plane(p.W):
		return fmt.Errorf("filters must be %dx%d of stride %d, without dilation", a.Filter, a.Filter, a.Stride)
	case !shaders.Fits(p) || depthwiseLen(p) > 1<<31:
		return ErrTooLong
	}
	return nil
}

func (a spread) Plan(s Spec, l Limits) (Plan, error) {
	if err := a.serves(s); err != nil {
		return Plan{}, err
	}
	if err := s.check(4, 4); err != nil {
		return Plan{}, err
	}
	p := s.Problem
	threads := a.strips(p)
	plan := newPlan(a, s, depthwiseLen(p), func(m Machine) float64 { return m.occupied(float64(threads), a.cost(m)) })
	plan.Pack = func(f tensor.Filters) ([]float32, error) { return packDepthwise(p, f.Data), nil }
	params := s.place(shaders.SpreadParams(p, s.fused()))
	plan.Threads(a.Spread, shaders.Encode(params), threads, int64(a.Threads), layer()...)
	return plan.finished(l)
}

// strips is how many threads the kernel needs. They begin before V by what padding leaves of the stride.
func (a spread) strips(p conv.Problem) int64 {
	along := func(x conv.Axis, each uint32) int64 { return ceilDiv(int64(x.Out+x.Pad%x.Stride), int64(each)) }
	return int64(p.Batch) * int64(p.Z.Out) * along(p.H, a.Rows) * along(p.W, a.Strip) * int64(p.OutChannels/4)
}

// cost is that of a thread.
func (a spread) cost(m Machine) float64 {
	neurons, taps := float64(a.Strip*a.Rows), float64(a.Filter*a.Filter)
	loads := float64(len(a.Columns()))*float64(a.Rows/a.Stride+a.Oldest()) + taps
	return 4*neurons*taps/float64(a.Stride*a.Stride) + m.Load*loads + 4*m.Store*neurons
}
