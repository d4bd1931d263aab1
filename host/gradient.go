package host

import (
	"context"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
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

// Backward computes the gradients at x, given the loss's gradient dv with respect to V. A layer with a
// residual takes its volume as the third argument. The error wraps [cpuref.ErrShape] where a volume does
// not fit, or [gpu.ErrClosed].
func (l *Layer) Backward(x, dv tensor.Volume, residual ...tensor.Volume) (Gradients, error) {
	s, err := l.backward(x, dv, residual, false)
	return s.gradients, err
}

// stages are all volumes of a backward pass, for those who judge each by the one before.
type stages struct {
	z, dz     []float32 // the sums before the activation, nil without one, and the gradient with respect to them
	gradients Gradients
}

func (l *Layer) backward(x, dv tensor.Volume, residual []tensor.Volume, checked bool) (stages, error) {
	if l == nil || l.dev == nil {
		return stages{}, fmt.Errorf("a layer's gradients: %w, or never built: use one from host.NewLayer", gpu.ErrClosed)
	}
	if err := l.dev.usable(); err != nil {
		return stages{}, l.failed("gradients of", err)
	}
	in, err := l.operands(x, residual)
	if err == nil {
		err = cpuref.CheckOutput(l.problem, "gradient dV", dv)
	}
	if err != nil {
		return stages{}, l.failed("gradients of", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine == nil {
		return stages{}, l.failed("gradients of", fmt.Errorf("layer %w", gpu.ErrClosed))
	}
	s, err := l.engine.backward(in, dv.Data, checked)
	if err != nil {
		return s, l.failed("gradients of", err)
	}
	s.gradients.Residual = l.residualGradient(s, dv)
	return s, nil
}

// residualGradient is that of what was added: the sum's, or V's.
func (l *Layer) residualGradient(s stages, dv tensor.Volume) tensor.Volume {
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
func (l *Layer) shapes() (Gradients, error) {
	p := l.problem
	x, err := tensor.NewVolume3D(p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels)
	if err != nil {
		return Gradients{}, err
	}
	w := l.filters
	w.Data, w.Bias = make([]float32, len(w.Data)), make([]float32, len(w.Bias))
	return Gradients{X: x, W: w, Slopes: make([]float32, l.options.slopes(p))}, nil
}

// gradientEngine is what a layer needs for the way back, made when first asked for.
type gradientEngine struct {
	recorder
	layer                      *Layer
	forward                    *forward
	dv, z, dz, dslopes         *guarded // dz is dv where there is no activation
	dx, dw, db, dslope, noBias *guarded
	activation                 conv.Activation
}

// newGradientEngine records: the sums again, through the activation, then the three gradients.
func newGradientEngine(forward *forward, l *Layer) (_ *gradientEngine, err error) {
	e := &gradientEngine{recorder: newRecorder(forward.dev), layer: l, forward: forward, activation: l.options.Epilogue.Activation}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if err := e.allocate(l.problem); err != nil {
		return nil, err
	}
	if e.activation.Function != conv.Identity {
		if err := e.recordActivation(l.problem); err != nil {
			return nil, err
		}
	}
	return e, e.recordGradients(l.problem)
}

func (e *gradientEngine) allocate(p conv.Problem) error {
	type buffer struct {
		to    **guarded
		what  string
		count int64
	}
	buffers := []buffer{
		{&e.dv, "the gradient dV", p.OutLen()}, {&e.dx, "the gradient dX", p.InLen()}, {&e.dw, "the gradient dW", p.FilterLen()},
		{&e.db, "the gradient db", p.BiasLen()}, {&e.noBias, "no biases", int64(p.InChannels)},
	}
	if e.activation.Function != conv.Identity {
		shares := int64(1)
		if e.activation.Function == conv.PReLU {
			shares = p.OutLen()
		}
		buffers = append(buffers, buffer{&e.z, "the sums Z", p.OutLen()}, buffer{&e.dz, "the gradient dZ", p.OutLen()},
			buffer{&e.dslopes, "shares of the slopes' gradient", shares}, buffer{&e.dslope, "the slopes' gradient", int64(p.OutChannels)})
	}
	for _, b := range buffers {
		g, err := newGuarded(e.dev, b.what, b.count, Float32)
		if err != nil {
			return err
		}
		*b.to = g
	}
	return e.noBias.write(make([]float32, p.InChannels))
}

// recordActivation computes Z anew and dZ from it.
func (e *gradientEngine) recordActivation(p conv.Problem) error {
	f, o := e.forward, e.layer.options
	sums := conv.Epilogue{}
	if o.Epilogue.Residual == conv.BeforeFunction {
		sums.Residual = conv.BeforeFunction
	}
	err := e.sums(convVariant(p, o), shaders.Encode(shaders.Forward(p, sums)), p.OutLen(),
		f.x.input(), f.w.input(), f.b.input(), f.slopes.input(), f.residual.input(), e.z.output())
	if err != nil {
		return err
	}
	err = e.elementwise(shaders.ActivationGradients, shaders.Encode(shaders.Forward(p, o.Epilogue)), p.OutLen(),
		f.slopes.input(), e.z.input(), e.dv.input(), e.dz.output(), e.dslopes.output())
	if err != nil || e.activation.Function != conv.PReLU {
		return err
	}
	shared := p
	shared.Unshared = false // slopes are shared always
	return e.sums(shaders.BiasGradients, shaders.Encode(shaders.BiasGradient(shared)), int64(p.OutChannels), e.dslopes.input(), e.dslope.output())
}

// sumsGradient is the gradient with respect to the sums.
func (e *gradientEngine) sumsGradient() *guarded {
	if e.dz != nil {
		return e.dz
	}
	return e.dv
}

func (e *gradientEngine) recordGradients(p conv.Problem) error {
	f, dz := e.forward, e.sumsGradient()
	err := e.sums(convVariant(p, e.layer.options), shaders.Encode(shaders.InputGradient(p)), p.InLen(),
		dz.input(), f.w.input(), e.noBias.input(), f.slopes.input(), e.noBias.input(), e.dx.output())
	if err != nil {
		return err
	}
	err = e.sums(shaders.FilterGradients, shaders.Encode(shaders.FilterGradient(p)), p.FilterLen(), f.x.input(), dz.input(), e.dw.output())
	if err != nil {
		return err
	}
	return e.sums(shaders.BiasGradients, shaders.Encode(shaders.BiasGradient(p)), p.BiasLen(), dz.input(), e.db.output())
}

// backward runs the way back.
func (e *forward) backward(in operands, dv []float32, checked bool) (stages, error) {
	g, err := e.gradients()
	if err != nil {
		return stages{}, err
	}
	return g.run(in, dv, checked)
}

// gradients makes the engine for the way back once. It works on filters that are not packed; that of a
// float16 layer on its rounded operands in float32.
func (e *forward) gradients() (_ *gradientEngine, err error) {
	if e.back != nil {
		return e.back, nil
	}
	forward := e
	if _, plain := e.algorithm.(direct); !plain || e.layer.options.numbers() == Float16 {
		full := &Layer{problem: e.layer.problem, filters: e.layer.filters, options: e.layer.options, dev: e.layer.dev}
		full.options.Numbers = Float32
		if forward, err = newForward(e.dev, full, newDirect(full.problem, full.options)); err != nil {
			return nil, err
		}
	}
	if e.back, err = newGradientEngine(forward, forward.layer); err != nil {
		if forward != e {
			forward.close()
		}
		return nil, err
	}
	return e.back, nil
}

func (e *gradientEngine) run(in operands, dv []float32, checked bool) (s stages, err error) {
	if s.gradients, err = e.layer.shapes(); err != nil {
		return s, err
	}
	if err := e.forward.writeInputs(in); err != nil {
		return s, err
	}
	if err := e.dv.write(dv); err != nil {
		return s, err
	}
	if checked {
		if err := poison(e.outputs()); err != nil {
			return s, err
		}
	}
	if err := e.batch.Run(context.Background()); err != nil {
		return s, err
	}
	if err := e.read(&s, dv); err != nil || !checked {
		return s, err
	}
	return s, checkMemory(append([]*guarded{e.dv, e.noBias}, e.forward.inputs...), e.outputs())
}

// outputs are the buffers that kernels write.
func (e *gradientEngine) outputs() []*guarded {
	all := []*guarded{e.dx, e.dw, e.db}
	if e.dz != nil {
		all = append(all, e.z, e.dz)
	}
	if e.activation.Function == conv.PReLU {
		all = append(all, e.dslopes, e.dslope)
	}
	return all
}

// read takes back what was computed.
func (e *gradientEngine) read(s *stages, dv []float32) error {
	s.dz = dv
	if e.dz != nil {
		s.z, s.dz = make([]float32, len(dv)), make([]float32, len(dv))
	}
	for _, r := range []struct {
		from *guarded
		to   []float32
	}{{e.dx, s.gradients.X.Data}, {e.dw, s.gradients.W.Data}, {e.db, s.gradients.W.Bias}, {e.dslope, s.gradients.Slopes}, {e.z, s.z}} {
		if r.from != nil && len(r.to) > 0 {
			if err := r.from.read(r.to); err != nil {
				return err
			}
		}
	}
	if e.dz != nil {
		return e.dz.read(s.dz)
	}
	return nil
}

func (e *gradientEngine) close() {
	e.recorder.close()
	for _, g := range []*guarded{e.dv, e.z, e.dz, e.dslopes, e.dx, e.dw, e.db, e.dslope, e.noBias} {
		g.close()
	}
}
