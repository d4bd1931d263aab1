package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

// Run computes the network's outputs, by their names, and waits until ctx ends at most; the device stays usable after
// that. Inputs are arrays in ONNX's order: float32 numbers of floating-point inputs, Ints of all others. The error
// wraps [ErrInput], [ErrUnsupported] and [ErrGraph] where the network cannot be compiled for these shapes, or gpu's
// reasons.
func (net *Network) Run(ctx context.Context, inputs map[string]tensor.Array) (map[string]tensor.Array, error) {
	if net != nil && net.stages != nil {
		outputs, err := net.stages.run(ctx, inputs)
		return outputs, net.failedAs("running", err)
	}
	on := net.current()
	outputs, err := net.runOnce(ctx, inputs)
	if errors.Is(err, gpu.ErrDeviceLost) && net.options.Reopen != nil {
		outputs, err = net.anew(ctx, on, inputs, err)
	}
	if err != nil {
		return nil, net.failed("running", err)
	}
	return outputs, nil
}

func (net *Network) runOnce(
	ctx context.Context, inputs map[string]tensor.Array,
) (out map[string]tensor.Array, err error) {
	err = net.with(ctx, inputs, func(p *plan, words [][]uint32) (err error) {
		out, err = p.run(ctx, words)
		return err
	})
	return out, err
}

// Profile runs the network and gives the time of each dispatch by the device's own clock, in their order. The device
// must have [gpu.FeatureTimestamps].
func (net *Network) Profile(ctx context.Context, inputs map[string]tensor.Array) (times []host.NodeTime, err error) {
	if net != nil && net.stages != nil {
		times, err = net.stages.profile(ctx, inputs)
		return times, net.failedAs("timing", err)
	}
	err = net.with(ctx, inputs, func(p *plan, words [][]uint32) (err error) {
		if p.program != nil {
			times, err = p.program.ProfileWords(ctx, words...)
		}
		return err
	})
	if err != nil {
		return nil, net.failed("timing", err)
	}
	return times, nil
}

// Time runs the network a number of times, one run after the other, and gives the time of one run on the device by its
// own clock, without transfers. The device must have [gpu.FeatureTimestamps].
func (net *Network) Time(
	ctx context.Context,
	runs int,
	inputs map[string]tensor.Array,
) (took time.Duration, err error) {
	if net != nil && net.stages != nil {
		took, err = net.stages.time(ctx, runs, inputs)
		return took, net.failedAs("timing", err)
	}
	err = net.with(ctx, inputs, func(p *plan, words [][]uint32) (err error) {
		if p.program != nil {
			took, err = p.program.TimeWords(ctx, runs, words...)
		}
		return err
	})
	return took, net.failedAs("timing", err)
}

// Plan says how the network is computed for inputs of these shapes, which are compiled where they are not yet. That
// ends with ctx, whose error is wrapped.
func (net *Network) Plan(ctx context.Context, inputs map[string]tensor.Array) (s Summary, err error) {
	if net != nil && net.stages != nil {
		s, err = net.stages.plan(ctx, inputs)
		return s, net.failedAs("compiling", err)
	}
	err = net.with(ctx, inputs, func(p *plan, _ [][]uint32) error {
		s = p.summary
		return nil
	})
	if err != nil {
		return Summary{}, net.failed("compiling", err)
	}
	return s, nil
}

// with holds the inputs against the network and does something with the plan for them, one goroutine at a time.
func (net *Network) with(
	ctx context.Context, inputs map[string]tensor.Array, do func(*plan, [][]uint32) error,
) error {
	if net == nil || net.outputs == nil {
		return fmt.Errorf("network %w, or never loaded: use one from model.Load", gpu.ErrClosed)
	}
	given, err := net.given(inputs)
	if err != nil {
		return err
	}
	if err := net.mu.LockFor(ctx); err != nil {
		return err
	}
	defer net.mu.Unlock()
	if net.closed {
		return fmt.Errorf("network %w", gpu.ErrClosed)
	}
	p, err := net.planFor(ctx, given)
	if err != nil {
		return err
	}
	words, err := p.words(given)
	if err != nil {
		return err
	}
	return do(p, words)
}

