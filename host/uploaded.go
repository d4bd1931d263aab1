package host

import (
	"context"
	"fmt"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/tensor"
)

// Uploaded is a layer with operands that stay on the device, for any number of Computes. A layer has room for one set
// of operands: whatever else is done with it takes their place, another Upload or a Run, and the Uploaded's calls then
// fail with [gpu.ErrMisuse] rather than mix one caller's numbers with another's. It may be used from many goroutines.
type Uploaded struct {
	layer    *Layer
	number   uint64 // the layer's uploads by then
	computed bool   // guarded by the layer's lock
}

// errNotResident is about layers that are computed in blocks, or on the host.
var errNotResident = fmt.Errorf(
	"%w: operands of this layer do not stay on the device, since it is computed in blocks or on the CPU: use Run",
	ErrUnsupported,
)

// What is said of calls in a wrong order.
var (
	errNothingComputed = fmt.Errorf("%w: nothing was computed of what was uploaded: call Compute first", gpu.ErrMisuse)
	errReplaced        = fmt.Errorf(
		"%w: other operands have taken the place of those that were uploaded: upload them again",
		gpu.ErrMisuse,
	)
)

// Resident reports whether the layer's operands can stay on the device, as Upload needs.
func (l *Layer) Resident() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.engine.(*whole)
	return ok
}

// Upload puts x, and the residual of a layer that has one, on the device. The volumes may be changed afterwards. It
// waits for who else uses the layer until ctx ends at most. The error wraps [cpuref.ErrShape], [gpu.ErrClosed],
// [ErrUnsupported] for layers that do not fit the device in one piece and for the CPU reference, or ctx's.
func (l *Layer) Upload(ctx context.Context, x tensor.Volume, residual ...tensor.Volume) (u *Uploaded, err error) {
	err = l.use(ctx, "uploading to", func(e engine) error {
		on, ok := e.(*whole)
		if !ok {
			return errNotResident
		}
		in, err := l.operands(x, residual)
		if err != nil {
			return err
		}
		if err := on.session.WriteAll(l.inputs(in)); err != nil {
			return err
		}
		u = &Uploaded{layer: l, number: l.uploads}
		return nil
	})
	return u, err
}

// Compute computes V from what was uploaded, and waits for it until ctx ends at most. V stays on the device: see
// Download. Nothing is allocated on the device and nothing compiled.
func (u *Uploaded) Compute(ctx context.Context) error {
	return u.compute(ctx, "computing", func(s *exec.Session) error { return s.Run(ctx) })
}

// ComputeTimed computes a number of times, one run after the other, and gives the time of one run by the device's own
// clock, as the clock measures them together. The device must have [gpu.FeatureTimestamps]. The error wraps
// [gpu.ErrMisuse] for less than one run, or more than 1,000.
func (u *Uploaded) ComputeTimed(ctx context.Context, runs int) (took time.Duration, err error) {
	err = u.compute(ctx, "timing", func(s *exec.Session) (err error) {
		took, err = timed(ctx, s, runs)
		return err
	})
	return took, err
}

// timed runs a session a number of times and gives the time of one run.
func timed(ctx context.Context, s *exec.Session, runs int) (time.Duration, error) {
	if runs < 1 || runs > 1000 {
		return 0, fmt.Errorf("%w: %d runs, must be 1 to 1000", gpu.ErrMisuse, runs)
	}
	return s.Took(ctx, runs)
}

// RunsOf is how many runs that take so long each are worth measuring together: short ones cost less than what it costs
// to begin and to end.
func RunsOf(took time.Duration) int {
	const enough, most = 300 * time.Microsecond, 16
	return int(min(max(enough/max(took, 1), 1), most))
}

// Dispatch is one of a layer's dispatches, and the time that it took by the device's own clock.
type Dispatch struct {
	Kernel string // the shader's name
	Time   time.Duration
}

// Profile computes and gives the time of each dispatch, in their order. The device must have
// [gpu.FeatureTimestamps].
func (u *Uploaded) Profile(ctx context.Context) (all []Dispatch, err error) {
	err = u.compute(ctx, "timing", func(s *exec.Session) (err error) {
		all, err = profile(ctx, s)
		return err
	})
	return all, err
}

// profile runs a session and gives the time of each dispatch.
func profile(ctx context.Context, s *exec.Session) (all []Dispatch, err error) {
	times, err := s.Times(ctx)
	for i, t := range times {
		all = append(all, Dispatch{s.Plan().Steps[i].Kernel.Name(), t})
	}
	return all, err
}

// Download reads V back. The error wraps [gpu.ErrMisuse] where nothing was computed.
func (u *Uploaded) Download(ctx context.Context) (v tensor.Volume, err error) {
	err = u.on(ctx, "downloading from", func(s *exec.Session) error {
		if !u.computed {
			return errNothingComputed
		}
		if v, err = newOutput(u.layer.problem); err != nil {
			return err
		}
		return s.Read(ctx, algo.V, v.Data)
	})
	return v, err
}

// compute does something that computes V.
func (u *Uploaded) compute(ctx context.Context, doing string, do func(*exec.Session) error) error {
	return u.on(ctx, doing, func(s *exec.Session) error {
		err := do(s)
		u.computed = u.computed || err == nil
		return err
	})
}

// on does something with the layer's session, while the operands are there.
func (u *Uploaded) on(ctx context.Context, doing string, do func(*exec.Session) error) error {
	if u == nil || u.layer == nil {
		return fmt.Errorf("%s a layer: %w: nothing was uploaded: use what Layer.Upload gives", doing, gpu.ErrMisuse)
	}
	return u.layer.look(ctx, doing, func(e engine) error {
		on, ok := e.(*whole)
		switch {
		case !ok:
			return errNotResident
		case u.layer.uploads != u.number:
			return errReplaced
		}
		return do(on.session)
	})
}

// WhyDirect says why the direct algorithm computes the layer: it was asked for, or no other serves, with the reason.
// It is empty where another algorithm does, or the CPU.
func (l *Layer) WhyDirect() string {
	if l == nil || l.dev.gpu == nil || l.Algorithm().Name() != "direct" {
		return ""
	}
	s := l.spec()
	s.Direct = l.options.Algorithm != ""
	return algo.WhyDirect(s, l.dev.limits())
}

// Algorithm is what computes the layer: the direct algorithm where the device is the CPU reference.
func (l *Layer) Algorithm() Algorithm {
	if l == nil {
		return algo.Direct(algo.Spec{Threads: 32})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine == nil {
		return algo.Direct(l.spec())
	}
	return l.engine.algorithm()
}
