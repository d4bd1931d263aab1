package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/split"
	"github.com/gpuconv/gpuconv/tuning"
)

// autotuned is the budget of a layer that is tuned when it is built.
const autotuned = 10 * time.Second

// tuned are the layer's options with the algorithm that was measured to be the quickest, or is now; where
// there is none, as they are.
func (l *Layer) tuned(ctx context.Context) (LayerOptions, error) {
	o := l.options
	if o.Algorithm != "" || o.Threads != 0 || o.Tunings == nil && !o.Autotune {
		return o, nil
	}
	if whole, err := l.dev.inOnePiece(l.problem); err != nil || !whole {
		return o, err
	}
	names := l.algorithmNames()
	key := tuning.KeyOf(l.dev.gpu.Info(), l.problem, o.DType)
	if c, ok := o.Tunings.Lookup(key); ok && slices.Contains(names, c.Algorithm) {
		o.Algorithm = c.Algorithm
		return o, nil
	}
	if !o.Autotune || len(names) == 1 {
		return o, nil
	}
	t, err := Tune(ctx, l.dev, l.problem, o,
		TuneOptions{Seed: 1, Options: tuning.Options{Budget: autotuned}})
	if o.Algorithm = t.Choice.Algorithm; o.Algorithm != "" || errors.Is(err, ErrUnsupported) {
		return o, nil // a choice that could not be kept is one: Cache.Err says why
	}
	return o, err
}

// tunedFilterGradient names the algorithm for dW and db: that of the spec, or where it names none what was measured to
// be the quickest, or none.
func (d *Device) tunedFilterGradient(s algo.Spec, tunings *tuning.Cache) string {
	if s.FilterGradient != "" || s.Direct || s.Threads != 0 {
		return s.FilterGradient
	}
	c, ok := tunings.Lookup(d.filterKey(s.Problem))
	serves := func(p algo.Plan) bool { return algo.Name(p.Algorithm) == c.Algorithm }
	if ok && slices.ContainsFunc(algo.FilterCandidates(s, d.limits()), serves) {
		return c.Algorithm
	}
	return ""
}

// tunedInputGradient names the algorithm of the layer that computes dX, where one was measured to be the quickest.
func (d *Device) tunedInputGradient(s algo.Spec, tunings *tuning.Cache) string {
	adjoint, err := s.Problem.Adjoint()
	if err != nil || s.Direct || s.Threads != 0 {
		return ""
	}
	c, _ := tunings.Lookup(tuning.KeyOf(d.gpu.Info(), adjoint, Float32))
	return c.Algorithm
}

// algorithmNames are those of the algorithms that serve the layer.
func (l *Layer) algorithmNames() (names []string) {
	for _, plan := range algo.Candidates(l.spec(), l.dev.limits()) {
		names = append(names, algo.Name(plan.Algorithm))
	}
	return names
}

// errBlocks is about layers whose blocks are of sizes that nobody tunes.
var errBlocks = fmt.Errorf("%w: layers that are computed in blocks are not tuned", ErrUnsupported)

// inOnePiece tells whether a layer fits the device.
func (d *Device) inOnePiece(p conv.Problem) (bool, error) {
	pl, err := d.plan(p)
	return err == nil && pl == split.Whole(p), err
}
