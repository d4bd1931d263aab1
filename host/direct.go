package host

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// direct is the simplest algorithm: a workgroup for each output, conv.wgsl.
type direct struct {
	filters    tensor.Filters
	x, w, b, v *guarded
	closers    []interface{ Close() error }
	batch      *gpu.Batch
}

var (
	convBindings = []gpu.BindingKind{gpu.UniformIn, gpu.ReadOnly, gpu.ReadOnly, gpu.ReadOnly, gpu.ReadWrite}
	reluBindings = []gpu.BindingKind{gpu.UniformIn, gpu.ReadWrite}
)

// newDirect uploads the filters and records the dispatches that every run submits.
func newDirect(dev *gpu.Device, p conv.Problem, filters tensor.Filters, o LayerOptions) (_ *direct, err error) {
	params, ok := shaders.NewConvParams(p)
	if !ok {
		return nil, fmt.Errorf("%w: volumes and filters of 2^32 numbers or more, or padded axes of 2^31", ErrUnsupported)
	}
	e := &direct{filters: filters, batch: dev.NewBatch()}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if err := e.upload(dev, p); err != nil {
		return nil, err
	}
	err = e.record(dev, convVariant(p, o), convBindings, shaders.Encode(params), uint64(p.OutLen()), e.x.input(), e.w.input(), e.b.input(), e.v.output())
	if err == nil && o.Activation == SeparateReLU {
		relu := shaders.ReLU{Threads: 256}
		workgroups := (uint64(p.OutLen()) + 255) / 256
		err = e.record(dev, relu, reluBindings, shaders.Encode(shaders.ReLUParams{Count: params.Outputs}), workgroups, e.v.output())
	}
	return e, err
}

// convVariant chooses the row of the shader table.
func convVariant(p conv.Problem, o LayerOptions) shaders.Conv {
	v := shaders.Conv{Threads: o.Threads, ReLU: o.Activation == ReLU}
	if o.Threads == 0 {
		v.Threads = defaultThreads(p.TapsPerOutput())
	}
	return v
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

// upload makes the layer's buffers and fills those of the filters.
func (e *direct) upload(dev *gpu.Device, p conv.Problem) error {
	for _, m := range []struct {
		to    **guarded
		what  string
		count int64
		data  []float32
	}{
		{&e.x, "the input volume X", p.InLen(), nil},
		{&e.w, "the filter bank W", p.FilterLen(), e.filters.Data},
		{&e.b, "the biases b", int64(p.OutChannels), e.filters.Bias},
		{&e.v, "the output volume V", p.OutLen(), nil},
	} {
		g, err := newGuarded(dev, m.what, m.count)
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
	return nil
}

// record adds one dispatch of a variant to the batch, with its parameters at binding 0.
func (e *direct) record(dev *gpu.Device, v shaders.Variant, kinds []gpu.BindingKind, params []byte, workgroups uint64, bindings ...gpu.Binding) error {
	grid, ok := fold(workgroups, dev.Limits().MaxWorkgroupsPerDimension)
	if !ok {
		return fmt.Errorf("%w: %d workgroups", ErrUnsupported, workgroups)
	}
	kernel, err := compile(dev, v, kinds)
	if err != nil {
		return err
	}
	uniform, err := dev.NewBuffer("parameters of "+v.Name(), (uint64(len(params))+15)&^15, gpu.Uniform)
	if err != nil {
		return err
	}
	e.closers = append(e.closers, uniform)
	if err := uniform.Write(0, params); err != nil {
		return err
	}
	group, err := kernel.Bind(append([]gpu.Binding{{Buffer: uniform}}, bindings...)...)
	if err != nil {
		return err
	}
	e.closers = append(e.closers, group)
	e.batch.Dispatch(group, grid[0], grid[1], grid[2])
	return nil
}

// Tests that break shaders change these: where compile takes the text from, and how grids are folded.
var (
	source = shaders.Source
	fold   = shaders.Grid
)

func compile(dev *gpu.Device, v shaders.Variant, kinds []gpu.BindingKind) (*gpu.Kernel, error) {
	s, err := source(v)
	if err != nil {
		return nil, err
	}
	return dev.Kernel(gpu.KernelSource{Name: s.Name, WGSL: s.WGSL, Entry: s.Entry, Bindings: kinds, Workgroup: s.Workgroup, WorkgroupStorage: s.WorkgroupStorage})
}

func (e *direct) run(x, v []float32, checked bool) error {
	if err := e.x.write(x); err != nil {
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
	return e.check(x)
}

// check looks at everything that a run must leave as it was.
func (e *direct) check(x []float32) error {
	var errs []error
	for _, g := range []*guarded{e.x, e.w, e.b, e.v} {
		errs = append(errs, g.checkGuards())
	}
	errs = append(errs, e.x.checkUnchanged(x), e.w.checkUnchanged(e.filters.Data), e.b.checkUnchanged(e.filters.Bias))
	return errors.Join(errs...)
}

func (e *direct) close() {
	for _, c := range slices.Backward(e.closers) {
		c.Close()
	}
	for _, g := range []*guarded{e.x, e.w, e.b, e.v} {
		g.close()
	}
}
