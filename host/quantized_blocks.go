package host

import (
	"context"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/split"
)

// quantizedBlocks computes a quantized layer in blocks, as blocks does one of floats. Sums of several blocks
// are added on the host, as int32 and so in any order exactly, and made outputs of once they are whole.
type quantizedBlocks struct {
	split.Engines[*quantizedWhole]
	layer *quantizedData
	dev   *Device
}

func newQuantizedBlocks(dev *Device, q *quantizedData, pl split.Plan) (*quantizedBlocks, error) {
	e := &quantizedBlocks{Engines: split.Engines[*quantizedWhole]{Plan: pl}, layer: q, dev: dev}
	// The first block is built now, to report what cannot be run when the layer is built.
	_, err := e.engine(pl.Block(0))
	return e, err
}

// engine gives the engine of a block, which goes all the way to outputs where its sums are whole.
func (e *quantizedBlocks) engine(b split.Block) (*quantizedWhole, error) {
	key := e.KeyOf(b)
	return e.Engine(key, func() (*quantizedWhole, error) {
		q := e.channelsOf(b)
		q.problem, q.weights = key.Problem, split.Gather(e.layer.weights, e.Weights(b))
		if q.biases = make([]int32, key.Problem.BiasLen()); e.First(b) { // of blocks that add up the first has them
			q.biases = split.Gather(e.layer.biases, e.Biases(b))
		}
		makes := outputKinds{}
		if e.Single() {
			makes = e.layer.outputKinds()
		}
		return newQuantizedWhole(e.dev, q, true, makes)
	})
}

// outputKinds are those that a block makes, whichever of them a run is for.
func (q *quantizedData) outputKinds() outputKinds { return outputKinds{true, q.options.VScale != 0} }

// algorithm is the current block's.
func (e *quantizedBlocks) algorithm() algo.Algorithm {
	if on, made := e.Current(); made {
		return on.algorithm()
	}
	return algo.Direct(algo.Spec{Problem: e.layer.problem})
}

// finisher gives the engine that makes outputs of whole sums.
func (e *quantizedBlocks) finisher(b split.Block) (*quantizedWhole, error) {
	key := e.FinishKey(b)
	return e.Engine(key, func() (*quantizedWhole, error) {
		q := e.channelsOf(b)
		q.problem = key.Problem
		return newQuantizedWhole(e.dev, q, false, e.layer.outputKinds())
	})
}

// channelsOf has what the layer has for each output channel.
func (e *quantizedBlocks) channelsOf(b split.Block) quantizedData {
	channels := e.Channels(b)
	q := quantizedData{
		options:   e.layer.options,
		zeros:     split.Gather(e.layer.zeros, channels),
		scales:    split.Gather(e.layer.scales, channels),
		keepsSums: true,
	}
	if q.options.Epilogue.Activation.Function == conv.PReLU {
		q.options.Slopes = split.Gather(e.layer.options.Slopes, channels)
	}
	return q
}

func (e *quantizedBlocks) run(ctx context.Context, whole *quantizedRun) error {
	r := *whole
	if r.checked {
		cpuref.Poison(r.v)
		for i := range r.sums {
			r.sums[i] = math.MinInt32
		}
		for i := range r.bytes {
			r.bytes[i] = -86 // bits in turn: no number of int8 is no output
		}
	}
	if err := e.EachBlock(func(b split.Block) error { return e.add(ctx, b, r) }); err != nil || e.Single() ||
		!r.finishes() {
		return err
	}
	return e.EachSum(func(b split.Block) error { return e.finish(ctx, b, r) })
}

// add runs one block and puts its sums in place, or on top of those of the blocks before it.
func (e *quantizedBlocks) add(ctx context.Context, b split.Block, r quantizedRun) error {
	engine, err := e.engine(b)
	if err != nil {
		return err
	}
	dims := e.Outputs(b)
	// What stands for 0 is the zero point, in gathered padding too.
	block := quantizedRun{
		x:       split.GatherAround(r.x, e.Inputs(b), e.layer.options.XZero),
		sums:    make([]int32, split.Count(dims)),
		checked: r.checked,
	}
	if e.Single() {
		block.readies(r, dims)
	}
	if err := engine.run(ctx, &block); err != nil {
		return e.Failed(err)
	}
	if e.First(b) {
		split.Scatter(r.sums, block.sums, dims)
	} else {
		split.Accumulate(r.sums, block.sums, dims)
	}
	block.scatters(r, dims)
	return nil
}

// finish makes outputs of sums that are whole.
func (e *quantizedBlocks) finish(ctx context.Context, b split.Block, r quantizedRun) error {
	engine, err := e.finisher(b)
	if err != nil {
		return err
	}
	dims := e.Outputs(b)
	block := quantizedRun{sums: split.Gather(r.sums, dims), checked: r.checked}
	block.readies(r, dims)
	if err := engine.run(ctx, &block); err != nil {
		return e.Failed(err)
	}
	block.scatters(r, dims)
	return nil
}

// readies gives a block its share of what sums are finished with, where outputs are asked for.
func (block *quantizedRun) readies(r quantizedRun, dims []split.Dim) {
	if r.v != nil {
		block.v = make([]float32, split.Count(dims))
	}
	if r.bytes != nil {
		block.bytes = make([]int8, split.Count(dims))
	}
	if r.finishes() && r.residual != nil {
		block.residual = split.Gather(r.residual, dims)
	}
}

// scatters puts a block's outputs in place, where there are any.
func (block quantizedRun) scatters(r quantizedRun, dims []split.Dim) {
	if block.v != nil {
		split.Scatter(r.v, block.v, dims)
	}
	if block.bytes != nil {
		split.Scatter(r.bytes, block.bytes, dims)
	}
}
