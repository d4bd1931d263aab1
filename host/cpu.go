package host

import (
	"context"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/tensor"
)

// cpuEngine computes with the reference.
type cpuEngine struct{ layer *layerData }

func (e cpuEngine) run(_ context.Context, in operands, v []float32, _ bool) error {
	ref, err := e.layer.reference(cpuref.Im2col, in)
	if err != nil {
		return err
	}
	round(v, ref)
	if e.layer.options.dtype() == Float16 {
		tensor.RoundHalf(v)
	}
	return nil
}

// algorithm is what the CPU computes by: a loop over each output, as the direct algorithm has it.
func (e cpuEngine) algorithm() algo.Algorithm { return algo.Direct(e.layer.spec()) }

func (cpuEngine) Close() {}

// reference computes a run in float64 by the given way to the sums.
func (l *layerData) reference(
	sums func(conv.Problem, tensor.Volume, tensor.Filters) (cpuref.Reference, error),
	in operands,
) (cpuref.Reference, error) {
	p := l.problem
	x := l.input(in)
	ref, err := sums(p, x, l.filters)
	if err != nil {
		return ref, err
	}
	return ref.Epilogue(l.options.Epilogue, l.options.Slopes, in.residual)
}

// backward computes with the reference's gradients.
func (e cpuEngine) backward(_ context.Context, in operands, dv []float32, _ bool) (s stages, err error) {
	l, p := e.layer, e.layer.problem
	if s.gradients, err = l.shapes(); err != nil {
		return s, err
	}
	s.dz = dv
	if l.options.Epilogue.Activation.Function != conv.Identity {
		if err := e.throughActivation(&s, in, dv); err != nil {
			return s, err
		}
	}
	dz := tensor.Volume{N: p.Batch, Z: p.Z.Out, H: p.H.Out, W: p.W.Out, D: p.OutChannels, Data: s.dz}
	x := l.input(in)
	dx, err := cpuref.InputGradient(p, l.filters, dz)
	if err != nil {
		return s, err
	}
	dw, err := cpuref.FilterGradient(p, x, dz)
	if err != nil {
		return s, err
	}
	db, err := cpuref.BiasGradient(p, dz)
	round(s.gradients.X.Data, dx)
	round(s.gradients.W.Data, dw)
	round(s.gradients.W.Bias, db)
	return s, err
}

// throughActivation computes Z, dZ and the slopes' gradient.
func (e cpuEngine) throughActivation(s *stages, in operands, dv []float32) error {
	l, p := e.layer, e.layer.problem
	z, err := cpuref.Im2col(p, l.input(in), l.filters)
	if err == nil && l.options.Epilogue.Residual == conv.BeforeFunction {
		z, err = z.Epilogue(conv.Epilogue{Residual: conv.BeforeFunction}, nil, in.residual)
	}
	if err != nil {
		return err
	}
	s.z, s.dz = make([]float32, len(dv)), make([]float32, len(dv))
	round(s.z, z)
	dz, dslope, err := cpuref.EpilogueGradient(l.options.Epilogue, s.z, dv, l.options.Slopes, p.OutChannels)
	round(s.dz, dz)
	round(s.gradients.Slopes, dslope)
	return err
}

// round copies the reference's values.
func round(to []float32, from cpuref.Reference) {
	for i, v := range from.Value {
		to[i] = float32(v)
	}
}
