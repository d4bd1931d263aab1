package host

import (
	"fmt"
	"slices"
	"sync"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/tensor"
)

// QuantizedFilters are a layer's filters as 8-bit whole numbers: weight w stands for Scale * (w - Zero).
// As in ONNX's QLinearConv, Zero and Scale are one for each output channel, or one for all.
type QuantizedFilters struct {
	Weights []int8    // (K, Fh, Fw, D), as tensor.Filters
	Zero    []int8    // none is 0
	Scale   []float32 // none is 1
	Bias    []int32   // K sums, in units of both scales; none is 0
}

// QuantizedOptions are what a quantized layer has beyond its problem and filters. The number x of the
// input stands for XScale * (x - XZero); XScale 0 is 1.
type QuantizedOptions struct {
	XZero    int8
	XScale   float32
	Epilogue conv.Epilogue
	Slopes   []float32 // of PReLU, one for each output channel
	Threads  uint32    // one of shaders.ConvThreads; 0 chooses
}

// QuantizedLayer multiplies 8-bit whole numbers and adds them up as int32, exactly. It may be used from
// many goroutines, one run after the other.
type QuantizedLayer struct {
	problem conv.Problem
	filters QuantizedFilters
	options QuantizedOptions
	zeros   []int32   // one for each channel
	scales  []float32 // of input times weight, one for each channel
	dev     *Device

	mu     sync.Mutex
	engine *quantizedEngine // nil once closed
}

// NewQuantizedLayer puts a quantized layer's filters on a GPU; they are copied. Every problem is served
// whose volumes fit a binding. Errors are those of [NewLayer].
func NewQuantizedLayer(dev *Device, p conv.Problem, filters QuantizedFilters, o QuantizedOptions) (*QuantizedLayer, error) {
	l := &QuantizedLayer{problem: p, options: o, dev: dev}
	err := l.validate(filters)
	if err == nil {
		l.keep(filters)
		l.engine, err = newQuantizedEngine(l)
	}
	if err != nil {
		return nil, l.failed("building", err)
	}
	return l, nil
}

func (l *QuantizedLayer) validate(f QuantizedFilters) error {
	if err := l.dev.usable(); err != nil {
		return err
	}
	p := l.problem
	if err := p.Validate(); err != nil {
		return err
	}
	as := LayerOptions{Epilogue: l.options.Epilogue, Slopes: l.options.Slopes, Threads: l.options.Threads}
	if err := as.Validate(p); err != nil {
		return err
	}
	for _, c := range []struct {
		what      string
		has, want int64
		optional  bool
	}{
		{"weights", int64(len(f.Weights)), p.FilterLen(), false},
		{"zero points", int64(len(f.Zero)), int64(p.OutChannels), true},
		{"scales", int64(len(f.Scale)), int64(p.OutChannels), true},
		{"biases", int64(len(f.Bias)), p.BiasLen(), len(f.Bias) == 0},
	} {
		if c.has != c.want && !(c.optional && c.has <= 1) {
			return fmt.Errorf("%w: %d %s, must be %d", cpuref.ErrShape, c.has, c.what, c.want)
		}
	}
	if l.dev.gpu == nil {
		return fmt.Errorf("%w: quantized layers on the CPU reference; use cpuref.QuantizedConv", ErrUnsupported)
	}
	return nil
}

// keep copies the filters, with what was left out.
func (l *QuantizedLayer) keep(f QuantizedFilters) {
	f.Weights, f.Zero = slices.Clone(f.Weights), slices.Clone(f.Zero)
	f.Bias = append(make([]int32, 0, l.problem.BiasLen()), f.Bias...)[:l.problem.BiasLen()]
	l.filters = f
	l.zeros, l.scales = make([]int32, l.problem.OutChannels), make([]float32, l.problem.OutChannels)
	scale := l.options.XScale
	if scale == 0 {
		scale = 1
	}
	for k := range l.zeros {
		if len(f.Zero) > 0 {
			l.zeros[k] = int32(f.Zero[k%len(f.Zero)])
		}
		if l.scales[k] = scale; len(f.Scale) > 0 {
			l.scales[k] *= f.Scale[k%len(f.Scale)]
		}
	}
}

// Sums computes the int32 sums with their biases, in V's order. x is in X's.
func (l *QuantizedLayer) Sums(x []int8) ([]int32, error) {
	sums, _, err := l.run(x, nil, onlySums)
	return sums, err
}

