package host

import (
	"context"
	"fmt"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/tensor"
)

// resident is an engine whose operands stay on the device from one run to the next.
type resident interface {
	engine
	writeInputs(in operands) error
	compute() error
	computeTimed() (time.Duration, error)
	readOutput(v []float32) error
}

// errNotResident is about layers that are computed in parts, or on the host.
var errNotResident = fmt.Errorf("%w: operands of this layer do not stay on the device, since it is computed in parts or on the CPU: use Run", ErrUnsupported)

// Resident reports whether the layer's operands stay on the device, as Upload and Compute need.
func (l *Layer) Resident() bool { return l.onDevice("", func(resident) error { return nil }) == nil }

// Upload puts x, and the residual of a layer that has one, on the device, where they stay for any number
// of Computes. The error wraps [cpuref.ErrShape], [gpu.ErrClosed], or [ErrUnsupported] for layers that
// do not fit the device in one piece and for the CPU reference.
func (l *Layer) Upload(x tensor.Volume, residual ...tensor.Volume) error {
	return l.onDevice("uploading to", func(e resident) error {
		in, err := l.operands(x, residual)
		if err != nil {
			return err
		}
		return e.writeInputs(in)
	})
}

// Compute computes V from what was uploaded, and waits for it. V stays on the device: see Download.
// Nothing is allocated on the device and nothing compiled.
func (l *Layer) Compute() error { return l.onDevice("computing", resident.compute) }

// ComputeTimed does so and gives the time that the device's own clock measured, summed up over the
// layer's dispatches. The device must have [gpu.FeatureTimestamps].
func (l *Layer) ComputeTimed() (t time.Duration, err error) {
	err = l.onDevice("timing", func(e resident) (err error) {
		t, err = e.computeTimed()
		return err
	})
	return t, err
}

// Download reads V back.
func (l *Layer) Download() (v tensor.Volume, err error) {
	err = l.onDevice("downloading from", func(e resident) error {
		p := l.problem
		if v, err = tensor.NewVolume3D(p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels); err != nil {
			return err
		}
		return e.readOutput(v.Data)
	})
	return v, err
}

// onDevice does something with the layer's engine.
func (l *Layer) onDevice(doing string, do func(resident) error) error {
	if l == nil || l.dev == nil {
		return fmt.Errorf("%s a layer: %w, or never built: use one from host.NewLayer", doing, gpu.ErrClosed)
	}
	if err := l.dev.usable(); err != nil {
		return l.failed(doing, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine == nil {
		return l.failed(doing, fmt.Errorf("layer %w", gpu.ErrClosed))
	}
	e, ok := l.engine.(resident)
	if !ok {
		return l.failed(doing, errNotResident)
	}
	if err := do(e); err != nil {
		return l.failed(doing, err)
	}
	return nil
}

func (e *forward) compute() error { return e.batch.Run(context.Background()) }

func (e *forward) computeTimed() (sum time.Duration, err error) {
	s, err := e.timed.Submit()
	if err != nil {
		return 0, err
	}
	times, err := s.Times(context.Background())
	for _, t := range times {
		sum += t
	}
	return sum, err
}

func (e *forward) readOutput(v []float32) error { return e.v.read(v) }

// Algorithm is what computes the layer: the direct algorithm where the device is the CPU reference.
func (l *Layer) Algorithm() Algorithm {
	if l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		switch e := l.engine.(type) {
		case *forward:
			return e.algorithm
		case *split:
			if f, ok := e.current.(*forward); ok {
				return f.algorithm
			}
		}
	}
	return direct{}
}
