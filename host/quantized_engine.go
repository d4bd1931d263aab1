package host

import (
	"context"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// quantizedData is a quantized layer, or a part of one, with nothing left out.
type quantizedData struct {
	problem conv.Problem
	options QuantizedOptions
	weights []int8
	biases  []int32
	zeros   []int32   // of the weights, one for each channel
	scales  []float32 // of input times weight, one for each channel
}

// quantizedWork is what an engine does of a layer: it adds up sums, or makes outputs of sums that it is
// given, or one after the other.
type quantizedWork struct{ adds, finishes bool }

// quantizedRun is one run of a layer: its operands, and where its results go.
type quantizedRun struct {
	x        []int8
	residual []float32 // nil for none
	sums     []int32   // a result, but for engines that only finish
	v        []float32 // nil where only sums are asked for
	checked  bool      // results are poisoned before, guards and operands looked at after
}

// quantizedEngine is the direct algorithm for 8-bit whole numbers: conv.wgsl adds them up, and
// dequantize.wgsl makes outputs of the sums. Buffers that its work does not need are nil.
type quantizedEngine struct {
	recorder
	work                     quantizedWork
	x, w, b, zeros           *guarded
	scales, slopes, residual *guarded
	totals, v                *guarded
}

func newQuantizedEngine(dev *gpu.Device, q quantizedData, work quantizedWork) (_ *quantizedEngine, err error) {
	if !shaders.Fits(q.problem) {
		return nil, errTooLong
	}
	e := &quantizedEngine{recorder: newRecorder(dev), work: work}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if err := e.upload(q); err != nil {
		return nil, err
	}
	return e, e.recordWork(q)
}

func (e *quantizedEngine) recordWork(q quantizedData) error {
	p, o := q.problem, q.options
	if e.work.adds {
		params := shaders.Forward(p, conv.Epilogue{})
		params.XZero = int32(o.XZero)
		variant := convVariant(p, LayerOptions{Threads: o.Threads, Numbers: Int8})
		err := e.sums(variant, shaders.Encode(params), p.OutLen(), e.x.input(), e.w.input(), e.b.input(), e.zeros.input(), e.totals.output())
		if err != nil {
			return err
		}
	}
	if !e.work.finishes {
		return nil
	}
	return e.elementwise(shaders.Dequantize, shaders.Encode(shaders.Forward(p, o.Epilogue)), p.OutLen(),
		e.totals.input(), e.scales.input(), e.slopes.input(), e.residual.input(), e.v.output())
}

// upload makes the buffers that the work needs and fills those that stay.
func (e *quantizedEngine) upload(q quantizedData) error {
	p, slopes, residuals := q.problem, q.options.Slopes, q.problem.OutLen()
	if len(slopes) == 0 {
		slopes = []float32{0}
	}
	if q.options.Epilogue.Residual == conv.NoResidual {
		residuals = 1
	}
	adds, finishes := e.work.adds, e.work.finishes
	for _, m := range []struct {
		to      **guarded
		needed  bool
		what    string
		count   int64
		words   []uint32
		numbers Numbers
	}{
		{&e.x, adds, "the input volume X", p.InLen(), nil, Int8},
		{&e.w, adds, "the filter bank W", p.FilterLen(), packBytes(q.weights), Int8},
		{&e.b, adds, "the biases b", p.BiasLen(), words(q.biases), Float32},
		{&e.zeros, adds, "the zero points of W", int64(len(q.zeros)), words(q.zeros), Float32},
		{&e.scales, finishes, "the scales", int64(len(q.scales)), bitsOf(q.scales), Float32},
		{&e.slopes, finishes, "the slopes of PReLU", int64(len(slopes)), bitsOf(slopes), Float32},
		{&e.residual, finishes, "the residual R", residuals, nil, Float32},
		{&e.totals, true, "the sums", p.OutLen(), nil, Float32},
		{&e.v, finishes, "the output volume V", p.OutLen(), nil, Float32},
	} {
		if !m.needed {
			continue
		}
		g, err := newGuarded(e.dev, m.what, m.count, m.numbers)
		if err != nil {
			return err
		}
		*m.to = g
		if m.words == nil {
			continue
		}
		if err := g.writeWords(m.words); err != nil {
			return err
		}
	}
	return nil
}

func (e *quantizedEngine) run(r quantizedRun) error {
	if err := e.write(r); err != nil {
		return err
	}
	if err := e.batch.Run(context.Background()); err != nil {
		return err
	}
	if e.work.adds {
		if err := e.totals.buffer.Read(context.Background(), e.totals.guard, gpu.Bytes(r.sums)); err != nil {
			return err
		}
	}
	if e.work.finishes && r.v != nil {
		if err := e.v.read(r.v); err != nil {
			return err
		}
	}
	if !r.checked {
		return nil
	}
	return checkMemory(e.reads(), e.writes())
}

// write uploads what changes from run to run, and poisons what is to be written.
func (e *quantizedEngine) write(r quantizedRun) (err error) {
	if e.work.adds {
		err = e.x.writeWords(packBytes(r.x))
	} else {
		err = e.totals.writeWords(words(r.sums))
	}
	if err == nil && e.work.finishes && r.residual != nil {
		err = e.residual.write(r.residual)
	}
	if err != nil || !r.checked {
		return err
	}
	poison := make([]float32, len(r.sums))
	cpuref.Poison(poison)
	for _, g := range e.writes() {
		if err := g.write(poison); err != nil {
			return err
		}
	}
	return nil
}

// reads are the operands that kernels must leave as they are.
func (e *quantizedEngine) reads() []*guarded {
	all := []*guarded{e.totals}
	if e.work.adds {
		all = []*guarded{e.x, e.w, e.b, e.zeros}
	}
	if e.work.finishes {
		all = append(all, e.scales, e.slopes, e.residual)
	}
	return all
}

// writes are the results.
func (e *quantizedEngine) writes() []*guarded {
	var all []*guarded
	if e.work.adds {
		all = append(all, e.totals)
	}
	if e.work.finishes {
		all = append(all, e.v)
	}
	return all
}

func (e *quantizedEngine) close() {
	e.recorder.close()
	for _, g := range []*guarded{e.x, e.w, e.b, e.zeros, e.scales, e.slopes, e.residual, e.totals, e.v} {
		g.close()
	}
}

// packBytes puts four numbers into a word, the first in its lowest byte.
func packBytes(data []int8) []uint32 {
	packed := make([]uint32, (len(data)+3)/4)
	for i, v := range data {
		packed[i/4] |= uint32(uint8(v)) << (i % 4 * 8)
	}
	return packed
}

// words are the bits of whole numbers.
func words(data []int32) []uint32 {
	bits := make([]uint32, len(data))
	for i, v := range data {
		bits[i] = uint32(v)
	}
	return bits
}
