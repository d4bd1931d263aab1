package host

import (
	"context"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/split"
)

// gradientSums are what blocks add to. Each block's gradients are within the bound of their own terms; the
// bound holds for any order of summation, so for these sums too: they are in float64, which adds no error
// that counts, and rounded once, for which the bound of n terms has room beyond the fewer of a block.
type gradientSums struct{ x, w, b, slopes []float64 }

// backward computes the gradients of each block and adds them up. Blocks with sums of their own go all the
// way back; else the whole sums Z are computed first, and with them dZ.
func (e *blocks) backward(ctx context.Context, in operands, dv []float32, checked bool) (s stages, err error) {
	if s.gradients, err = e.layer.shapes(); err != nil {
		return s, err
	}
	g := s.gradients
	to := gradientSums{
		make([]float64, len(g.X.Data)),
		make([]float64, len(g.W.Data)),
		make([]float64, len(g.W.Bias)),
		make([]float64, len(g.Slopes)),
	}
	s.dz = dv
	if e.layer.options.Epilogue.Activation.Function != conv.Identity {
		s.z, s.dz = make([]float32, len(dv)), make([]float32, len(dv))
		if !e.Single() {
			if err := e.throughActivation(ctx, in, dv, s, to, checked); err != nil {
				return s, err
			}
		}
	}
	err = e.EachBlock(func(b split.Block) error { return e.backwardBlock(ctx, b, in, dv, s, to, checked) })
	split.Rounded(g.X.Data, to.x)
	split.Rounded(g.W.Data, to.w)
	split.Rounded(g.W.Bias, to.b)
	split.Rounded(g.Slopes, to.slopes)
	return s, err
}

// throughActivation computes Z, dZ and the slopes' gradient of sums that several blocks add up to.
func (e *blocks) throughActivation(
	ctx context.Context,
	in operands,
	dv []float32,
	s stages,
	to gradientSums,
	checked bool,
) error {
	if err := e.sums(ctx, in, s.z, checked); err != nil {
		return err
	}
	return e.EachSum(func(b split.Block) error {
		engine, err := e.finisher(b)
		if err != nil {
			return err
		}
		dims := e.Outputs(b)
		got, err := engine.backward(ctx, e.finishing(b, in, s.z), split.Gather(dv, dims), checked)
		if err != nil {
			return e.Failed(err)
		}
		split.Scatter(s.z, got.z, dims)
		split.Scatter(s.dz, got.dz, dims)
		e.addSlopes(to, got, b)
		return nil
	})
}

// backwardBlock adds the gradients of one block.
func (e *blocks) backwardBlock(
	ctx context.Context,
	b split.Block,
	in operands,
	dv []float32,
	s stages,
	to gradientSums,
	checked bool,
) error {
	var epilogue conv.Epilogue // of sums that are not whole there is none
	if e.Single() {
		epilogue = e.layer.options.Epilogue
	} else {
		dv = s.dz
	}
	engine, err := e.engine(b, epilogue)
	if err != nil {
		return err
	}
	dims := e.Outputs(b)
	block := operands{x: split.Gather(in.x, e.Inputs(b))}
	if epilogue.Residual != conv.NoResidual {
		block.residual = split.Gather(in.residual, dims)
	}
	got, err := engine.backward(ctx, block, split.Gather(dv, dims), checked)
	if err != nil {
		return e.Failed(err)
	}
	split.Accumulate(to.x, got.gradients.X.Data, e.Inputs(b))
	split.Accumulate(to.w, got.gradients.W.Data, e.Weights(b))
	if e.First(b) { // the others' are of biases that are zero
		split.Accumulate(to.b, got.gradients.W.Bias, e.Biases(b))
	}
	if got.z != nil {
		split.Scatter(s.z, got.z, dims)
		split.Scatter(s.dz, got.dz, dims)
		e.addSlopes(to, got, b)
	}
	return nil
}

// addSlopes adds a block's share of the slopes' gradient, if there is one.
func (e *blocks) addSlopes(to gradientSums, got stages, b split.Block) {
	if len(to.slopes) > 0 {
		split.Accumulate(to.slopes, got.gradients.Slopes, e.Channels(b))
	}
}
