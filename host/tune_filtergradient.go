package host

import (
	"context"
	"errors"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/tuning"
)

// TuneFilterGradient measures the algorithms for the gradients with respect to W and b, as [Tune] does those of
// layers. What it chooses is taken where [LayerOptions] name none and have these Tunings.
func TuneFilterGradient(
	ctx context.Context,
	dev *Device,
	p conv.Problem,
	o LayerOptions,
	options TuneOptions,
) (tuning.Result, error) {
	task, err := newFilterTask(ctx, dev, p, o, options)
	return measured(ctx, task, err, "dW of "+p.String(), dev)
}

// newFilterTask finds the candidates and makes the data.
func newFilterTask(
	ctx context.Context, dev *Device, p conv.Problem, o LayerOptions, options TuneOptions,
) (t tuning.Task, err error) {
	if err := dev.Usable(); err != nil {
		return t, err
	}
	list, err := FilterGradients(dev, p, o)
	if err != nil {
		return t, err
	}
	names, err := dev.choices(p, list)
	if err != nil {
		return t, err
	}
	data, err := SeededOperands(p, o, options.Seed, true, 0)
	if err != nil {
		return t, err
	}
	t = dev.task(names, dev.filterKey(p), o.Tunings, options)
	t.Open = func(algorithm string) (tuning.Contender, error) {
		o := o
		o.FilterGradient, o.Tunings = algorithm, nil
		return openFilterContender(ctx, dev, p, o, data)
	}
	return t, nil
}

// openFilterContender builds the gradients and uploads their operands.
func openFilterContender(
	ctx context.Context, dev *Device, p conv.Problem, o LayerOptions, data Operands,
) (*contender, error) {
	g, err := NewFilterGradient(dev, p, o)
	if err != nil {
		return nil, err
	}
	if err := g.Upload(ctx, data.X, data.DV); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	c := newContender(dev)
	c.compute, c.close = g, g.Close
	c.verify = func(ctx context.Context) error {
		judged, err := g.Verify(ctx, cpuref.Bounded)
		for _, stage := range judged {
			err = errors.Join(err, stage.Report.Err())
		}
		return err
	}
	return c, nil
}

// filterKey is that of the gradients with respect to W and b of a layer.
func (d *Device) filterKey(p conv.Problem) tuning.Key {
	key := tuning.KeyOf(d.gpu.Info(), p, Float32)
	key.Gradient = tuning.GradientW
	return key
}
