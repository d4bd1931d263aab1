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
	task, err := newTask(ctx, dev, p, o, options)
	return measured(ctx, task, err, "layer "+p.String(), dev)
}

// measured does a task that could be made, of what has this name.
func measured(ctx context.Context, task tuning.Task, failed error, what string, dev *Device) (tuning.Result, error) {
	var r tuning.Result
	err := failed
	if err == nil {
		r, err = tuning.Measure(ctx, task)
	}
	if err != nil && !errors.Is(err, conv.ErrInvalid) {
		err = fmt.Errorf("tuning %s on %s: %w", what, dev, err)
	}
	return r, err
}

// newTask finds the candidates and makes the data.
func newTask(
	ctx context.Context, dev *Device, p conv.Problem, o LayerOptions, options TuneOptions,
) (t tuning.Task, err error) {
	names, err := candidates(dev, p, o)
	if err != nil {
		return t, err
	}
	data, err := SeededOperands(p, o, options.Seed, false, 0)
	if err != nil {
		return t, err
	}
	o.Slopes = data.Slopes
	t = dev.task(names, tuning.KeyOf(dev.gpu.Info(), p, o.DType), o.Tunings, options)
	t.Open = func(algorithm string) (tuning.Contender, error) {
		return openContender(ctx, dev, p, o.by(algorithm), data)
	}
	return t, nil
}

// task is to measure what has these names, which the caller is to open.
func (d *Device) task(names []string, key tuning.Key, cache *tuning.Cache, options TuneOptions) tuning.Task {
	info := d.gpu.Info()
	t := tuning.Task{Names: names, Key: key, Clock: gpu.ClockWall, Ramp: info.ClockRamp(), Cache: cache,
		Options: options.Options}
	if info.HasFeature(gpu.FeatureTimestamps) {
		t.Clock = gpu.ClockGPU
	}
	return t
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
	}
	return dev.choices(p, list)
}

// choices are the names of the algorithms that serve p. There is at least one.
func (d *Device) choices(p conv.Problem, list []Algorithm) (names []string, err error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: the CPU reference has no algorithms to choose from", ErrUnsupported)
	}
	if whole, err := d.inOnePiece(p); err != nil || !whole {
		return nil, cmp.Or(err, errBlocks)
	}
	for _, a := range list {
		names = append(names, AlgorithmName(a))
	}
	return names, nil
}