// Run computes V = f(scale * sums), f the epilogue. A layer with a residual takes its volume as the
// second argument.
func (l *QuantizedLayer) Run(x []int8, residual ...tensor.Volume) (tensor.Volume, error) {
	_, v, err := l.run(x, residual, outputs)
	return v, err
}

// What a run is for.
const (
	onlySums = iota
	outputs
	outputsChecked
)

func (l *QuantizedLayer) run(x []int8, residual []tensor.Volume, purpose int) (sums []int32, v tensor.Volume, err error) {
	if l == nil || l.dev == nil {
		return nil, v, fmt.Errorf("running a layer: %w, or never built: use one from host.NewQuantizedLayer", gpu.ErrClosed)
	}
	p := l.problem
	if err = l.dev.usable(); err == nil && int64(len(x)) != p.InLen() {
		err = fmt.Errorf("%w: %d inputs, must be %d", cpuref.ErrShape, len(x), p.InLen())
	}
	var r []float32
	if err == nil && purpose != onlySums {
		r, err = LayerOptions{Epilogue: l.options.Epilogue}.residual(p, residual)
	}
	if err == nil {
		v, err = tensor.NewVolume3D(p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels)
	}
	if err != nil {
		return nil, v, l.failed("running", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine == nil {
		return nil, v, l.failed("running", fmt.Errorf("layer %w", gpu.ErrClosed))
	}
	sums = make([]int32, p.OutLen())
	if err := l.engine.run(x, r, sums, v.Data, purpose == outputsChecked); err != nil {
		return nil, v, l.failed("running", err)
	}
	return sums, v, nil
}

// Verify runs the layer with its outputs poisoned before and guards and operands looked at after. Every
// sum must be exact, and every output within the bound of its rounding.
func (l *QuantizedLayer) Verify(x []int8, residual ...tensor.Volume) (tensor.Volume, cpuref.Report, error) {
	sums, v, err := l.run(x, residual, outputsChecked)
	if err != nil {
		return v, cpuref.Report{}, err
	}
	exact, err := cpuref.QuantizedConv(l.problem, x, l.filters.Weights, l.options.XZero, l.filters.Zero)
	if err != nil {
		return v, cpuref.Report{}, l.failed("judging", err)
	}
	p := l.problem
	for i := range exact {
		bank := 0
		if p.Unshared {
			bank = i / p.OutChannels % (len(l.filters.Bias) / p.OutChannels)
		}
		exact[i] += int64(l.filters.Bias[bank*p.OutChannels+i%p.OutChannels])
		if int64(sums[i]) != exact[i] {
			return v, cpuref.Report{}, l.failed("judging", fmt.Errorf("%w: sum %d is %d, must be %d", cpuref.ErrMismatch, i, sums[i], exact[i]))
		}
	}
	report, err := l.judge(exact, v, residual)
	if err != nil {
		return v, report, l.failed("judging", err)
	}
	return v, report, nil
}

// judge holds V against the exact sums: turning one into float32 and scaling it each round once.
func (l *QuantizedLayer) judge(sums []int64, v tensor.Volume, residual []tensor.Volume) (cpuref.Report, error) {
	ref := cpuref.Reference{Problem: l.problem, Value: make([]float64, len(sums)), Magnitude: make([]float64, len(sums)), Allowed: make([]float64, len(sums))}
	for i, s := range sums {
		ref.Value[i] = float64(s) * float64(l.scales[i%l.problem.OutChannels])
		ref.Magnitude[i] = max(ref.Value[i], -ref.Value[i])
		ref.Allowed[i] = cpuref.Bound(1, ref.Magnitude[i])
	}
	var r []float32
	if len(residual) > 0 {
		r = residual[0].Data
	}
	ref, err := ref.Epilogue(l.options.Epilogue, l.options.Slopes, r)
	if err != nil {
		return cpuref.Report{}, err
	}
	return cpuref.Check(v.Data, ref, cpuref.Bounded)
}

// Close frees the layer's memory on the device.
func (l *QuantizedLayer) Close() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine != nil {
		l.engine.close()
		l.engine = nil
	}
	return nil
}

func (l *QuantizedLayer) failed(doing string, err error) error {
	return (&Layer{problem: l.problem, dev: l.dev}).failed(doing+" quantized", err)
}
