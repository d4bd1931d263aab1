package host

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Activation is what is applied to each output after the bias.
type Activation int

// The activations.
const (
	NoActivation Activation = iota
	ReLU                    // fused into the convolution
	SeparateReLU            // in a pass of its own over V
)

// LayerOptions are what a layer has beyond its problem.
type LayerOptions struct {
	Activation Activation
	// Threads is the workgroup size of the direct algorithm, one of shaders.ConvThreads; 0 chooses.
	Threads uint32
}

// Layer is one convolution with its filters resident on the device. It may be used from many
// goroutines, one run after the other.
type Layer struct {
	problem conv.Problem
	filters tensor.Filters
	options LayerOptions
	dev     *Device

	mu     sync.Mutex
	engine engine // nil once closed
}

// engine computes a layer on one kind of device.
type engine interface {
	// run computes v from x, both NHWC and of the problem's sizes. With checked, v is poisoned before,
	// and guards and operands are looked at after.
	run(x, v []float32, checked bool) error
	close()
}

// NewLayer puts a layer's filters on the device. The filters are copied: they may be changed
// afterwards. The error wraps [conv.ErrInvalid], [cpuref.ErrShape], [gpu.ErrMisuse] (wrong options),
// [ErrUnsupported] or gpu's other reasons, and names the problem's descriptor.
func NewLayer(dev *Device, p conv.Problem, filters tensor.Filters, o LayerOptions) (*Layer, error) {
	l := &Layer{problem: p, options: o, dev: dev}
	err := l.validate(filters)
	if err == nil {
		l.filters = cloneFilters(filters)
		err = l.build()
	}
	if err != nil {
		return nil, l.failed("building", err)
	}
	return l, nil
}

func (l *Layer) build() (err error) {
	if l.dev.gpu != nil {
		l.engine, err = newDirect(l.dev.gpu, l.problem, l.filters, l.options)
		return err
	}
	if l.problem.OutLen() > cpuref.MaxOutputs {
		return fmt.Errorf("%w: %d outputs, the CPU reference holds %d", ErrUnsupported, l.problem.OutLen(), cpuref.MaxOutputs)
	}
	l.engine = cpuEngine{l}
	return nil
}

func (l *Layer) validate(filters tensor.Filters) error {
	if err := l.dev.usable(); err != nil {
		return err
	}
	if err := l.problem.Validate(); err != nil {
		return err
	}
	if p := l.problem; p.Z != point || p.Padding != conv.Zero || p.Transposed || p.Unshared {
		return fmt.Errorf("%w: layers that are 3D, transposed or unshared, or padded with anything but zeros", ErrUnsupported)
	}
	if l.options.Activation < NoActivation || l.options.Activation > SeparateReLU {
		return fmt.Errorf("%w: activation %d, must be NoActivation, ReLU or SeparateReLU", gpu.ErrMisuse, l.options.Activation)
	}
	if t := l.options.Threads; t != 0 && !slices.Contains(shaders.ConvThreads, t) {
		return fmt.Errorf("%w: %d threads in a workgroup, must be one of %v, or 0", gpu.ErrMisuse, t, shaders.ConvThreads)
	}
	return checkFilters(l.problem, filters)
}

// point is the third axis of a 2D layer.
var point = conv.Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}

// checkFilters holds the filters against the problem without an input volume.
func checkFilters(p conv.Problem, f tensor.Filters) error {
	if has, want := [4]int{f.K, f.H, f.W, f.D}, [4]int{p.OutChannels, p.H.Filter, p.W.Filter, p.InChannels / p.Groups}; has != want {
		return fmt.Errorf("%w: filters of shape %v (K, Fh, Fw, D), must be %v", cpuref.ErrShape, has, want)
	}
	if err := f.Validate(); err != nil {
		return fmt.Errorf("%w: %w", cpuref.ErrShape, err)
	}
	return nil
}

// cloneFilters copies valid filters. No biases become zeros, which the GPU needs.
func cloneFilters(f tensor.Filters) tensor.Filters {
	f.Data = slices.Clone(f.Data)
	f.Bias = append(make([]float32, 0, f.K), f.Bias...)[:f.K]
	return f
}

// Problem is what the layer computes.
func (l *Layer) Problem() conv.Problem {
	if l == nil {
		return conv.Problem{}
	}
	return l.problem
}

// Run computes the layer's output volume for x. The error wraps [cpuref.ErrShape] where x does not fit,
// or [gpu.ErrClosed].
func (l *Layer) Run(x tensor.Volume) (tensor.Volume, error) { return l.run(x, false) }

func (l *Layer) run(x tensor.Volume, checked bool) (tensor.Volume, error) {
	if l == nil || l.dev == nil {
		return tensor.Volume{}, fmt.Errorf("running a layer: %w, or never built: use one from host.NewLayer", gpu.ErrClosed)
	}
	if err := l.dev.usable(); err != nil {
		return tensor.Volume{}, l.failed("running", err)
	}
	p := l.problem
	if err := cpuref.CheckShapes(p, x, l.filters); err != nil {
		return tensor.Volume{}, l.failed("running", err)
	}
	v, err := tensor.NewVolume(p.Batch, p.H.Out, p.W.Out, p.OutChannels)
	if err != nil {
		return tensor.Volume{}, l.failed("running", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine == nil {
		return tensor.Volume{}, l.failed("running", fmt.Errorf("layer %w", gpu.ErrClosed))
	}
	if err := l.engine.run(x.Data, v.Data, checked); err != nil {
		return tensor.Volume{}, l.failed("running", err)
	}
	return v, nil
}

// Close frees the layer's memory on the device.
func (l *Layer) Close() error {
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

func (l *Layer) failed(doing string, err error) error {
	if errors.Is(err, conv.ErrInvalid) { // an invalid problem has no descriptor
		return fmt.Errorf("%s a layer on %s: %w", doing, l.dev, err)
	}
	return fmt.Errorf("%s layer %s on %s: %w", doing, l.problem, l.dev, err)
}

// cpuEngine computes with the reference.
type cpuEngine struct{ layer *Layer }

func (e cpuEngine) run(x, v []float32, _ bool) error {
	p := e.layer.problem
	ref, err := cpuref.Im2col(p, tensor.Volume{N: p.Batch, H: p.H.In, W: p.W.In, D: p.InChannels, Data: x}, e.layer.filters)
	if err != nil {
		return err
	}
	if e.layer.options.Activation != NoActivation {
		ref = ref.ReLU()
	}
	for i, r := range ref.Value {
		v[i] = float32(r)
	}
	return nil
}

func (cpuEngine) close() {}
