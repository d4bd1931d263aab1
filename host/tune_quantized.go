package host

import (
	"context"
	"errors"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/tuning"
)

// TuneQuantized measures the algorithms that serve a layer of 8-bit whole numbers, as [Tune] does those of others, but
// with the operands that it is given: which algorithms serve follows from the filters. What it chooses is taken where
// [QuantizedOptions] name no algorithm and have these Tunings.
func TuneQuantized(
	ctx context.Context,
	dev *Device,
	p conv.Problem,
	x []int8,
	filters QuantizedFilters,
	o QuantizedOptions,
	options TuneOptions,
) (tuning.Result, error) {
	task, err := newQuantizedTask(ctx, dev, p, x, filters, o, options)
	return measured(ctx, task, err, "int8 layer "+p.String(), dev)
}

// newQuantizedTask finds the candidates.
func newQuantizedTask(
	ctx context.Context,
	dev *Device,
	p conv.Problem,
	x []int8,
	filters QuantizedFilters,
	o QuantizedOptions,
	options TuneOptions,
) (t tuning.Task, err error) {
	if err := dev.Usable(); err != nil {
		return t, err
	}
	list, err := QuantizedAlgorithms(dev, p, filters, o)
	if err != nil {
		return t, err
	}
	names, err := dev.choices(p, list)
	if err != nil {
		return t, err
	}
	t = dev.task(names, tuning.KeyOf(dev.gpu.Info(), p, Int8), o.Tunings, options)
	t.Open = func(algorithm string) (tuning.Contender, error) {
		o := o
		o.Algorithm, o.Tunings = algorithm, nil
		return openQuantizedContender(ctx, dev, p, x, filters, o)
	}
	return t, nil
}

// tuned names the layer's algorithm: that of its options, or where they name none what was measured to be the
// quickest, or none.
func (l *QuantizedLayer) tuned() string {
	o := l.options
	if o.Algorithm != "" || o.Threads != 0 {
		return o.Algorithm
	}
	c, ok := o.Tunings.Lookup(tuning.KeyOf(l.dev.gpu.Info(), l.problem, Int8))
	if !ok {
		return ""
	}
	if whole, err := l.dev.inOnePiece(l.problem); err != nil || !whole {
		return ""
	}
	serves := func(a algo.Algorithm) bool { return algo.Name(a) == c.Algorithm }
	if slices.ContainsFunc(algo.QuantizedCandidates(l.spec(true, outputKinds{}), l.dev.limits()), serves) {
		return c.Algorithm
	}
	return ""
}

// openQuantizedContender builds a layer and uploads its input.
func openQuantizedContender(
	ctx context.Context,
	dev *Device,
	p conv.Problem,
	x []int8,
	filters QuantizedFilters,
	o QuantizedOptions,
) (*contender, error) {
	l, err := NewQuantizedLayer(dev, p, filters, o)
	if err != nil {
		return nil, err
	}
	uploaded, err := l.Upload(ctx, x)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	c := newContender(dev)
	c.compute, c.close = uploaded, l.Close
	c.verify = func(ctx context.Context) error {
		_, report, err := l.Verify(ctx, x)
		if err != nil {
			return err
		}
		return report.Err()
	}
	return c, nil
}
