package host

import (
	"context"
	"fmt"
	"math"
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
	quantizedData
	wZero []int8 // as it was given
	dev   *Device

	mu     sync.Mutex
	engine quantizedEngine // nil once closed
}

// quantizedEngine computes a quantized layer on one kind of device.
type quantizedEngine interface {
	run(context.Context, quantizedRun) error
	Close()
}

// quantizedData is a quantized layer, or a block of one, with nothing left out.
type quantizedData struct {
	problem conv.Problem
	options QuantizedOptions
	weights []int8
	biases  []int32
	zeros   []int32   // of the weights, one for each channel
	scales  []float32 // of input times weight, one for each channel
}

// quantizedRun is one run of a layer: its operands, and where its results go.
type quantizedRun struct {
	x        []int8
	residual []float32 // nil for none
	sums     []int32   // a result, but for engines that only finish
	v        []float32 // nil where only sums are asked for
	checked  bool      // results are poisoned before, guards and operands looked at after
}

// NewQuantizedLayer puts a quantized layer's filters on the device; they are copied. As of [NewLayer]
// every problem is served, what is too large for a device's bindings in blocks, and errors are the same.
func NewQuantizedLayer(dev *Device, p conv.Problem, filters QuantizedFilters, o QuantizedOptions) (*QuantizedLayer, error) {
	l := &QuantizedLayer{quantizedData: quantizedData{problem: p, options: o}, dev: dev}
	err := l.validate(filters)
	if err == nil {
		l.keep(filters)
		err = l.build()
	}
	if err != nil {
		return nil, l.failed("building", err)
	}
	return l, nil
}

func (l *QuantizedLayer) build() (err error) {
	if l.dev.gpu != nil {
		l.engine, err = newQuantizedEngine(l.dev, &l.quantizedData)
		return err
	}
	l.engine = quantizedCPU{&l.quantizedData}
	return fitsCPU(l.problem)
}

// Validate reports options that make no sense for p. The error wraps [gpu.ErrMisuse].
func (o QuantizedOptions) Validate(p conv.Problem) error {
	return LayerOptions{Epilogue: o.Epilogue, Slopes: o.Slopes, Threads: o.Threads}.Validate(p)
}

