package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/turn"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/tuning"
)

// LayerOptions are what a layer has beyond its problem.
type LayerOptions struct {
	Epilogue conv.Epilogue // activation and residual, fused into the convolution
	Slopes   []float32     // of PReLU, one for each output channel
	Separate bool          // the activation in a step of its own over V instead
	DType    DType         // how X, W, the residual and V are stored; "" is Float32
	// Algorithm is "name" or "name/variant" of one of [Algorithms]; "" chooses. Gradients are computed by what the
	// rules choose for them, unless it is "direct".
	Algorithm string
	// Exact leaves out algorithms whose transforms round, so that integers whose sums stay below 2^24 give
	// the same bits everywhere. They also spread what is not finite: one NaN or infinity in X makes NaN of all
	// outputs of a tile, where a plain sum would make it of those alone whose windows hold it. With Exact every number
	// stays where it belongs, unless Algorithm names a transform.
	Exact bool
	// Whole says that a layer of a program has whole numbers for X, filters and biases, and that no sum of their
	// products can exceed 2^24, so that float32 has each exactly: [Program.Verify] then takes no other. It goes with
	// Exact.
	Whole bool
	// Threads is the workgroup size of the direct algorithm, one of shaders.ConvThreads; 0 chooses.
	Threads uint32
	// FilterGradient is "name" or "name/variant" of one of [FilterGradients], by which Backward computes the gradients
	// with respect to W and b; "" chooses. Layers that are computed in blocks choose for each block.
	FilterGradient string
	// Tunings are the stored choices: they choose where Algorithm and Threads do not and they know one; nil has none.
	Tunings *tuning.Cache
	// Autotune measures the algorithms as [Tune] does where the Tunings know none, which takes its time,
	// and has the Tunings keep the quickest. Layers that are computed in blocks are never tuned.
	Autotune bool
	// ReleaseFilters has the layer let go of the host's copies of its filters once they are on the device: it can
	// then neither be verified nor go backward. Layers that are computed in blocks or on the CPU keep them.
	ReleaseFilters bool
}

// DType is how a layer's volumes and filters are stored on the device.
type DType = shaders.DType

// The data types. What a Float16 layer is given is rounded to half precision (IEEE binary16), and so is V;
// products and sums are in float32, biases and slopes stay float32. Gradients are float32 always. Int8 is
// for layers of [NewQuantizedLayer] alone.
const (
	Float32 = shaders.Float32
	Float16 = shaders.Float16
	Int8    = shaders.Int8
)

// Layer is one convolution with its filters resident on the device. It may be used from many
// goroutines, one run after the other.
type Layer struct {
	layerData
	dev *Device

	mu      turn.Lock
	engine  engine // nil once closed
	uploads uint64 // counts what was written over the operands on the device: see [Uploaded]
}

// layerData is a layer, or a block of one, without the device that computes it.
type layerData struct {
	problem  conv.Problem
	filters  tensor.Filters
	options  LayerOptions
	block    bool // of a split layer, which is judged by the bound of plain sums
	released bool // the filters are on the device alone
	// before is the depthwise layer of a program that is computed together with this one, and nil of all others. The
	// layer then reads its X.
	before *layerData
}

// NewLayer puts a layer's filters on the device. Filters and slopes are copied: they may be changed
// afterwards. The error wraps [conv.ErrInvalid], [cpuref.ErrShape], [gpu.ErrMisuse] (wrong options),
// [ErrUnsupported] or gpu's other reasons, and names the problem's descriptor.
func NewLayer(dev *Device, p conv.Problem, filters tensor.Filters, o LayerOptions) (*Layer, error) {
	return NewLayerContext(context.Background(), dev, p, filters, o)
}

// NewLayerContext is [NewLayer] until ctx ends, which measuring algorithms for Autotune asks each time.
func NewLayerContext(
	ctx context.Context, dev *Device, p conv.Problem, filters tensor.Filters, o LayerOptions,
) (*Layer, error) {
	l := &Layer{layerData: layerData{problem: p, options: o}, dev: dev}
	err := l.validate(filters)
	if err == nil {
		l.keep(filters)
		err = l.build(ctx)
	}
	if err != nil {
		return nil, l.failed("building", err)
	}
	return l, nil
}

// keep copies what the caller may change.
func (l *layerData) keep(filters tensor.Filters) {
	l.filters, l.options.Slopes = cloneFilters(filters), slices.Clone(l.options.Slopes)
	if l.options.DType == Float16 {
		tensor.RoundHalf(l.filters.Data)
	}
}

