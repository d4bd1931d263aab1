package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/tuning"
)

// TuneOptions say how algorithms are measured. The zero value takes as long as it takes.
type TuneOptions struct {
	Seed uint64 // of the data
	tuning.Options
}

// Tune measures the algorithms that serve a layer on dev, with seeded data, as [tuning.Measure] does: the
// quickest one that passes the check against the reference is the choice, which o.Tunings, where there are
// some, keep. Where ctx ends the result is what was found by then, without a choice, and the error ctx's. The
// error wraps [ErrUnsupported] where there is nothing to choose from (the CPU reference, layers that are
// computed in blocks), [gpu.ErrMisuse] where o names an algorithm or threads, and else says why no algorithm
// passed, or why the choice, which there is then, was not kept.
func Tune(
	ctx context.Context,
	dev *Device,
	p conv.Problem,
	o LayerOptions,
	options TuneOptions,
) (tuning.Result, error) {
	var r tuning.Result
	task, err := newTask(dev, p, o, options)
	if err == nil {
		r, err = tuning.Measure(ctx, task)
	}
	if err != nil && !errors.Is(err, conv.ErrInvalid) {
		err = fmt.Errorf("tuning layer %s on %s: %w", p, dev, err)
	}
	return r, err
}

// newTask finds the candidates and makes the data.
func newTask(dev *Device, p conv.Problem, o LayerOptions, options TuneOptions) (t tuning.Task, err error) {
	names, err := candidates(dev, p, o)
	if err != nil {
		return t, err
	}
	data, err := SeededOperands(p, o, options.Seed, false, 0)
	if err != nil {
		return t, err
	}
	o.Slopes = data.Slopes
	info := dev.gpu.Info()
	t = tuning.Task{Names: names, Key: tuning.KeyOf(info, p, o.DType), Clock: gpu.ClockWall, Ramp: info.ClockRamp(),
		Cache: o.Tunings, Options: options.Options}
	if info.HasFeature(gpu.FeatureTimestamps) {
		t.Clock = gpu.ClockGPU
	}
	t.Open = func(algorithm string) (tuning.Contender, error) {
		return openContender(dev, p, o.by(algorithm), data)
	}
	return t, nil
}

// by are the options of the layer that is measured: it is not tuned itself.
func (o LayerOptions) by(algorithm string) LayerOptions {
	o.Algorithm, o.Tunings, o.Autotune = algorithm, nil, false
	return o
}

// candidates are the names of the algorithms that serve a layer, the default first. There is at least one.
func candidates(dev *Device, p conv.Problem, o LayerOptions) ([]string, error) {
	if err := dev.Usable(); err != nil {
		return nil, err
	}
	o.Slopes = make([]float32, o.slopes(p)) // tuning does not depend on their values
	list, err := Algorithms(dev, p, o)
	switch {
	case err != nil:
		return nil, err
	case o.Algorithm != "" || o.Threads != 0:
		return nil, fmt.Errorf("%w: the layer's options name an algorithm or threads, which leaves nothing to choose",
			gpu.ErrMisuse)
	case len(list) == 0:
		return nil, fmt.Errorf("%w: the CPU reference has no algorithms to choose from", ErrUnsupported)
	}
	if whole, err := dev.inOnePiece(p); err != nil || !whole {
		return nil, cmp.Or(err, errBlocks)
	}
	var names []string
	for _, a := range list {
		names = append(names, AlgorithmName(a))
	}
	return names, nil
}
