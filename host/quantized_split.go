package host

import (
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
)

// quantizedSplit computes a quantized layer in parts, as split does one of floats. Sums of several parts
// are added on the host, as int32 and so in any order exactly, and made outputs of once they are whole.
type quantizedSplit struct {
	partwise[*quantizedEngine]
	layer *quantizedData
	dev   *gpu.Device
}

// newQuantizedRunner chooses: the layer in one piece where it fits the device, else in parts.
func newQuantizedRunner(dev *gpu.Device, q *quantizedData) (quantizedRunner, error) {
	pl, err := planFor(q.problem, deviceLimits(dev.Limits()).packed())
	if err != nil {
		return nil, err
	}
	if pl == wholePlan(q.problem) {
		return newQuantizedEngine(dev, *q, quantizedWork{adds: true, finishes: true})
	}
	e := &quantizedSplit{partwise: partwise[*quantizedEngine]{plan: pl}, layer: q, dev: dev}
	// The first part is built now, to report what cannot be run when the layer is built.
	if _, err := e.engine(pl.part(0)); err != nil {
		return nil, err
	}
	return e, nil
}

// packed are the limits of 8-bit numbers: four of X's and W's take the room of one, of the sums none do.
func (most limits) packed() limits {
	for _, i := range []int{sizeX, sizeW} {
		most[i] = min(times(4, most[i]), most[sizeSteps]) // which is as far as kernels count
	}
	return most
}

// engine gives the engine of a part, which goes all the way to outputs where its sums are whole.
func (e *quantizedSplit) engine(pt part) (*quantizedEngine, error) {
	key := e.keyOf(pt)
	return e.engineOf(key, func() (*quantizedEngine, error) {
		q := e.channelsOf(pt)
		q.problem, q.weights = key.problem, gather(e.layer.weights, e.weights(pt))
		if q.biases = make([]int32, key.problem.BiasLen()); e.first(pt) { // of parts that add up the first has them
			q.biases = gather(e.layer.biases, e.biases(pt))
		}
		return newQuantizedEngine(e.dev, q, quantizedWork{adds: true, finishes: e.single()})
	})
}

// finisher gives the engine that makes outputs of whole sums.
func (e *quantizedSplit) finisher(pt part) (*quantizedEngine, error) {
	key := e.finishKey(pt)
	return e.engineOf(key, func() (*quantizedEngine, error) {
		q := e.channelsOf(pt)
		q.problem = key.problem
		return newQuantizedEngine(e.dev, q, quantizedWork{finishes: true})
	})
}

// channelsOf has what the layer has for each output channel.
func (e *quantizedSplit) channelsOf(pt part) quantizedData {
	channels := e.channels(pt)
	q := quantizedData{options: e.layer.options, zeros: gather(e.layer.zeros, channels), scales: gather(e.layer.scales, channels)}
	if q.options.Epilogue.Activation.Function == conv.PReLU {
		q.options.Slopes = gather(e.layer.options.Slopes, channels)
	}
	return q
}

func (e *quantizedSplit) run(r quantizedRun) error {
	if r.checked {
		cpuref.Poison(r.v)
		for i := range r.sums {
			r.sums[i] = math.MinInt32
		}
	}
	if err := e.eachPart(func(pt part) error { return e.add(pt, r) }); err != nil || e.single() || r.v == nil {
		return err
	}
	return e.eachSum(func(pt part) error { return e.finish(pt, r) })
}

// add runs one part and puts its sums in place, or on top of those of the parts before it.
func (e *quantizedSplit) add(pt part, r quantizedRun) error {
	engine, err := e.engine(pt)
	if err != nil {
		return err
	}
	dims := e.outputs(pt)
	// What stands for 0 is the zero point, in gathered padding too.
	block := quantizedRun{x: gatherAround(r.x, e.inputs(pt), e.layer.options.XZero), sums: make([]int32, blockOf(dims)), checked: r.checked}
	if e.single() {
		block.readies(r, dims)
	}
	if err := engine.run(block); err != nil {
		return e.failed(e.key.problem, err)
	}
	if e.first(pt) {
		scatter(r.sums, block.sums, dims)
	} else {
		accumulate(r.sums, block.sums, dims)
	}
	if block.v != nil {
		scatter(r.v, block.v, dims)
	}
	return nil
}

// finish makes outputs of sums that are whole.
func (e *quantizedSplit) finish(pt part, r quantizedRun) error {
	engine, err := e.finisher(pt)
	if err != nil {
		return err
	}
	dims := e.outputs(pt)
	block := quantizedRun{sums: gather(r.sums, dims), checked: r.checked}
	block.readies(r, dims)
	if err := engine.run(block); err != nil {
		return e.failed(e.key.problem, err)
	}
	scatter(r.v, block.v, dims)
	return nil
}

// readies gives a block its share of what sums are finished with, where outputs are asked for.
func (block *quantizedRun) readies(r quantizedRun, dims []dim) {
	if r.v == nil {
		return
	}
	block.v = make([]float32, blockOf(dims))
	if r.residual != nil {
		block.residual = gather(r.residual, dims)
	}
}
