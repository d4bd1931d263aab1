package algo

import (
	"errors"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/transform"
)

// filterWinograd is dW by Winograd's algorithm, the adjoint of the layer's own:
//
//	dW = Gᵀ [sum over tiles of (Bᵀ d B) ∘ (A dV Aᵀ)] G
//
// of each tile's inputs d and its part of dV. The products of a position in all tiles are the gradient with respect to
// the filters of a 1 x 1 convolution.
type filterWinograd struct {
	by      transform.Transform
	product filterTile
}

// filterWinograds are all of them, around the products that load four channels at once.
func filterWinograds() (all []filterWinograd) {
	for _, by := range []transform.Transform{transform.Winograd4, transform.Winograd2, transform.Winograd6} {
		for _, t := range filterTiles() {
			if t.Vector == 4 && t.Inputs > 4 {
				all = append(all, filterWinograd{by, t})
			}
		}
	}
	return all
}

func (a filterWinograd) Name() string    { return a.by.String() }
func (a filterWinograd) Variant() string { return "tiles_" + a.product.Variant() }

// FilterTransformOf is the transform that an algorithm for dW works by, if it does.
func FilterTransformOf(a interface{ Name() string }) (by transform.Transform, ok bool) {
	t, ok := untextured(a).(filterWinograd)
	return t.by, ok
}

// layer is the 1 x 1 convolution in the middle, and how many rows of tiles there are, or why a layer is not the
// algorithm's.
func (a filterWinograd) layer(s Spec) (product conv.Problem, rows int, err error) {
	p := s.Problem
	if s.Block {
		return product, 0, errBlock
	}
	if product, err = a.by.Product(p); err != nil {
		return product, 0, err
	}
	switch {
	case p.H.Filter != p.W.Filter || !a.sized(p.H.Filter):
		return product, 0, errors.New("filters must be 3x3, or of winograd4 5x5")
	case s.Exact && !s.Named:
		return product, 0, errSpreads
	case s.Exact && !a.by.Exact(p):
		return product, 0, errRounds
	case !shaders.Fits(product) || product.FilterLen() > 1<<31:
		return product, 0, ErrTooLong
	}
	return product, p.Batch * p.H.Tiles(int(a.by)), nil
}

// errRegisters is about transforms of 64 vectors.
var errRegisters = errors.New("tiles of 8x8 inputs are for software adapters: a GPU's threads have too few registers")

// sized tells whether there are kernels for filters of so many taps along each axis.
func (a filterWinograd) sized(taps int) bool {
	return taps == 3 || taps == 5 && a.by == transform.Winograd4
}

func (a filterWinograd) Plan(s Spec, l Limits) (Plan, error) {
	p := s.Problem
	product, rows, err := a.layer(s)
	if err != nil {
		return Plan{}, err
	}
	params := shaders.ProductGradient(product, rows)
	if err := a.product.serves(product, params); err != nil {
		return Plan{}, err
	}
	m, taps := uint32(a.by), uint32(p.H.Filter)
	side := m + taps - 1
	if side*side >= 64 && !l.Software { // see vectorOf
		return Plan{}, errRegisters
	}
	in, gradient := shaders.WinogradInputs(side, side, 4), shaders.WinogradGradientBy(m, side)
	out := shaders.WinogradFiltersBy(m, side)
	steps := []transformStep{
		{in, in.Threads, shaders.WinogradInput(p, in), 2 * side * side},
		{gradient, gradient.Threads, shaders.WinogradGradient(p, gradient), m*m + side*side},
		{out, out.Threads, shaders.WinogradFilters(p, out), side*side + taps*taps},
	}
	plan := newFilterPlan(a, s, func(m Machine) float64 {
		// Products are as many as fit no cache: each is written, and read again.
		products := m.occupied(float64(product.FilterLen()), m.Load+2*m.Store)
		return a.product.cost(product, params, m) + costOf(steps, m) + products
	})
	inputs := plan.Scratch("the transformed input", product.InLen())
	gradients := plan.Scratch("the transformed gradient", product.OutLen())
	products := plan.Scratch("the products", product.FilterLen())
	plan.chain(steps[:1], X, 0, exec.Whole(inputs))
	plan.chain(steps[1:2], V, 0, exec.Whole(gradients))
	plan.filterTiles(a.product, product, params, inputs, gradients, products)
	plan.chain(steps[2:], products, 0, exec.Whole(W))
	plan.biases(p, l)
	return plan, plan.fits(l)
}
