package host

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// forward runs a layer by one algorithm: its memory on the device, and the dispatches of every run.
type forward struct {
	recorder
	algorithm  algorithm
	inputs     []*guarded // what kernels read
	scratch    []*guarded // what they write for each other
	x, w, b    *guarded
	slopes     *guarded
	residual   *guarded
	v          *guarded
	noResidual bool
	layer      *Layer
	back       *gradientEngine // nil until gradients are asked for
}

var errTooLong = fmt.Errorf("%w: volumes and filters of 2^32 numbers or more, or padded axes of 2^30", ErrUnsupported)

// newForward uploads the filters and records the dispatches that every run submits.
func newForward(dev *gpu.Device, l *Layer, a algorithm) (_ *forward, err error) {
	p, o := l.problem, l.options
	if !shaders.Fits(p) {
		return nil, errTooLong
	}
	e := &forward{recorder: newRecorder(dev), algorithm: a, layer: l, noResidual: o.Epilogue.Residual == conv.NoResidual}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if err := e.upload(p, o); err != nil {
		return nil, err
	}
	return e, e.recordLayer(p, o)
}

// recordLayer records the algorithm, and the epilogue where it is to be a pass of its own.
func (e *forward) recordLayer(p conv.Problem, o LayerOptions) error {
	fused := o.Epilogue
	if o.Separate {
		fused = conv.Epilogue{}
	}
	err := e.algorithm.record(e, fused)
	switch {
	case err != nil || !o.Separate:
		return err
	case o.Epilogue == conv.Activate(conv.ReLU):
		return e.elementwise(shaders.ReLU, shaders.Encode(shaders.ReLUParams{Outputs: uint32(p.OutLen())}), p.OutLen(), e.v.output())
	}
	params := shaders.Encode(shaders.Forward(p, o.Epilogue))
	return e.elementwise(shaders.Activate, params, p.OutLen(), e.slopes.input(), e.residual.input(), e.v.output())
}

// numbers is how volumes and filters are stored.
func (o LayerOptions) numbers() Numbers {
	if o.Numbers == "" {
		return Float32
	}
	return o.Numbers
}

// upload makes the layer's buffers and fills those that stay. Where there is nothing to bind, one number
// that no kernel reads stands in.
func (e *forward) upload(p conv.Problem, o LayerOptions) error {
	packed, err := e.algorithm.pack(e.layer)
	if err != nil {
		return err
	}
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
		{&e.w, "the filter bank W", int64(len(packed)), packed, n},
		{&e.b, "the biases b", p.BiasLen(), e.layer.filters.Bias, Float32},
		{&e.slopes, "the slopes of PReLU", int64(len(slopes)), slopes, Float32},
		{&e.residual, "the residual R", residuals, nil, n},
		{&e.v, "the output volume V", p.OutLen(), nil, n},
	} {
		usage := gpu.Storage
		if m.to == &e.w && fromUniform(e.algorithm) {
			usage = gpu.Uniform
		}
		g, err := newGuardedFor(usage, e.dev, m.what, m.count, m.numbers)
		if err != nil {
			return err
		}
		*m.to = g
		if g != e.v {
			e.inputs = append(e.inputs, g)
		}
		if m.data == nil {
			continue
		}
		if err := g.write(m.data); err != nil {
			return err
		}
	}
	return nil
}

// writeInputs uploads what changes from run to run.
func (e *forward) writeInputs(in operands) error {
	if err := e.x.write(in.x); err != nil || e.noResidual {
		return err
	}
	return e.residual.write(in.residual)
}

// newScratch makes memory that kernels write for each other.
func (e *forward) newScratch(what string, count int64) (*guarded, error) {
	g, err := newGuarded(e.dev, what, count, Float32)
	if err == nil {
		e.scratch = append(e.scratch, g)
	}
	return g, err
}

// newInput makes memory that no kernel writes.
func (e *forward) newInput(what string, data []float32) (*guarded, error) {
	g, err := newGuarded(e.dev, what, int64(len(data)), Float32)
	if err != nil {
		return nil, err
	}
	e.inputs = append(e.inputs, g)
	return g, g.write(data)
}

// poison fills memory with NaN.
func poison(all []*guarded) error {
	for _, g := range all {
		nans := make([]float32, g.numbersIn())
		cpuref.Poison(nans)
		if err := g.write(nans); err != nil {
			return err
		}
	}
	return nil
}

func (e *forward) run(in operands, v []float32, checked bool) error {
	if err := e.writeInputs(in); err != nil {
		return err
	}
	if !checked {
		return e.v.runRead(e.batch, v)
	}
	if err := poison(append(e.scratch, e.v)); err != nil {
		return err
	}
	cpuref.Poison(v)
	if err := e.v.runRead(e.batch, v); err != nil {
		return err
	}
	return checkMemory(e.inputs, append(e.scratch, e.v))
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

func (e *forward) close() {
	if e.back != nil {
		e.back.close()
		if e.back.forward != e {
			e.back.forward.close()
		}
	}
	e.recorder.close()
	for _, g := range slices.Concat(e.inputs, e.scratch, []*guarded{e.v}) {
		g.close()
	}
}
