package host

import (
	"context"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/split"
	"github.com/gpuconv/gpuconv/tensor"
)

// blocks computes a layer that is too large for a device's bindings, or for what its kernels count with,
// block by block: each is a smaller layer, whose input the host gathers and whose output it puts in place.
//
// Quantized layers are split by the same plans: see quantizedBlocks.
type blocks struct {
	split.Engines[engine]
	layer *layerData
	dev   *Device
}

func newBlocks(dev *Device, l *layerData, pl split.Plan) (*blocks, error) {
	e := &blocks{Engines: split.Engines[engine]{Plan: pl}, layer: l, dev: dev}
	// The first block is built now, to report what cannot be run when the layer is built.
	b := pl.Block(0)
	_, err := e.engine(b, e.epilogue(b))
	return e, err
}

// algorithm is the current block's.
func (e *blocks) algorithm() algo.Algorithm {
	if on, made := e.Current(); made {
		return on.algorithm()
	}
	return algo.Direct(e.layer.spec())
}

// epilogue is what a block does to its sums: the layer's own if these are whole, else it adds those of the
// blocks before it, in the place of a residual.
func (e *blocks) epilogue(b split.Block) conv.Epilogue {
	switch {
	case e.Single():
		return e.layer.options.Epilogue
	case e.First(b):
		return conv.Epilogue{}
	}
	return conv.Epilogue{Residual: conv.BeforeFunction}
}

// engine gives the engine of a block.
func (e *blocks) engine(b split.Block, epilogue conv.Epilogue) (engine, error) {
	key := e.KeyOf(b)
	key.Epilogue = epilogue
	return e.build(key, func() tensor.Filters { return e.filters(key.Problem, b) })
}

// finisher gives the engine that applies the layer's epilogue to whole sums: a layer of filters of a
// single weight 1 in a group for each channel, which change nothing.
func (e *blocks) finisher(b split.Block) (engine, error) {
	key := e.FinishKey(b)
	key.Epilogue = e.layer.options.Epilogue
	return e.build(key, func() tensor.Filters {
		depth := key.Problem.OutChannels
		f := tensor.Filters{
			Banks: 1,
			K:     depth,
			Z:     1,
			H:     1,
			W:     1,
			D:     1,
			Data:  make([]float32, depth),
			Bias:  make([]float32, depth),
		}
		for i := range f.Data {
			f.Data[i] = 1
		}
		return f
	})
}

// build gives the engine of a key.
func (e *blocks) build(key split.Key, filters func() tensor.Filters) (engine, error) {
	return e.Engine(key, func() (engine, error) {
		o := e.layer.options
		o.Epilogue, o.Slopes = key.Epilogue, nil
		if key.Epilogue.Activation.Function == conv.PReLU {
			o.Slopes = split.Gather(e.layer.options.Slopes, e.Channels(key.Filters))
		}
		if !e.Single() {
			o.DType = Float32 // sums in float16 would be rounded once for each block
		}
		o.Separate = o.Separate && key.Epilogue == e.layer.options.Epilogue
		o.Tunings, o.Autotune, o.FilterGradient = nil, false, ""
		l := &layerData{problem: key.Problem, filters: filters(), options: o, block: true}
		if fail := e.dev.hooks.newBlock; fail != nil {
			if err := fail(); err != nil {
				return nil, err
			}
		}
		return newWhole(e.dev, l)
	})
}

// filters are those of a block. Of blocks that add up the first has the biases.
func (e *blocks) filters(p conv.Problem, b split.Block) tensor.Filters {
	biases := make([]float32, p.BiasLen())
	if e.First(b) {
		biases = split.Gather(e.layer.filters.Bias, e.Biases(b))
	}
	return filtersOf(p, split.Gather(e.layer.filters.Data, e.Weights(b)), biases)
}

func (e *blocks) run(ctx context.Context, in operands, v []float32, checked bool) error {
	if err := e.sums(ctx, in, v, checked); err != nil {
		return err
	}
	if e.Single() {
		return nil
	}
	if e.layer.options.Epilogue != (conv.Epilogue{}) {
		if err := e.EachSum(func(b split.Block) error { return e.finish(ctx, b, in, v, checked) }); err != nil {
			return err
		}
	}
	copy(v, e.layer.stored(v))
	return nil
}

// sums runs all blocks. Sums of several blocks grow in v; the epilogue has not been applied to them.
func (e *blocks) sums(ctx context.Context, in operands, v []float32, checked bool) error {
	if checked {
		cpuref.Poison(v)
	}
	return e.EachBlock(func(b split.Block) error {
		epilogue := e.epilogue(b)
		engine, err := e.engine(b, epilogue)
		if err != nil {
			return err
		}
		block := operands{x: split.Gather(in.x, e.Inputs(b))}
		if epilogue.Residual != conv.NoResidual {
			from := v
			if e.Single() {
				from = in.residual
			}
			block.residual = split.Gather(from, e.Outputs(b))
		}
		return e.runBlock(ctx, engine, b, block, v, checked)
	})
}

// finish applies the layer's epilogue to the sums in v.
func (e *blocks) finish(ctx context.Context, b split.Block, in operands, v []float32, checked bool) error {
	engine, err := e.finisher(b)
	if err != nil {
		return err
	}
	return e.runBlock(ctx, engine, b, e.finishing(b, in, v), v, checked)
}

// finishing gives the operands of a finisher.
func (e *blocks) finishing(b split.Block, in operands, sums []float32) operands {
	block := operands{x: split.Gather(sums, e.Outputs(b))}
	if e.layer.options.Epilogue.Residual != conv.NoResidual {
		block.residual = split.Gather(in.residual, e.Outputs(b))
	}
	return block
}

// runBlock runs the engine of a block and puts its outputs in place.
func (e *blocks) runBlock(
	ctx context.Context,
	engine engine,
	b split.Block,
	block operands,
	v []float32,
	checked bool,
) error {
	dims := e.Outputs(b)
	out := make([]float32, split.Count(dims))
	if err := engine.run(ctx, block, out, checked); err != nil {
		return e.Failed(err)
	}
	split.Scatter(v, out, dims)
	return nil
}
