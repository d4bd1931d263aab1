package host

import (
	"errors"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// direct is the simplest algorithm: a workgroup for each output, conv.wgsl.
type direct struct {
	recorder
	inputs     []*guarded // what kernels read, in the order of conv.wgsl's bindings
	x, w, b    *guarded
	slopes     *guarded
	residual   *guarded
	v          *guarded
	noResidual bool
	layer      *Layer
	back       *gradientEngine // nil until gradients are asked for
}

var errTooLong = fmt.Errorf("%w: volumes and filters of 2^32 numbers or more, or padded axes of 2^30", ErrUnsupported)

// newDirect uploads the filters and records the dispatches that every run submits.
func newDirect(dev *gpu.Device, l *Layer) (_ *direct, err error) {
	p, o := l.problem, l.options
	if !shaders.Fits(p) {
		return nil, errTooLong
	}
	e := &direct{recorder: newRecorder(dev), layer: l, noResidual: o.Epilogue.Residual == conv.NoResidual}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if err := e.upload(p, l.filters, o); err != nil {
		return nil, err
	}
	return e, e.recordLayer(p, o)
}

// recordLayer records the convolution, and the epilogue where it is to be a pass of its own.
func (e *direct) recordLayer(p conv.Problem, o LayerOptions) error {
	fused := o.Epilogue
	if o.Separate {
		fused = conv.Epilogue{}
	}
	params, workgroups := shaders.Encode(shaders.Forward(p, fused)), p.OutLen()
	if o.numbers() == Float16 { // a workgroup for each word
		workgroups = (workgroups + 1) / 2
	}
	err := e.sums(convVariant(p, o), params, workgroups, e.x.input(), e.w.input(), e.b.input(), e.slopes.input(), e.residual.input(), e.v.output())
	switch {
	case err != nil || !o.Separate:
		return err
	case o.Epilogue == conv.Activate(conv.ReLU):
		return e.elementwise(shaders.ReLU, shaders.Encode(shaders.ReLUParams{Outputs: uint32(p.OutLen())}), p.OutLen(), e.v.output())
	}
	params = shaders.Encode(shaders.Forward(p, o.Epilogue))
	return e.elementwise(shaders.Activate, params, p.OutLen(), e.slopes.input(), e.residual.input(), e.v.output())
}

// convVariant chooses the row of the shader table.
func convVariant(p conv.Problem, o LayerOptions) shaders.Sums {
	threads := o.Threads
	if threads == 0 {
		threads = defaultThreads(p.TapsPerOutput())
	}
	return shaders.Conv(threads, o.numbers())
}

// numbers is how volumes and filters are stored.
func (o LayerOptions) numbers() Numbers {
	if o.Numbers == "" {
		return Float32
	}
	return o.Numbers
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

// upload makes the layer's buffers and fills those that stay. Where there is nothing to bind, one number
// that no kernel reads stands in.
func (e *direct) upload(p conv.Problem, filters tensor.Filters, o LayerOptions) error {
	residuals, slopes := p.OutLen(), o.Slopes
	if e.noResidual {
		residuals = 1
	}
	if len(slopes) == 0 {
		slopes = []float32{0}
	}
	n := o.numbers()
	for _, m := range []struct {
		to      **guarded
		what    string
		count   int64
		data    []float32
		numbers Numbers
	}{
		{&e.x, "the input volume X", p.InLen(), nil, n},
		{&e.w, "the filter bank W", p.FilterLen(), filters.Data, n},
		{&e.b, "the biases b", p.BiasLen(), filters.Bias, Float32},
		{&e.slopes, "the slopes of PReLU", int64(len(slopes)), slopes, Float32},
		{&e.residual, "the residual R", residuals, nil, n},
		{&e.v, "the output volume V", p.OutLen(), nil, n},
	} {
		g, err := newGuarded(e.dev, m.what, m.count, m.numbers)
		if err != nil {
			return err
		}
		*m.to = g
		if m.data == nil {
			continue
		}
		if err := g.write(m.data); err != nil {
			return err
		}
	}
	e.inputs = []*guarded{e.x, e.w, e.b, e.slopes, e.residual}
	return nil
}

// writeInputs uploads what changes from run to run.
func (e *direct) writeInputs(in operands) error {
	if err := e.x.write(in.x); err != nil || e.noResidual {
		return err
	}
	return e.residual.write(in.residual)
}

func (e *direct) run(in operands, v []float32, checked bool) error {
	if err := e.writeInputs(in); err != nil {
		return err
	}
	if checked {
		cpuref.Poison(v)
		if err := e.v.write(v); err != nil {
			return err
		}
	}
	if err := e.batch.Run(); err != nil {
		return err
	}
	if err := e.v.read(v); err != nil || !checked {
		return err
	}
	return checkMemory(e.inputs, []*guarded{e.v})
}

// checkMemory looks at everything that a run must leave as it was.
func checkMemory(inputs, outputs []*guarded) error {
	var errs []error
	for _, g := range inputs {
		errs = append(errs, g.checkGuards(), g.checkUnchanged())
	}
	for _, g := range outputs {
		errs = append(errs, g.checkGuards())
	}
	return errors.Join(errs...)
}

func (e *direct) close() {
	if e.back != nil {
		e.back.close()
		if e.back.forward != e {
			e.back.forward.close()
		}
	}
	e.recorder.close()
	for _, g := range []*guarded{e.x, e.w, e.b, e.slopes, e.residual, e.v} {
		g.close()
	}
}
