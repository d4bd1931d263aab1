package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/turn"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// FilterGradients are the algorithms that compute the gradients with respect to W and b of a layer on dev, the default
// first. Each is named by AlgorithmName.
func FilterGradients(dev *Device, p conv.Problem, o LayerOptions) ([]Algorithm, error) {
	return served(dev, p, o, algo.FilterCandidates)
}

// FilterGradientNames are the names of all of them, without their variants, whatever they serve.
func FilterGradientNames() []string { return algo.FilterGradientNames() }

// validateFilterGradient reports a name that is no algorithm's.
func (o LayerOptions) validateFilterGradient() error {
	known := func(a algo.Algorithm) bool { return algo.Is(a, o.FilterGradient) }
	if o.FilterGradient == "" || slices.ContainsFunc(algo.FilterGradients(), known) {
		return nil
	}
	return fmt.Errorf("%w: algorithm %q for dW, must be one of %s", gpu.ErrMisuse, o.FilterGradient,
		strings.Join(FilterGradientNames(), ", "))
}

// FilterGradient computes the gradients with respect to W and b of a layer from operands that stay on the device, as
// often as is asked for: the step of [Layer.Backward] that updates filters, to be measured. It may be used from many
// goroutines.
type FilterGradient struct {
	dev     *Device
	plan    algo.Plan
	mu      turn.Lock
	session *exec.Session // nil when closed
	x, dz   tensor.Volume // that were uploaded
}

// NewFilterGradient builds it, by the algorithm of o.FilterGradient. The error wraps [ErrUnsupported] for the CPU
// reference, and for layers that do not fit the device in one piece.
func NewFilterGradient(dev *Device, p conv.Problem, o LayerOptions) (*FilterGradient, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := errors.Join(o.Validate(p), dev.Usable()); err != nil {
		return nil, err
	}
	if dev.GPU() == nil || !shaders.Fits(p) {
		return nil, fmt.Errorf("%w: filter gradients are measured on a GPU, of layers that it holds in one piece",
			ErrUnsupported)
	}
	l := layerData{problem: p, options: o}
	spec := l.spec()
	spec.FilterGradient = dev.tunedFilterGradient(spec, o.Tunings)
	plan, err := algo.ChooseFilterGradient(spec.FilterGradient, spec, dev.limits())
	if err != nil {
		return nil, unsupported(err)
	}
	session, err := exec.Open(dev.exec, plan.Plan, exec.Guarded)
	if err != nil {
		return nil, unsupported(err)
	}
	return &FilterGradient{dev: dev, plan: plan, session: session}, nil
}

// Algorithm is what computes the gradients.
func (g *FilterGradient) Algorithm() Algorithm { return g.plan.Algorithm }

// Upload puts the layer's input and dz, the loss's gradient with respect to its sums, on the device. It
// waits for who else uses them until ctx ends at most. The error wraps [cpuref.ErrShape], or ctx's.
func (g *FilterGradient) Upload(ctx context.Context, x, dz tensor.Volume) error {
	return g.on(ctx, "uploading to", func(s *exec.Session) error {
		p := g.plan.Spec.Problem
		if err := errors.Join(cpuref.CheckInput(p, x), cpuref.CheckOutput(p, "gradient dZ", dz)); err != nil {
			return err
		}
		g.x, g.dz = x.Clone(), dz.Clone()
		return s.WriteAll(g.inputs())
	})
}

func (g *FilterGradient) inputs() map[int][]uint32 {
	return map[int][]uint32{algo.X: exec.Bits(g.x.Data), algo.V: exec.Bits(g.dz.Data)}
}

// Compute computes the gradients, and waits for them until ctx ends at most. They stay on the device.
func (g *FilterGradient) Compute(ctx context.Context) error {
	return g.on(ctx, "computing", func(s *exec.Session) error { return s.Run(ctx) })
}

// ComputeTimed is [Uploaded.ComputeTimed].
func (g *FilterGradient) ComputeTimed(ctx context.Context, runs int) (took time.Duration, err error) {
	err = g.on(ctx, "timing", func(s *exec.Session) (err error) {
		took, err = timed(ctx, s, runs)
		return err
	})
	return took, err
}

// Profile is [Uploaded.Profile].
func (g *FilterGradient) Profile(ctx context.Context) (all []Dispatch, err error) {
	err = g.on(ctx, "timing", func(s *exec.Session) (err error) {
		all, err = profile(ctx, s)
		return err
	})
	return all, err
}

// Download reads the gradients back: dW of the filters' shape, with db as its Bias.
func (g *FilterGradient) Download(ctx context.Context) (dw tensor.Filters, err error) {
	err = g.on(ctx, "downloading from", func(s *exec.Session) (err error) {
		if dw, err = g.shaped(); err != nil {
			return err
		}
		return errors.Join(s.Read(ctx, algo.W, dw.Data), s.Read(ctx, algo.B, dw.Bias))
	})
	return dw, err
}

// shaped are filters without numbers.
func (g *FilterGradient) shaped() (tensor.Filters, error) {
	p := g.plan.Spec.Problem
	banks := int(p.BiasLen()) / p.OutChannels
	return tensor.NewFilterBanks(banks, p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter,
		p.InChannels/p.Groups)
}

// on does something with the session, one goroutine at a time.
func (g *FilterGradient) on(ctx context.Context, doing string, do func(*exec.Session) error) error {
	if g == nil {
		return fmt.Errorf("%s filter gradients: %w: use those of NewFilterGradient", doing, gpu.ErrMisuse)
	}
	err := g.dev.Usable()
	if err == nil {
		err = g.mu.LockFor(ctx)
	}
	if err == nil {
		defer g.mu.Unlock()
		if err = gpu.ErrClosed; g.session != nil {
			err = do(g.session)
		}
	}
	if err != nil {
		return fmt.Errorf("%s filter gradients of %s on %s: %w", doing, g.plan.Spec.Problem, g.dev, err)
	}
	return nil
}

// Close frees what stands on the device. Closing twice is fine.
func (g *FilterGradient) Close() error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.session != nil {
		g.session.Close()
		g.session = nil
	}
	return nil
}
