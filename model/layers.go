package model

import (
	"context"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

// Layers are the problems of the layers that the network is computed by for inputs of these shapes, in the order in
// which they run, each as often as it does. Their names are those of their nodes. The network is compiled for the
// shapes where it is not yet, which ends with ctx; errors are those of [Network.Plan].
func (net *Network) Layers(ctx context.Context, inputs map[string]tensor.Array) ([]conv.Problem, error) {
	return planned(ctx, net, inputs, func(p *plan) []conv.Problem { return slices.Clone(p.layers) })
}

// Pairs are those of the layers that could be computed together, whether they are or not: see [Options.Fuse]. All else
// is as [Network.Layers] has it.
func (net *Network) Pairs(ctx context.Context, inputs map[string]tensor.Array) ([]host.Pair, error) {
	return planned(ctx, net, inputs, func(p *plan) []host.Pair { return p.program.Pairs() })
}

// planned are those of all plans of a network for inputs of these shapes.
func planned[T any](
	ctx context.Context, net *Network, inputs map[string]tensor.Array, of func(*plan) []T,
) (all []T, err error) {
	if net != nil && net.stages != nil {
		err = net.stages.look(ctx, inputs, func(stage *Network, in map[string]tensor.Array) error {
			more, err := planned(ctx, stage, in, of)
			all = append(all, more...)
			return err
		})
		return all, net.failedAs("compiling", err)
	}
	err = net.with(ctx, inputs, func(p *plan, _ [][]uint32) error {
		all = of(p)
		return nil
	})
	if err != nil {
		return nil, net.failed("compiling", err)
	}
	return all, nil
}
