package host

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// quantizedEngine is the direct algorithm for 8-bit whole numbers: conv.wgsl adds them up, and
// dequantize.wgsl makes outputs of the sums.
type quantizedEngine struct {
	recorder
	x, w, b, zeros           *guarded
	scales, slopes, residual *guarded
	totals, v                *guarded
	noResidual               bool
}

func newQuantizedEngine(l *QuantizedLayer) (_ *quantizedEngine, err error) {
	p, o := l.problem, l.options
	if !shaders.Fits(p) {
		return nil, errTooLong
	}
	e := &quantizedEngine{recorder: newRecorder(l.dev.gpu), noResidual: o.Epilogue.Residual == conv.NoResidual}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if err := e.upload(l); err != nil {
		return nil, err
	}
	params := shaders.Forward(p, conv.Epilogue{})
	params.XZero = int32(o.XZero)
	variant := convVariant(p, LayerOptions{Threads: o.Threads, Numbers: shaders.Int8})
	err = e.sums(variant, shaders.Encode(params), p.OutLen(), e.x.input(), e.w.input(), e.b.input(), e.zeros.input(), e.totals.output())
	if err != nil {
		return nil, err
	}
	return e, e.elementwise(shaders.Dequantize, shaders.Encode(shaders.Forward(p, o.Epilogue)), p.OutLen(),
		e.totals.input(), e.scales.input(), e.slopes.input(), e.residual.input(), e.v.output())
}

// upload makes the buffers and fills those that stay.
func (e *quantizedEngine) upload(l *QuantizedLayer) error {
	p := l.problem
	slopes, residuals := l.options.Slopes, p.OutLen()
	if len(slopes) == 0 {
		slopes = []float32{0}
	}
	if e.noResidual {
		residuals = 1
	}
	for _, m := range []struct {
		to      **guarded
		what    string
		count   int64
		words   []uint32
		numbers Numbers
	}{
		{&e.x, "the input volume X", p.InLen(), nil, shaders.Int8},
		{&e.w, "the filter bank W", p.FilterLen(), packBytes(l.filters.Weights), shaders.Int8},
		{&e.b, "the biases b", p.BiasLen(), words(l.filters.Bias), Float32},
		{&e.zeros, "the zero points of W", int64(len(l.zeros)), words(l.zeros), Float32},
		{&e.scales, "the scales", int64(len(l.scales)), bitsOf(l.scales), Float32},
		{&e.slopes, "the slopes of PReLU", int64(len(slopes)), bitsOf(slopes), Float32},
		{&e.residual, "the residual R", residuals, nil, Float32},
		{&e.totals, "the sums", p.OutLen(), nil, Float32},
		{&e.v, "the output volume V", p.OutLen(), nil, Float32},
	} {
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

func (e *quantizedEngine) run(x []int8, residual []float32, sums []int32, v []float32, checked bool) error {
	if err := e.x.writeWords(packBytes(x)); err != nil {
		return err
	}
	if residual != nil {
		if err := e.residual.write(residual); err != nil {
			return err
		}
	}
	if checked {
		cpuref.Poison(v)
		for _, g := range []*guarded{e.totals, e.v} {
			if err := g.write(v); err != nil {
				return err
			}
		}
	}
	if err := e.batch.Run(); err != nil {
		return err
	}
	if err := e.totals.buffer.Read(e.totals.guard, gpu.Bytes(sums)); err != nil {
		return err
	}
	if err := e.v.read(v); err != nil || !checked {
		return err
	}
	return checkMemory([]*guarded{e.x, e.w, e.b, e.zeros, e.scales, e.slopes, e.residual}, []*guarded{e.totals, e.v})
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
