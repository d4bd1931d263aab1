package algo

import (
	"errors"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/transform"
)

// filterStrided is dW of layers with strides, by the layer of stride 1 that they become from space to depth: an
// image's three channels become as many as kernels load at once.
type filterStrided struct{ product filterTile }

// filterStrideds are all of them.
func filterStrideds() (all []filterStrided) {
	for _, t := range filterTiles() {
		if t.Vector == 4 && t.Inputs > 4 {
			all = append(all, filterStrided{t})
		}
	}
	return all
}

func (filterStrided) Name() string      { return "strided" }
func (a filterStrided) Variant() string { return "tiles_" + a.product.Variant() }

// errStrideOne is about layers that space to depth leaves as they are.
var errStrideOne = errors.New("for strides alone")

func (a filterStrided) Plan(s Spec, l Limits) (Plan, error) {
	p := s.Problem
	unstrided, err := transform.SpaceToDepth(p)
	switch {
	case err != nil:
		return Plan{}, err
	case unstrided == p:
		return Plan{}, errStrideOne
	case !shaders.Fits(unstrided):
		return Plan{}, ErrTooLong
	}
	params := shaders.FilterGradient(unstrided)
	if err := a.product.serves(unstrided, params); err != nil {
		return Plan{}, err
	}
	plan := newFilterPlan(a, s, func(m Machine) float64 {
		return a.product.cost(unstrided, params, m) + m.occupied(float64(unstrided.InLen()), 2*m.Load) +
			m.occupied(float64(p.FilterLen()), m.Load+m.Address)
	})
	y := plan.spaceToDepth(s, unstrided)
	dw := plan.Scratch("dW of the layer of stride 1", unstrided.FilterLen())
	plan.filterTiles(a.product, unstrided, params, y, V, dw)
	plan.Threads(shaders.FilterStrided, shaders.Encode(shaders.FilterGradient(p)), p.FilterLen(),
		int64(shaders.FilterStrided.Threads), exec.Whole(dw), exec.Whole(W))
	plan.biases(p, l)
	return plan, plan.fits(l)
}