func (l *Layer) build(ctx context.Context) (err error) {
	if l.dev.gpu != nil {
		if l.options, err = l.tuned(ctx); err != nil {
			return err
		}
		if l.engine, err = newEngine(l.dev, &l.layerData); err == nil && l.options.ReleaseFilters {
			l.release()
		}
		return err
	}
	if l.options.Algorithm != "" {
		return errNoAlgorithms(l.options.Algorithm)
	}
	l.engine = cpuEngine{&l.layerData}
	return fitsCPU(l.problem)
}

// errNoAlgorithms is about an algorithm that was named for the CPU reference.
func errNoAlgorithms(name string) error {
	return fmt.Errorf("%w: algorithm %q: the CPU reference has none to choose from", gpu.ErrMisuse, name)
}

// release lets go of the host's copies where the engine does not need them for every run.
func (l *Layer) release() {
	if e, ok := l.engine.(*whole); ok {
		e.session.Release()
		l.filters.Data, l.filters.Bias, l.released = nil, nil, true
	}
}

// errReleased is about what needs the filters on the host.
var errReleased = fmt.Errorf(
	"%w: the layer has let go of its filters on the host: build it without ReleaseFilters",
	gpu.ErrMisuse,
)

func (l *Layer) validate(filters tensor.Filters) error {
	if err := l.dev.Usable(); err != nil {
		return err
	}
	if err := l.problem.Validate(); err != nil {
		return err
	}
	if err := l.options.Validate(l.problem); err != nil {
		return err
	}
	return cpuref.CheckFilters(l.problem, filters)
}

// Validate reports options that make no sense for p. The error wraps [gpu.ErrMisuse] or [ErrUnsupported].
func (o LayerOptions) Validate(p conv.Problem) error {
	if err := o.Epilogue.Validate(); err != nil {
		return fmt.Errorf("%w: %w", gpu.ErrMisuse, err)
	}
	if o.DType == Int8 {
		return fmt.Errorf(
			"%w: dtype %q of a layer of float32 operands: 8-bit whole numbers are for NewQuantizedLayer",
			gpu.ErrMisuse,
			Int8,
		)
	}
	if n := o.DType; n != "" && n != Float32 && n != Float16 {
		return fmt.Errorf("%w: dtype %q, must be %s or %s", gpu.ErrMisuse, n, Float32, Float16)
	}
	if o.Separate && o.DType == Float16 {
		return fmt.Errorf(
			"%w: a separate epilogue of a float16 layer, which would round twice: fuse it",
			ErrUnsupported,
		)
	}
	if want := o.slopes(p); len(o.Slopes) != want {
		return fmt.Errorf(
			"%w: %d slopes, activation %s takes %d",
			gpu.ErrMisuse,
			len(o.Slopes),
			o.Epilogue.Activation,
			want,
		)
	}
	if t := o.Threads; t != 0 && !slices.Contains(shaders.ConvThreads, t) {
		return fmt.Errorf(
			"%w: %d threads in a workgroup, must be one of %v, or 0",
			gpu.ErrMisuse,
			t,
			shaders.ConvThreads,
		)
	}
	return o.validateFilterGradient()
}

// slopes is how many slopes the activation wants.
func (o LayerOptions) slopes(p conv.Problem) int {
	if o.Epilogue.Activation.Function == conv.PReLU {
		return p.OutChannels
	}
	return 0
}

// filtersOf are filters of the shape that a layer's have.
func filtersOf(p conv.Problem, weights, biases []float32) tensor.Filters {
	f := tensor.Filters{
		Banks: 1,
		K:     p.OutChannels,
		Z:     p.Z.Filter,
		H:     p.H.Filter,
		W:     p.W.Filter,
		D:     p.InChannels / p.Groups,
		Data:  weights,
		Bias:  biases,
	}
	if p.Unshared {
		f.Banks = p.Z.Out * p.H.Out * p.W.Out
	}
	return f
}

// cloneFilters copies valid filters. No biases become zeros, which the GPU needs.
func cloneFilters(f tensor.Filters) tensor.Filters {
	f.Data = slices.Clone(f.Data)
	biases := f.K * max(f.Banks, 1)
	f.Bias = append(make([]float32, 0, biases), f.Bias...)[:biases]
	return f
}

// Problem is what the layer computes.
func (l *Layer) Problem() conv.Problem {
	if l == nil {
		return conv.Problem{}
	}
	return l.problem
}

