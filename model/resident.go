package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// Resident is a tensor that stays on the device: an output of one network, and an input of others on the same device.
// Close frees it.
type Resident struct {
	dtype onnx.DataType
	shape []int
	words *host.Resident
	known *numbers // of an output that follows from constants, or that the host computed
}

// Input is what a network takes: an array of the host's, or a tensor that is on the device where Resident is not nil.
type Input struct {
	Array    tensor.Array
	Resident *Resident
}

// Type is that of the tensor's numbers.
func (r *Resident) Type() onnx.DataType {
	if r == nil {
		return onnx.Undefined
	}
	return r.dtype
}

// Shape is the tensor's, in ONNX's order.
func (r *Resident) Shape() []int {
	if r == nil {
		return nil
	}
	return slices.Clone(r.shape)
}

// Array reads the tensor back, and waits until ctx ends at most.
func (r *Resident) Array(ctx context.Context) (tensor.Array, error) {
	if r == nil {
		return tensor.Array{}, fmt.Errorf("reading a tensor of the device: %w: it is nil", gpu.ErrMisuse)
	}
	if r.known != nil {
		return r.known.array(r.dtype, r.Shape()), nil
	}
	words, err := r.words.Read(ctx)
	if err != nil {
		return tensor.Array{}, err
	}
	return fromWords(r.dtype, words).array(r.dtype, r.Shape()), nil
}

// Close frees the tensor. Closing twice is fine.
func (r *Resident) Close() error {
	if r == nil {
		return nil
	}
	return r.words.Close()
}

// RunResident is [Network.Run] of inputs that may be on the device already, and of outputs that stay there, which are
// the caller's to close: nothing is read back. It waits until the run is over, or ctx ends. An input that a shape
// follows from is read back for that. A network that the host computes a node of takes and gives arrays of the host's,
// and a device that was lost is not opened again, for what was on it is lost too.
func (net *Network) RunResident(ctx context.Context, inputs map[string]Input) (map[string]*Resident, error) {
	outputs, err := net.runResident(ctx, inputs)
	return outputs, net.failedAs("running", err)
}

func (net *Network) runResident(ctx context.Context, inputs map[string]Input) (map[string]*Resident, error) {
	if net == nil || net.outputs == nil {
		return nil, fmt.Errorf("network %w, or never loaded: use one from model.Load", gpu.ErrClosed)
	}
	inputs = maps.Clone(inputs)
	if net.stages != nil {
		return net.runStaged(ctx, inputs)
	}
	if err := net.mu.LockFor(ctx); err != nil {
		return nil, err
	}
	defer net.mu.Unlock()
	if net.closed {
		return nil, fmt.Errorf("network %w", gpu.ErrClosed)
	}
	for {
		// Of those that follow the first one that is on the device and must be known makes another round.
		for name := range net.baked {
			if err := fetch(ctx, inputs, name); err != nil {
				return nil, err
			}
		}
		given, err := net.givenHere(inputs)
		if err != nil {
			return nil, err
		}
		p, err := net.planFor(ctx, given)
		var unread *unreadError
		if errors.As(err, &unread) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return p.runHere(ctx, given, inputs)
	}
}

// unreadError is about an input on the device whose value must be known when a network is compiled.
type unreadError struct{ name string }

func (e *unreadError) Error() string {
	return fmt.Sprintf("the value of input %q is on the device", e.name)
}

// fetch makes an array of an input that is on the device.
func fetch(ctx context.Context, inputs map[string]Input, name string) error {
	in := inputs[name]
	if in.Resident == nil {
		return nil
	}
	a, err := in.Resident.Array(ctx)
	inputs[name] = Input{Array: a}
	return err
}

// runStaged runs a network in stages by arrays of the host's.
func (net *Network) runStaged(ctx context.Context, inputs map[string]Input) (map[string]*Resident, error) {
	arrays := map[string]tensor.Array{}
	for name := range inputs {
		if err := fetch(ctx, inputs, name); err != nil {
			return nil, err
		}
		arrays[name] = inputs[name].Array
	}
	out, err := net.stages.run(ctx, arrays)
	if err != nil {
		return nil, err
	}
	outputs := map[string]*Resident{}
	for name, a := range out {
		t := onnx.Float
		if a.Ints != nil {
			t = onnx.Int64
		}
		outputs[name] = &Resident{dtype: t, shape: a.Shape, known: &numbers{floats: a.Data, ints: a.Ints}}
	}
	return outputs, nil
}

// givenHere holds inputs against the network's, and gives them as values: what is on the device is not known.
func (net *Network) givenHere(inputs map[string]Input) (map[string]*value, error) {
	arrays, here := map[string]tensor.Array{}, map[string]*value{}
	for name, in := range inputs {
		r := in.Resident
		if r == nil {
			arrays[name] = in.Array
			continue
		}
		if r.known != nil {
			arrays[name] = r.known.array(r.dtype, r.shape)
			continue
		}
		here[name] = &value{name: name, dtype: r.dtype, view: op.Contiguous(r.shape...)}
	}
	return net.givenBeside(arrays, here)
}

// runHere runs a plan whose inputs may be on the device, and leaves its outputs there.
func (p *plan) runHere(
	ctx context.Context, given map[string]*value, inputs map[string]Input,
) (map[string]*Resident, error) {
	var feeds []host.Feed
	for _, name := range p.inputs {
		v := given[name]
		if v.known == nil {
			feeds = append(feeds, host.Feed{Resident: inputs[name].Resident.words})
			continue
		}
		words, err := v.known.words()
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", name, err)
		}
		feeds = append(feeds, host.Feed{Words: words})
	}
	var computed []*host.Resident
	if p.program != nil {
		var err error
		if computed, err = p.program.RunResident(ctx, feeds...); err != nil {
			return nil, err
		}
	}
	outputs := map[string]*Resident{}
	for _, o := range p.outputs {
		r := &Resident{dtype: o.dtype, shape: slices.Clone(o.shape), known: o.known}
		if r.known == nil {
			r.words, computed = computed[0], computed[1:]
		}
		outputs[o.name] = r
	}
	return outputs, nil
}
