package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/spf13/pflag"
)

// modelFlags name networks that are given seeded numbers.
type modelFlags struct{ models, dims []string }

func (f *modelFlags) add(flags *pflag.FlagSet, what string) {
	flags.StringSliceVar(&f.models, "model", nil, what)
	flags.StringArrayVar(
		&f.dims,
		"dim",
		nil,
		"NAME=N: the size of a symbolic dimension of a --model; where none is given the first of an input is 1",
	)
}

// seededNetwork is a network with its inputs.
type seededNetwork struct {
	*network
	inputs map[string]tensor.Array
}

// id is what results call it.
func (n seededNetwork) id() string { return bench.NetworkID(n.path, n.inputs) }

// flags are those that name the network.
func (n seededNetwork) flags() string {
	text := " --model '" + n.path + "'"
	for _, name := range slices.Sorted(maps.Keys(n.dims)) {
		text += fmt.Sprintf(" --dim '%s=%d'", name, n.dims[name])
	}
	return text
}

// read reads the models and makes their inputs, before any GPU is touched.
func (f *modelFlags) read(a *app, seed uint64) (all []seededNetwork, err error) {
	if len(f.models) == 0 && len(f.dims) > 0 {
		return nil, usagef("--dim %s is about a network: name its file with --model, or leave it out", f.dims[0])
	}
	used := map[string]bool{}
	for _, path := range f.models {
		if path == "" || path == stream {
			return nil, usagef("--model %q: must be a file", path)
		}
		n, err := a.readNetwork(path, nil)
		if err != nil {
			return nil, err
		}
		flags := n.about(f.dims)
		for _, flag := range flags {
			used[flag] = true
		}
		if n.dims, err = parseDims(n.model, flags); err != nil {
			return nil, err
		}
		n.bindFirst()
		one := seededNetwork{n, map[string]tensor.Array{}}
		if err := (&inputFlags{seed: seed}).fill(n, one.inputs); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other seededNetwork) bool { return other.id() == one.id() }) {
			return nil, usagef("--model %s: there is a network %q already: leave one of them out", path, one.id())
		}
		all = append(all, one)
	}
	for _, flag := range f.dims {
		if !used[flag] { // which the first network says best
			_, err = parseDims(all[0].model, []string{flag})
		}
	}
	return all, err
}

// about are those of --dim's flags that name a symbolic dimension of the network's.
func (n *network) about(flags []string) (all []string) {
	for _, flag := range flags {
		name, _, _ := strings.Cut(flag, "=")
		for _, port := range n.inputs {
			if slices.Contains(port.Dims, name) && !slices.Contains(all, flag) {
				all = append(all, flag)
			}
		}
	}
	return all
}

// bindFirst gives the first axis of each input, that of the images, the size 1 where it is open.
func (n *network) bindFirst() {
	for i, port := range n.inputs {
		if len(port.Shape) == 0 || port.Shape[0] >= 0 {
			continue
		}
		if name := port.Dims[0]; name == "" {
			n.inputs[i].Shape = slices.Clone(port.Shape)
			n.inputs[i].Shape[0] = 1
		} else if n.dims[name] == 0 {
			n.dims[name] = 1
		}
	}
}

// layers are the problems of the network's layers on the device, and those of them that could be computed together.
func (n seededNetwork) layers(
	ctx context.Context, dev *host.Device, exact bool,
) (all []conv.Problem, pairs []host.Pair, err error) {
	net, err := model.New(dev, n.model, model.Options{Dims: n.dims, Exact: exact})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", n.path, err)
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	if all, err = net.Layers(ctx, n.inputs); err != nil {
		return nil, nil, err
	}
	pairs, err = net.Pairs(ctx, n.inputs)
	return all, pairs, err
}

// onGPU refuses networks where there is no GPU.
func (f *modelFlags) onGPU(dev *host.Device) error {
	if len(f.models) > 0 && dev.GPU() == nil {
		return usagef("--model: networks run on a GPU: leave out --backend %s", host.CPU)
	}
	return nil
}