// Run computes the layer's output volume for x, and waits for it until ctx ends at most; the device stays usable
// after that. A layer with a residual takes its volume, of V's shape, as the last argument. The error wraps
// [cpuref.ErrShape] where a volume does not fit, [gpu.ErrClosed], or ctx's.
func (l *Layer) Run(ctx context.Context, x tensor.Volume, residual ...tensor.Volume) (tensor.Volume, error) {
	return l.run(ctx, x, residual, false)
}

func (l *Layer) run(
	ctx context.Context,
	x tensor.Volume,
	residual []tensor.Volume,
	checked bool,
) (v tensor.Volume, err error) {
	err = l.use(ctx, "running", func(e engine) error {
		in, err := l.operands(x, residual)
		if err != nil {
			return err
		}
		if v, err = newOutput(l.problem); err != nil {
			return err
		}
		return e.run(ctx, in, v.Data, checked)
	})
	if err != nil {
		return tensor.Volume{}, err
	}
	return v, nil
}

// newOutput makes room for V.
func newOutput(p conv.Problem) (tensor.Volume, error) {
	return tensor.NewVolume3D(p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels)
}

// use does something with the layer's engine that writes over what is on the device.
func (l *Layer) use(ctx context.Context, doing string, do func(engine) error) error {
	return l.look(ctx, doing, func(e engine) error {
		l.uploads++
		return do(e)
	})
}

// look does something with the layer's engine, one goroutine at a time.
func (l *Layer) look(ctx context.Context, doing string, do func(engine) error) error {
	if l == nil || l.dev == nil {
		return fmt.Errorf("%s a layer: %w, or never built: use one from host.NewLayer", doing, gpu.ErrClosed)
	}
	if err := l.dev.Usable(); err != nil {
		return l.failed(doing, err)
	}
	if err := l.mu.LockFor(ctx); err != nil {
		return l.failed(doing, err)
	}
	defer l.mu.Unlock()
	if l.engine == nil {
		return l.failed(doing, fmt.Errorf("layer %w", gpu.ErrClosed))
	}
	if err := do(l.engine); err != nil {
		return l.failed(doing, err)
	}
	return nil
}

// operands holds the volumes of a run against the problem.
func (l *layerData) operands(x tensor.Volume, residual []tensor.Volume) (operands, error) {
	if err := cpuref.CheckInput(l.problem, x); err != nil {
		return operands{}, err
	}
	r, err := l.options.residual(l.problem, residual)
	return operands{x: l.stored(x.Data), residual: l.stored(r)}, err
}

// residual holds the volume that is added, where one is, against the problem.
func (o LayerOptions) residual(p conv.Problem, volumes []tensor.Volume) ([]float32, error) {
	want := 0
	if o.Epilogue.Residual != conv.NoResidual {
		want = 1
	}
	if len(volumes) != want {
		return nil, fmt.Errorf("%w: %d residual volumes, the layer adds %d", cpuref.ErrShape, len(volumes), want)
	}
	if want == 0 {
		return nil, nil
	}
	return volumes[0].Data, cpuref.CheckOutput(p, "residual", volumes[0])
}

// stored is data as the layer stores it.
func (l *layerData) stored(data []float32) []float32 {
	if l.options.DType == Float16 {
		data = slices.Clone(data)
		tensor.RoundHalf(data)
	}
	return data
}

// input is the X of a run as a volume.
func (l *layerData) input(in operands) tensor.Volume {
	p := l.problem
	return tensor.Volume{N: p.Batch, Z: p.Z.In, H: p.H.In, W: p.W.In, D: p.InChannels, Data: in.x}
}

// Close frees the layer's memory on the device.
func (l *Layer) Close() error {
	if l == nil {
		return nil
	}
	closeOnce(&l.mu, &l.engine)
	return nil
}

// closeOnce closes what is there, if it has not been closed.
func closeOnce[E interface {
	comparable
	Close()
}](mu sync.Locker, e *E) {
	mu.Lock()
	defer mu.Unlock()
	var closed E
	if *e != closed {
		(*e).Close()
		*e = closed
	}
}

func (l *Layer) failed(doing string, err error) error {
	if errors.Is(err, conv.ErrInvalid) { // an invalid problem has no descriptor
		return fmt.Errorf("%s a layer on %s: %w", doing, l.dev, err)
	}
	return fmt.Errorf("%s layer %s on %s: %w", doing, l.problem, l.dev, err)
}
