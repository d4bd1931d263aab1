package host

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/shaders"
)

// direct is the simplest algorithm: a workgroup for each output, conv.wgsl. It serves every layer.
type direct struct{ threads uint32 }

func (direct) Name() string                            { return "direct" }
func (a direct) Variant() string                       { return fmt.Sprintf("t%d", a.threads) }
func (direct) serves(conv.Problem, LayerOptions) error { return nil }
func (direct) pack(l *Layer) ([]float32, error)        { return l.filters.Data, nil }
func (direct) sizes(conv.Problem) []int64              { return nil }

// record records the convolution.
func (a direct) record(e *forward, fused conv.Epilogue) error {
	p, o := e.layer.problem, e.layer.options
	params, workgroups := shaders.Encode(shaders.Forward(p, fused)), p.OutLen()
	if o.numbers() == Float16 { // a workgroup for each word
		workgroups = (workgroups + 1) / 2
	}
	return e.sums(shaders.Conv(a.threads, o.numbers()), params, workgroups, e.x.input(), e.w.input(), e.b.input(), e.slopes.input(), e.residual.input(), e.v.output())
}

// convVariant chooses the row of the shader table.
func convVariant(p conv.Problem, o LayerOptions) shaders.Sums {
	return shaders.Conv(newDirect(p, o).threads, o.numbers())
}

func newDirect(p conv.Problem, o LayerOptions) direct {
	if o.Threads != 0 {
		return direct{o.Threads}
	}
	return direct{defaultThreads(p.TapsPerOutput())}
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
