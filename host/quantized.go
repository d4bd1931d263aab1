package host

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/turn"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/tuning"
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
// input stands for XScale * (x - XZero); XScale 0 is 1. Of outputs as int8 the number v stands for
// VScale * (v - VZero), as ONNX's y_scale and y_zero_point have it; VScale 0 has no such outputs.
type QuantizedOptions struct {
	XZero    int8
	XScale   float32
	VZero    int8
	VScale   float32
	Epilogue conv.Epilogue
	Slopes   []float32 // of PReLU, one for each output channel
	// Algorithm computes the sums: one for float32, named as in [LayerOptions], that adds up whole numbers exactly, or
	// direct. Empty leaves the choice to the rules. Where no algorithm for float32 serves, or the sums over one input
	// channel could exceed 2^24, direct does.
	Algorithm string
	Threads   uint32 // of the direct algorithm, one of shaders.ConvThreads; 0 chooses
	// Tunings are the stored choices of [TuneQuantized]: they choose where Algorithm and Threads do not and they know
	// one that serves; nil has none.
	Tunings *tuning.Cache
}

// QuantizedLayer multiplies 8-bit whole numbers and adds them up as int32, exactly. It may be used from
// many goroutines, one run after the other.
type QuantizedLayer struct {
	quantizedData
	dev *Device

	mu      turn.Lock
	engine  quantizedEngine // nil once closed
	uploads uint64          // of operands, each in the place of those before
}

// quantizedEngine computes a quantized layer on one kind of device.
type quantizedEngine interface {
	run(context.Context, *quantizedRun) error // may leave sums out
	algorithm() algo.Algorithm                // of the sums
	Close()
}

// quantizedData is a quantized layer, or a block of one, with nothing left out.
type quantizedData struct {
	problem conv.Problem
	options QuantizedOptions
	weights []int8
	wZero   []int8 // as it was given
	biases  []int32
	zeros   []int32   // of the weights, one for each channel
	scales  []float32 // of input times weight, one for each channel
	// keepsSums has sums stored as int32 even where kernels could make outputs of them at once.
	keepsSums bool
}

// quantizedRun is one run of a layer: its operands, and where its results go.
type quantizedRun struct {
	x        []int8
	residual []float32 // nil for none
	// sums are a result where nothing else is asked for, or checked, nil where kernels never store them; engines that
	// only finish read them.
	sums    []int32
	v       []float32 // nil where it is not asked for
	bytes   []int8    // V as int8, nil where it is not asked for
	checked bool      // results are poisoned before, guards and operands looked at after
}

// finishes tells whether more than sums are asked for.
func (r quantizedRun) finishes() bool { return r.v != nil || r.bytes != nil }

// NewQuantizedLayer puts a quantized layer's filters on the device; they are copied. As of [NewLayer]
// every problem is served, what is too large for a device's bindings in blocks, and errors are the same.
func NewQuantizedLayer(
	dev *Device,
	p conv.Problem,
	filters QuantizedFilters,
	o QuantizedOptions,
) (*QuantizedLayer, error) {
	l := &QuantizedLayer{quantizedData: quantizedData{problem: p, options: o}, dev: dev}
	err := l.dev.Usable()
	if err == nil {
		err = l.validate(filters)
	}
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
		l.options.Algorithm = l.tuned()
		l.engine, err = newQuantizedEngine(l.dev, &l.quantizedData)
		return err
	}
	if l.options.Algorithm != "" {
		return errNoAlgorithms(l.options.Algorithm)
	}
	l.engine = quantizedCPU{&l.quantizedData}
	return fitsCPU(l.problem)
}

// QuantizedAlgorithms are those that serve a layer of 8-bit whole numbers on dev, the default first. Which they are
// follows from the filters, too: see [QuantizedOptions].
func QuantizedAlgorithms(
	dev *Device,
	p conv.Problem,
	filters QuantizedFilters,
	o QuantizedOptions,
) (all []Algorithm, err error) {
	q := quantizedData{problem: p, options: o}
	if err := q.validate(filters); err != nil || dev.GPU() == nil {
		return nil, err
	}
	q.keep(filters)
	for _, a := range algo.QuantizedCandidates(q.spec(true, outputKinds{}), dev.limits()) {
		all = append(all, a)
	}
	return all, nil
}

// WhyDirect says why the direct algorithm computes the layer's sums, as [Layer.WhyDirect] does.
func (l *QuantizedLayer) WhyDirect() string {
	if l == nil || l.dev.gpu == nil || l.Algorithm().Name() != "direct" {
		return ""
	}
	return l.spec(true, outputKinds{}).WhyDirect(l.dev.limits())
}

// Algorithm is what computes the layer's sums: the direct algorithm where the device is the CPU reference.
func (l *QuantizedLayer) Algorithm() Algorithm {
	if l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.engine != nil {
			return l.engine.algorithm()
		}
	}
	return algo.Direct(algo.Spec{Threads: 32})
}

