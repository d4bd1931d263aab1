package host

import (
	"context"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/tensor"
)

// Gradients are the derivatives of a loss with respect to what a layer computes from, each of its
// operand's shape.
type Gradients struct {
	X        tensor.Volume
	W        tensor.Filters // with the biases' gradient as its Bias
	Residual tensor.Volume  // without data where the layer adds none
	Slopes   []float32      // of PReLU, else nil
}

// Backward computes the gradients at x, given the loss's gradient dv with respect to V, and waits for them until ctx
// ends at most. A layer with a residual takes its volume as the last argument. The error wraps [cpuref.ErrShape]
// where a volume does not fit, [gpu.ErrClosed], [gpu.ErrMisuse] where the layer has let go of its filters, or ctx's.
func (l *Layer) Backward(ctx context.Context, x, dv tensor.Volume, residual ...tensor.Volume) (Gradients, error) {
	s, err := l.backward(ctx, x, dv, residual, false)
	return s.gradients, err
}

// stages are all volumes of the way back, for those who judge each by the one before.
type stages struct {
	z, dz     []float32 // the sums before the activation, nil without one, and the gradient with respect to them
	gradients Gradients
	// What computed Z, dX, and dW and db: no algorithm in blocks and on the CPU.
	sums, inputs, filters algo.Chosen
}

func (l *Layer) backward(
	ctx context.Context,
	x, dv tensor.Volume,
	residual []tensor.Volume,
	checked bool,
) (s stages, err error) {
	err = l.use(ctx, "gradients of", func(e engine) error {
		if l.released {
			return errReleased
		}
		in, err := l.operands(x, residual)
		if err == nil {
			err = cpuref.CheckOutput(l.problem, "gradient dV", dv)
		}
		if err != nil {
			return err
		}
		if s, err = e.backward(ctx, in, dv.Data, checked); err == nil {
			s.gradients.Residual = l.residualGradient(s, dv)
		}
		return err
	})
	return s, err
}

// residualGradient is that of what was added: the sum's, or V's.
func (l *layerData) residualGradient(s stages, dv tensor.Volume) tensor.Volume {
	switch l.options.Epilogue.Residual {
	case conv.BeforeFunction:
		dv.Data = slices.Clone(s.dz) // without an activation dZ is the caller's dV
		return dv
	case conv.AfterFunction:
		return dv.Clone()
	}
	return tensor.Volume{}
}

// shapes makes the gradients' volumes.
func (l *layerData) shapes() (Gradients, error) {
	p := l.problem
	x, err := tensor.NewVolume3D(p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels)
	if err != nil {
		return Gradients{}, err
	}
	w := l.filters
	w.Data, w.Bias = make([]float32, len(w.Data)), make([]float32, len(w.Bias))
	return Gradients{X: x, W: w, Slopes: make([]float32, l.options.slopes(p))}, nil
}
