package host

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/tensor"
)

// split computes a layer that is too large for a device's bindings, or for what its kernels count with,
// in parts: each is a smaller problem for the direct algorithm, whose input the host gathers and whose
// output it puts in place.
//
// Parts are run one after the other, and only one part's engine exists at a time: all together could be
// larger than the device. It is kept for the next part as long as that computes the same with the same
// filters, as with those of other images, and so filters stay resident where nothing else is split.
type split struct {
	plan    plan
	layer   *Layer
	dev     *gpu.Device
	current engine // of key, nil for none
	key     partKey
}

// partKey tells parts apart that need engines of their own.
type partKey struct {
	problem  conv.Problem
	epilogue conv.Epilogue
	filters  part // without the dimensions that filters do not have
	finish   bool
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
	e := &split{plan: pl, layer: l, dev: dev}
	// The first part is built now, to report what cannot be run when the layer is built.
	pt := pl.part(0)
	if _, err := e.engine(pt, e.epilogue(pt)); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *split) close() {
	if e.current != nil {
		e.current.close()
		e.current = nil
	}
}

// single tells whether each output is one part's.
func (e *split) single() bool { return e.plan.added() == 1 }

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
	key := partKey{problem: e.plan.problemOf(pt), epilogue: epilogue, filters: pt}
	key.filters[dimImages] = span{}
	if !e.layer.problem.Unshared {
		key.filters[dimOutZ], key.filters[dimOutH], key.filters[dimOutW] = span{}, span{}, span{}
	}
	return e.build(key, func() tensor.Filters { return e.filters(key.problem, pt) })
}

// finisher gives the engine that applies the layer's epilogue to whole sums: a layer of filters of a
// single weight 1 in a group for each channel, which change nothing.
func (e *split) finisher(pt part) (engine, error) {
	p, depth := e.plan.problemOf(pt), int(pt[dimGroups].size()*pt[dimOuts].size())
	p = conv.Problem{Batch: p.Batch, Groups: depth, InChannels: depth, OutChannels: depth, Z: through(p.Z), H: through(p.H), W: through(p.W)}
	key := partKey{problem: p, epilogue: e.layer.options.Epilogue, finish: true}
	key.filters[dimGroups], key.filters[dimOuts] = pt[dimGroups], pt[dimOuts] // those of the slopes
	return e.build(key, func() tensor.Filters {
		f := tensor.Filters{Banks: 1, K: depth, Z: 1, H: 1, W: 1, D: 1, Data: make([]float32, depth), Bias: make([]float32, depth)}
		for i := range f.Data {
			f.Data[i] = 1
		}
		return f
	})
}

// through is the axis of a filter of one tap over a's outputs.
func through(a conv.Axis) conv.Axis {
	return conv.Axis{In: a.Out, Out: a.Out, Filter: 1, Stride: 1, Dilation: 1}
}

// build gives the engine of a key, the one that there is or a new one in its place.
func (e *split) build(key partKey, filters func() tensor.Filters) (engine, error) {
	if e.current != nil && e.key == key {
		return e.current, nil
	}
	e.close()
	o := e.layer.options
	o.Epilogue, o.Slopes = key.epilogue, nil
	if key.epilogue.Activation.Function == conv.PReLU {
		o.Slopes = gather(e.layer.options.Slopes, e.channels(key.filters))
	}
	if !e.single() {
		o.Numbers = Float32 // sums in float16 would be rounded once for each part
	}
	o.Separate = o.Separate && key.epilogue == e.layer.options.Epilogue
	made, err := newPart(e.dev, &Layer{problem: key.problem, filters: filters(), options: o, dev: e.layer.dev})
	if err != nil {
		return nil, e.failed(key.problem, err)
	}
	e.current, e.key = made, key
	return made, nil
}

func (e *split) failed(p conv.Problem, err error) error {
	return fmt.Errorf("part %s, one of %d: %w", p, e.plan.parts(), err)
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

// whole is one dimension of a part in the whole layer.
func (e *split) whole(pt part, d int) dim {
	return dim{pt[d], wholePlan(e.layer.problem).block[d], nil}
}

// inputs are where a part's X stands in the layer's.
func (e *split) inputs(pt part) []dim {
	dims := []dim{e.whole(pt, dimImages)}
	wholes := e.layer.problem.Axes()
	for i, a := range e.plan.axes(pt) {
		dims = append(dims, dim{span{0, int64(a.In)}, int64(wholes[i].In), a.from})
	}
	return append(dims, e.whole(pt, dimGroups), e.whole(pt, dimIns))
}

// outputs are where a part's V stands.
func (e *split) outputs(pt part) []dim {
	return append(append([]dim{e.whole(pt, dimImages)}, e.positions(pt)...), e.channels(pt)...)
}

func (e *split) positions(pt part) []dim {
	return []dim{e.whole(pt, dimOutZ), e.whole(pt, dimOutH), e.whole(pt, dimOutW)}
}

// channels are where a part's output channels stand among the layer's.
func (e *split) channels(pt part) []dim { return []dim{e.whole(pt, dimGroups), e.whole(pt, dimOuts)} }

// biases are where a part's stand.
func (e *split) biases(pt part) []dim {
	if e.layer.problem.Unshared {
		return append(e.positions(pt), e.channels(pt)...)
	}
	return e.channels(pt)
}

// weights are where a part's stand.
func (e *split) weights(pt part) []dim {
	return append(e.biases(pt), e.whole(pt, dimTapZ), e.whole(pt, dimTapH), e.whole(pt, dimTapW), e.whole(pt, dimIns))
}

// eachPart calls for every part, in order.
func (e *split) eachPart(do func(part) error) error {
	for i := range e.plan.parts() {
		if err := do(e.plan.part(i)); err != nil {
			return err
		}
	}
	return nil
}

// eachSum calls for the first part of each sum: once for every output.
func (e *split) eachSum(do func(part) error) error {
	return e.eachPart(func(pt part) error {
		if !e.plan.first(pt) {
			return nil
		}
		return do(pt)
	})
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
