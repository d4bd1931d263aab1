package host

import (
	"context"
	"fmt"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/tensor"
)

// QuantizedUploaded is a layer of 8-bit whole numbers with operands that stay on the device, as [Uploaded] is of other
// layers. It may be used from many goroutines.
type QuantizedUploaded struct {
	layer    *QuantizedLayer
	number   uint64 // the layer's uploads by then
	computed bool   // guarded by the layer's lock
}

// Resident reports whether the layer's operands can stay on the device, as Upload needs.
func (l *QuantizedLayer) Resident() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.engine.(*quantizedKinds)
	return ok
}

// Upload puts x, and the residual of a layer that has one, on the device. They may be changed afterwards. It waits for
// who else uses the layer until ctx ends at most. The error wraps [cpuref.ErrShape], [gpu.ErrClosed], [ErrUnsupported]
// for layers that do not fit the device in one piece and for the CPU reference, or ctx's.
func (l *QuantizedLayer) Upload(
	ctx context.Context, x []int8, residual ...tensor.Volume,
) (u *QuantizedUploaded, err error) {
	var run quantizedRun
	if err = l.open("uploading to"); err != nil {
		return nil, err
	}
	if run, err = l.prepare(x, residual, outputs); err != nil {
		return nil, l.failed("uploading to", err)
	}
	err = l.use(ctx, "uploading to", func(e quantizedEngine) error {
		on, ok := e.(*quantizedKinds)
		if !ok {
			return errNotResident
		}
		l.uploads++
		if err := on.outputs().session.WriteAll(on.outputs().inputs(run)); err != nil {
			return err
		}
		u = &QuantizedUploaded{layer: l, number: l.uploads}
		return nil
	})
	return u, err
}

// Compute computes the outputs from what was uploaded, and waits for them until ctx ends at most. They stay on the
// device: see Download.
func (u *QuantizedUploaded) Compute(ctx context.Context) error {
	return u.compute(ctx, "computing", func(e *quantizedWhole) error { return e.session.Run(ctx) })
}

// ComputeTimed is [Uploaded.ComputeTimed].
func (u *QuantizedUploaded) ComputeTimed(ctx context.Context, runs int) (took time.Duration, err error) {
	err = u.compute(ctx, "timing", func(e *quantizedWhole) (err error) {
		took, err = timed(ctx, e.session, runs)
		return err
	})
	return took, err
}

// Profile is [Uploaded.Profile].
func (u *QuantizedUploaded) Profile(ctx context.Context) (all []Dispatch, err error) {
	err = u.compute(ctx, "timing", func(e *quantizedWhole) (err error) {
		all, err = profile(ctx, e.session)
		return err
	})
	return all, err
}

// Download reads V = f(scale * sums) back. The error wraps [gpu.ErrMisuse] where nothing was computed.
func (u *QuantizedUploaded) Download(ctx context.Context) (v tensor.Volume, err error) {
	err = u.on(ctx, "downloading from", func(e *quantizedWhole) error {
		if !u.computed {
			return errNothingComputed
		}
		if v, err = newOutput(u.layer.problem); err != nil {
			return err
		}
		return e.session.Read(ctx, e.plan.V, v.Data)
	})
	return v, err
}

// compute does something that computes the outputs.
func (u *QuantizedUploaded) compute(ctx context.Context, doing string, do func(*quantizedWhole) error) error {
	return u.on(ctx, doing, func(e *quantizedWhole) error {
		err := do(e)
		u.computed = u.computed || err == nil
		return err
	})
}

// on does something with the layer's engine, while the operands are there.
func (u *QuantizedUploaded) on(ctx context.Context, doing string, do func(*quantizedWhole) error) error {
	if u == nil || u.layer == nil {
		return fmt.Errorf("%s a layer: %w: nothing was uploaded: use what QuantizedLayer.Upload gives", doing,
			gpu.ErrMisuse)
	}
	return u.layer.use(ctx, doing, func(e quantizedEngine) error {
		on, ok := e.(*quantizedKinds)
		switch {
		case !ok:
			return errNotResident
		case u.layer.uploads != u.number:
			return errReplaced
		}
		return do(on.outputs())
	})
}