// failedAs is failed, and nil where there is no error.
func (net *Network) failedAs(doing string, err error) error {
	if err == nil {
		return nil
	}
	return net.failed(doing, err)
}

func (net *Network) failed(doing string, err error) error {
	if net == nil {
		return fmt.Errorf("%s a network: %w", doing, err)
	}
	return fmt.Errorf("%s network %q: %w", doing, net.name, err)
}

// given holds a run's inputs against the network's, and gives them as values.
func (net *Network) given(inputs map[string]tensor.Array) (map[string]*value, error) {
	return net.givenBeside(inputs, nil)
}

// givenBeside is given, of inputs of which some are on the device.
func (net *Network) givenBeside(inputs map[string]tensor.Array, here map[string]*value) (map[string]*value, error) {
	all := map[string]*value{}
	for _, port := range net.inputs {
		if v := here[port.Name]; v != nil {
			if err := port.takes(v); err != nil {
				return nil, err
			}
			all[port.Name] = v
			continue
		}
		a, ok := inputs[port.Name]
		if !ok {
			return nil, fmt.Errorf("%w: input %q is missing, the network takes %s", ErrInput, port.Name, net.takes())
		}
		v, err := port.value(a)
		if err != nil {
			return nil, err
		}
		all[port.Name] = v
	}
	for _, name := range append(slices.Sorted(maps.Keys(inputs)), slices.Sorted(maps.Keys(here))...) {
		if all[name] == nil {
			return nil, fmt.Errorf("%w: no input is called %q, the network takes %s", ErrInput, name, net.takes())
		}
	}
	return all, nil
}

// takes lists the inputs.
func (net *Network) takes() string {
	var all []string
	for _, p := range net.inputs {
		all = append(all, p.String())
	}
	return strings.Join(all, ", ")
}

// fits reports a shape that is not the port's.
func (p Port) fits(shape []int) error {
	fits := !p.Ranked || len(shape) == len(p.Shape)
	for i := range shape {
		fits = fits && (!p.Ranked || p.Shape[i] < 0 || p.Shape[i] == shape[i])
	}
	if !fits {
		return fmt.Errorf("%w: input %q has shape %v, must be %s", ErrInput, p.Name, shape, p)
	}
	return nil
}

// takes reports a tensor on the device that is none of the port's.
func (p Port) takes(v *value) error {
	if dtypeOf(v.dtype) != dtypeOf(p.Type) {
		return fmt.Errorf("%w: input %q is of %v on the device, must be %s", ErrInput, p.Name, v.dtype, p)
	}
	return p.fits(v.shape())
}

// value is an array as a value of the port.
func (p Port) value(a tensor.Array) (*value, error) {
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("%w: input %q: %w", ErrInput, p.Name, err)
	}
	if err := p.fits(a.Shape); err != nil {
		return nil, err
	}
	n := numbers{floats: a.Data, ints: a.Ints}
	switch {
	case isFloat(p.Type) && a.Ints != nil:
		return nil, fmt.Errorf("%w: input %q has whole numbers, must have float32 ones: %s", ErrInput, p.Name, p)
	case isWhole(p.Type) && a.Ints == nil && a.Data != nil:
		return nil, fmt.Errorf(
			"%w: input %q has float32 numbers, must have whole ones in Ints: %s",
			ErrInput,
			p.Name,
			p,
		)
	case !isFloat(p.Type) && !isWhole(p.Type):
		return nil, fmt.Errorf("%w: input %q of %v", ErrUnsupported, p.Name, p.Type)
	}
	v := knownAs(p.Type, slices.Clone(a.Shape), n)
	v.name = p.Name
	return v, nil
}
