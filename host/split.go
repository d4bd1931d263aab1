package host

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/tensor"
)

// split computes a layer that is too large for a device's bindings, or for what its kernels count with,
// in parts: each is a smaller problem for the direct algorithm, whose input the host gathers and whose
// output it puts in place.
//
// Quantized layers are split by the same plans: see quantizedSplit.
type split struct {
	partwise[engine]
	layer *Layer
	dev   *gpu.Device
}

// newPart builds the engine of one part; tests have it fail.
var newPart = newWhole

// planFor is how layers are split; tests force splits of their choice.
var planFor = newPlan

// newWhole runs a layer in one piece.
func newWhole(dev *gpu.Device, l *Layer) (engine, error) {
	a, err := choose(dev, l.problem, l.options)
	if err != nil {
		return nil, err
	}
	return newForward(dev, l, a)
}

// newEngine chooses: the layer in one piece where it fits the device, else in parts.
func newEngine(dev *gpu.Device, l *Layer) (engine, error) {
	pl, err := planFor(l.problem, deviceLimits(dev.Limits()))
	if err != nil {
		return nil, err
	}
	if pl == wholePlan(l.problem) {
		return newWhole(dev, l)
	}
	e := &split{partwise: partwise[engine]{plan: pl}, layer: l, dev: dev}
	// The first part is built now, to report what cannot be run when the layer is built.
	pt := pl.part(0)
	if _, err := e.engine(pt, e.epilogue(pt)); err != nil {
		return nil, err
	}
	return e, nil
}

// epilogue is what a part does to its sums: the layer's own if these are whole, else it adds those of the
// parts before it, in the place of a residual.
func (e *split) epilogue(pt part) conv.Epilogue {
	switch {
	case e.single():
		return e.layer.options.Epilogue
	case e.plan.first(pt):
		return conv.Epilogue{}
	}
	return conv.Epilogue{Residual: conv.BeforeFunction}
}

// engine gives the engine of a part.
func (e *split) engine(pt part, epilogue conv.Epilogue) (engine, error) {
	key := e.keyOf(pt)
	key.epilogue = epilogue
	return e.build(key, func() tensor.Filters { return e.filters(key.problem, pt) })
}

// finisher gives the engine that applies the layer's epilogue to whole sums: a layer of filters of a
// single weight 1 in a group for each channel, which change nothing.
func (e *split) finisher(pt part) (engine, error) {
	key := e.finishKey(pt)
	key.epilogue = e.layer.options.Epilogue
	return e.build(key, func() tensor.Filters {
		depth := key.problem.OutChannels
		f := tensor.Filters{Banks: 1, K: depth, Z: 1, H: 1, W: 1, D: 1, Data: make([]float32, depth), Bias: make([]float32, depth)}
		for i := range f.Data {
			f.Data[i] = 1
		}
		return f
	})
}

// build gives the engine of a key.
func (e *split) build(key partKey, filters func() tensor.Filters) (engine, error) {
	return e.engineOf(key, func() (engine, error) {
		o := e.layer.options
		o.Epilogue, o.Slopes = key.epilogue, nil
		if key.epilogue.Activation.Function == conv.PReLU {
			o.Slopes = gather(e.layer.options.Slopes, e.channels(key.filters))
		}
		if !e.single() {
			o.Numbers = Float32 // sums in float16 would be rounded once for each part
		}
		o.Separate = o.Separate && key.epilogue == e.layer.options.Epilogue
		o.part = true
		return newPart(e.dev, &Layer{problem: key.problem, filters: filters(), options: o, dev: e.layer.dev})
	})
}

// filters are those of a part. Of parts that add up the first has the biases.
func (e *split) filters(p conv.Problem, pt part) tensor.Filters {
	f := tensor.Filters{Banks: 1, K: p.OutChannels, Z: p.Z.Filter, H: p.H.Filter, W: p.W.Filter, D: p.InChannels / p.Groups}
	if p.Unshared {
		f.Banks = p.Z.Out * p.H.Out * p.W.Out
	}
	f.Data = gather(e.layer.filters.Data, e.weights(pt))
	if e.plan.first(pt) {
		f.Bias = gather(e.layer.filters.Bias, e.biases(pt))
	} else {
		f.Bias = make([]float32, f.Banks*f.K)
	}
	return f
}

func (e *split) run(in operands, v []float32, checked bool) error {
	if err := e.sums(in, v, checked); err != nil {
		return err
	}
	if e.single() {
		return nil
	}
	if e.layer.options.Epilogue != (conv.Epilogue{}) {
		if err := e.eachSum(func(pt part) error { return e.finish(pt, in, v, checked) }); err != nil {
			return err
		}
	}
	copy(v, e.layer.stored(v))
	return nil
}

// sums runs all parts. Sums of several parts grow in v; the epilogue has not been applied to them.
func (e *split) sums(in operands, v []float32, checked bool) error {
	if checked {
		cpuref.Poison(v)
	}
	return e.eachPart(func(pt part) error {
		epilogue := e.epilogue(pt)
		engine, err := e.engine(pt, epilogue)
		if err != nil {
			return err
		}
		block := operands{x: gather(in.x, e.inputs(pt))}
		if epilogue.Residual != conv.NoResidual {
			from := v
			if e.single() {
				from = in.residual
			}
			block.residual = gather(from, e.outputs(pt))
		}
		return e.runPart(engine, pt, block, v, checked)
	})
}

// finish applies the layer's epilogue to the sums in v.
func (e *split) finish(pt part, in operands, v []float32, checked bool) error {
	engine, err := e.finisher(pt)
	if err != nil {
		return err
	}
	return e.runPart(engine, pt, e.finishing(pt, in, v), v, checked)
}

// finishing gives the operands of a finisher.
func (e *split) finishing(pt part, in operands, sums []float32) operands {
	block := operands{x: gather(sums, e.outputs(pt))}
	if e.layer.options.Epilogue.Residual != conv.NoResidual {
		block.residual = gather(in.residual, e.outputs(pt))
	}
	return block
}

// runPart runs the engine of a part and puts its outputs in place.
func (e *split) runPart(engine engine, pt part, block operands, v []float32, checked bool) error {
	dims := e.outputs(pt)
	out := make([]float32, blockOf(dims))
	if err := engine.run(block, out, checked); err != nil {
		return e.failed(e.key.problem, err)
	}
	scatter(v, out, dims)
	return nil
}