func (l *QuantizedLayer) validate(f QuantizedFilters) error {
	if err := l.dev.Usable(); err != nil {
		return err
	}
	p := l.problem
	if err := p.Validate(); err != nil {
		return err
	}
	if err := l.options.Validate(p); err != nil {
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
	return nil
}

// keep copies the filters, with what was left out.
func (l *QuantizedLayer) keep(f QuantizedFilters) {
	l.weights, l.wZero, l.options.Slopes = slices.Clone(f.Weights), slices.Clone(f.Zero), slices.Clone(l.options.Slopes)
	l.biases = append(make([]int32, 0, l.problem.BiasLen()), f.Bias...)[:l.problem.BiasLen()]
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

// Sums computes the int32 sums with their biases, in V's order, until ctx ends at most. x is in X's.
func (l *QuantizedLayer) Sums(ctx context.Context, x []int8) ([]int32, error) {
	sums, _, err := l.run(ctx, x, nil, onlySums)
	return sums, err
}

// Run computes V = f(scale * sums), f the epilogue. A layer with a residual takes its volume as the
// second argument.
func (l *QuantizedLayer) Run(ctx context.Context, x []int8, residual ...tensor.Volume) (tensor.Volume, error) {
	_, v, err := l.run(ctx, x, residual, outputs)
	return v, err
}

// What a run is for.
const (
	onlySums = iota
	outputs
	outputsChecked
)

func (l *QuantizedLayer) run(ctx context.Context, x []int8, residual []tensor.Volume, purpose int) (sums []int32, v tensor.Volume, err error) {
	if l == nil || l.dev == nil {
		return nil, v, fmt.Errorf("running a layer: %w, or never built: use one from host.NewQuantizedLayer", gpu.ErrClosed)
	}
	p := l.problem
	if err = l.dev.Usable(); err == nil && int64(len(x)) != p.InLen() {
		err = fmt.Errorf("%w: %d inputs, must be %d", cpuref.ErrShape, len(x), p.InLen())
	}
	var r []float32
	if err == nil && purpose != onlySums {
		r, err = LayerOptions{Epilogue: l.options.Epilogue}.residual(p, residual)
	}
	if err == nil {
		v, err = newOutput(p)
	}
	if err != nil {
		return nil, v, l.failed("running", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine == nil {
		return nil, v, l.failed("running", fmt.Errorf("layer %w", gpu.ErrClosed))
	}
	run := quantizedRun{x: x, residual: r, sums: make([]int32, p.OutLen()), v: v.Data, checked: purpose == outputsChecked}
	if purpose == onlySums {
		run.v = nil
	}
	if err := l.engine.run(ctx, run); err != nil {
		return nil, v, l.failed("running", err)
	}
	return run.sums, v, nil
}

// Verify runs the layer with its outputs poisoned before and guards and operands looked at after. Every
// sum must be exact, or the error wraps [cpuref.ErrMismatch]; the report says whether every output is
// within the bound of its rounding. Where a sum passes int32 the error wraps [cpuref.ErrNoVerdict].
func (l *QuantizedLayer) Verify(ctx context.Context, x []int8, residual ...tensor.Volume) (tensor.Volume, cpuref.Report, error) {
	sums, v, err := l.run(ctx, x, residual, outputsChecked)
	if err != nil {
		return v, cpuref.Report{}, err
	}
	report, err := l.judge(x, sums, v, residual)
	if err != nil {
		return v, report, l.failed("judging", err)
	}
	return v, report, nil
}

// judge holds sums against the exact ones, and V against what they make.
func (l *QuantizedLayer) judge(x []int8, sums []int32, v tensor.Volume, residual []tensor.Volume) (cpuref.Report, error) {
	exact, err := cpuref.QuantizedConv(l.problem, x, l.weights, l.options.XZero, l.wZero)
	if err != nil {
		return cpuref.Report{}, err
	}
	for i, want := range exact {
		want += int64(l.biases[l.biasOf(i)])
		if want < math.MinInt32 || want > math.MaxInt32 {
			return cpuref.Report{}, fmt.Errorf("%w: sum %d with its bias is %d, must be an int32", cpuref.ErrNoVerdict, i, want)
		}
		if int64(sums[i]) != want {
			return cpuref.Report{}, fmt.Errorf("%w: sum %d is %d, must be %d", cpuref.ErrMismatch, i, sums[i], want)
		}
	}
	var r []float32
	if len(residual) > 0 {
		r = residual[0].Data
	}
	ref, err := l.reference(sums, r)
	if err != nil {
		return cpuref.Report{}, err
	}
	return cpuref.Check(v.Data, ref, cpuref.Bounded)
}

// biasOf is where the bias of output i stands.
func (q *quantizedData) biasOf(i int) int {
	bank := 0
	if q.problem.Unshared {
		bank = i / q.problem.OutChannels % (len(q.biases) / q.problem.OutChannels)
	}
	return bank*q.problem.OutChannels + i%q.problem.OutChannels
}

// reference is V of exact sums: turning one into float32 and scaling it each round once.
func (q *quantizedData) reference(sums []int32, residual []float32) (cpuref.Reference, error) {
	ref := cpuref.Reference{Problem: q.problem, Value: make([]float64, len(sums)), Magnitude: make([]float64, len(sums)), Allowed: make([]float64, len(sums))}
	for i, s := range sums {
		ref.Value[i] = float64(s) * float64(q.scales[i%q.problem.OutChannels])
		ref.Magnitude[i] = math.Abs(ref.Value[i])
		ref.Allowed[i] = cpuref.Bound(1, ref.Magnitude[i])
	}
	return ref.Epilogue(q.options.Epilogue, q.options.Slopes, residual)
}

// Close frees the layer's memory on the device.
func (l *QuantizedLayer) Close() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine != nil {
		l.engine.Close()
		l.engine = nil
	}
	return nil
}

func (l *QuantizedLayer) failed(doing string, err error) error {
	return (&Layer{layerData: layerData{problem: l.problem}, dev: l.dev}).failed(doing+" quantized", err)
}