// Validate reports options that make no sense for p. The error wraps [gpu.ErrMisuse].
func (o QuantizedOptions) Validate(p conv.Problem) error {
	if o.VScale != 0 {
		if err := validScale("VScale", o.VScale); err != nil {
			return err
		}
	}
	return LayerOptions{Epilogue: o.Epilogue, Slopes: o.Slopes, Threads: o.Threads}.Validate(p)
}

// validScale reports a scale of outputs that kernels could not divide by: WGSL says how exact a division is for
// normal numbers up to 2^126 alone.
func validScale(name string, s float32) error {
	if !(s >= 0x1p-126 && s <= 0x1p126) { // nor NaN
		return fmt.Errorf("%w: %s %v of an int8 volume, must be positive, from 2^-126 to 2^126", gpu.ErrMisuse, name,
			s)
	}
	return nil
}

func (q *quantizedData) validate(f QuantizedFilters) error {
	p := q.problem
	if err := p.Validate(); err != nil {
		return err
	}
	if err := q.options.Validate(p); err != nil {
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
func (q *quantizedData) keep(f QuantizedFilters) {
	q.weights, q.wZero, q.options.Slopes = slices.Clone(f.Weights), slices.Clone(f.Zero),
		slices.Clone(q.options.Slopes)
	q.biases = append(make([]int32, 0, q.problem.BiasLen()), f.Bias...)[:q.problem.BiasLen()]
	q.zeros, q.scales = make([]int32, q.problem.OutChannels), make([]float32, q.problem.OutChannels)
	scale := q.options.XScale
	if scale == 0 {
		scale = 1
	}
	for k := range q.zeros {
		if len(f.Zero) > 0 {
			q.zeros[k] = int32(f.Zero[k%len(f.Zero)])
		}
		if q.scales[k] = scale; len(f.Scale) > 0 {
			q.scales[k] *= f.Scale[k%len(f.Scale)]
		}
	}
}

// Sums computes the int32 sums with their biases, in V's order, until ctx ends at most. x is in X's.
func (l *QuantizedLayer) Sums(ctx context.Context, x []int8) ([]int32, error) {
	r, err := l.run(ctx, x, nil, onlySums)
	return r.sums, err
}

// Run computes V = f(scale * sums), f the epilogue. A layer with a residual takes its volume as the
// second argument.
func (l *QuantizedLayer) Run(ctx context.Context, x []int8, residual ...tensor.Volume) (tensor.Volume, error) {
	r, err := l.run(ctx, x, residual, outputs)
	if err != nil {
		return tensor.Volume{}, err
	}
	return outputVolume(l.problem, r.v), nil
}

// RunInt8 computes V as int8: saturate(round(f(scale * sums) / VScale) + VZero), as ONNX's QuantizeLinear defines it.
// round takes of two numbers that are as near the even one, and saturate holds to -128 and 127; NaN becomes VZero. A
// device's division is not exact: within its error of the middle between two numbers V may be either of them. The
// layer must have a VScale, or the error wraps [gpu.ErrMisuse]. The residual is float32.
func (l *QuantizedLayer) RunInt8(ctx context.Context, x []int8, residual ...tensor.Volume) ([]int8, error) {
	r, err := l.run(ctx, x, residual, outputsInt8)
	return r.bytes, err
}

// What a run is for.
const (
	onlySums = iota
	outputs
	outputsInt8
	outputsChecked // of both kinds
)

// errNoVScale is about outputs as int8 of a layer that has none.
var errNoVScale = fmt.Errorf(
	"%w: the layer has no scale for outputs as int8: give QuantizedOptions a VScale, and a VZero",
	gpu.ErrMisuse,
)

func (l *QuantizedLayer) run(
	ctx context.Context,
	x []int8,
	residual []tensor.Volume,
	purpose int,
) (quantizedRun, error) {
	if err := l.open("running"); err != nil {
		return quantizedRun{}, err
	}
	run, err := l.prepare(x, residual, purpose)
	if err != nil {
		return quantizedRun{}, l.failed("running", err)
	}
	err = l.use(ctx, "running", func(e quantizedEngine) error {
		l.uploads++
		return e.run(ctx, &run)
	})
	if err != nil {
		return quantizedRun{}, err
	}
	return run, nil
}

// open reports a layer that was never built.
func (l *QuantizedLayer) open(doing string) error {
	if l == nil || l.dev == nil {
		return fmt.Errorf("%s a layer: %w, or never built: use one from host.NewQuantizedLayer", doing, gpu.ErrClosed)
	}
	return nil
}

// use does something with the layer's engine, one goroutine at a time.
func (l *QuantizedLayer) use(ctx context.Context, doing string, do func(quantizedEngine) error) error {
	err := l.mu.LockFor(ctx)
	if err == nil {
		defer l.mu.Unlock()
		if err = fmt.Errorf("layer %w", gpu.ErrClosed); l.engine != nil {
			err = do(l.engine)
		}
	}
	if err != nil {
		return l.failed(doing, err)
	}
	return nil
}

// prepare holds a run's operands against the layer, and makes room for what it is for.
func (l *QuantizedLayer) prepare(x []int8, residual []tensor.Volume, purpose int) (run quantizedRun, err error) {
	p := l.problem
	if err := l.dev.Usable(); err != nil {
		return run, err
	}
	if purpose == outputsInt8 && l.options.VScale == 0 {
		return run, errNoVScale
	}
	if int64(len(x)) != p.InLen() {
		return run, fmt.Errorf("%w: %d inputs, must be %d", cpuref.ErrShape, len(x), p.InLen())
	}
	v, err := newOutput(p) // or why there is no room
	if err != nil {
		return run, err
	}
	run = quantizedRun{x: x, sums: make([]int32, p.OutLen()), checked: purpose == outputsChecked}
	if purpose == onlySums {
		return run, nil
	}
	if run.residual, err = (LayerOptions{Epilogue: l.options.Epilogue}).residual(p, residual); err != nil {
		return run, err
	}
	if purpose != outputsInt8 {
		run.v = v.Data
	}
	if purpose != outputs && l.options.VScale != 0 {
		run.bytes = make([]int8, p.OutLen())
	}
	return run, nil
}

// Verify runs the layer with its outputs poisoned before and guards and operands looked at after. Every
// sum must be exact, or the error wraps [cpuref.ErrMismatch], unless kernels make outputs of sums that they never
// store. The report says whether every output is within the bound of its rounding. With a VScale outputs as int8 are
// judged, too: each must be the very number that [QuantizedLayer.RunInt8] defines, or where the bound holds a tie one
// of its two neighbours; if one is wrong the report is about them. Where a sum passes int32 the error wraps
// [cpuref.ErrNoVerdict].
func (l *QuantizedLayer) Verify(
	ctx context.Context,
	x []int8,
	residual ...tensor.Volume,
) (tensor.Volume, cpuref.Report, error) {
	run, err := l.run(ctx, x, residual, outputsChecked)
	if err != nil {
		return tensor.Volume{}, cpuref.Report{}, err
	}
	v := outputVolume(l.problem, run.v)
	report, err := l.judge(run)
	if err != nil {
		return v, report, l.failed("judging", err)
	}
	return v, report, nil
}

// outputVolume is V of these numbers.
func outputVolume(p conv.Problem, data []float32) tensor.Volume {
	return tensor.Volume{N: p.Batch, Z: p.Z.Out, H: p.H.Out, W: p.W.Out, D: p.OutChannels, Data: data}
}

// judge holds a run's sums, where it has any, against the exact ones, and its outputs of either kind against what
// these make.
func (q *quantizedData) judge(run quantizedRun) (report cpuref.Report, err error) {
	sums, err := q.exactSums(run.x)
	if err != nil {
		return report, err
	}
	for i, got := range run.sums {
		if got != sums[i] {
			return report, fmt.Errorf("%w: sum %d is %d, must be %d", cpuref.ErrMismatch, i, got, sums[i])
		}
	}
	ref, err := q.reference(sums, run.residual)
	if err != nil {
		return report, err
	}
	if run.v != nil {
		if report, err = cpuref.Check(run.v, ref, cpuref.Bounded); err != nil || !report.OK() {
			return report, err
		}
	}
	if run.bytes == nil {
		return report, nil
	}
	of, err := cpuref.Check(floats(run.bytes), ref.Quantize(q.options.VScale, q.options.VZero), cpuref.Bounded)
	if err != nil || !of.OK() || run.v == nil {
		return of, err
	}
	return report, nil
}

// floats are int8 numbers as float32.
func floats(data []int8) []float32 {
	all := make([]float32, len(data))
	for i, n := range data {
		all[i] = float32(n)
	}
	return all
}

// exactSums are those of x, with their biases.
func (q *quantizedData) exactSums(x []int8) ([]int32, error) {
	exact, err := cpuref.QuantizedConv(q.problem, x, q.weights, q.options.XZero, q.wZero)
	if err != nil {
		return nil, err
	}
	sums := make([]int32, len(exact))
	for i, sum := range exact {
		sum += int64(q.biases[q.biasOf(i)])
		if sum < math.MinInt32 || sum > math.MaxInt32 {
			return nil, fmt.Errorf("%w: sum %d with its bias is %d, must be an int32", cpuref.ErrNoVerdict, i, sum)
		}
		sums[i] = int32(sum)
	}
	return sums, nil
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
	ref := cpuref.Reference{
		Problem:   q.problem,
		Value:     make([]float64, len(sums)),
		Magnitude: make([]float64, len(sums)),
		Allowed:   make([]float64, len(sums)),
	}
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
	closeOnce(&l.mu, &l.engine)
	return nil
}

func (l *QuantizedLayer) failed(doing string, err error) error {
	return (&Layer{layerData: layerData{problem: l.problem}, dev: l.dev}).failed(doing+" quantized", err)
}
