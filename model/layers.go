package model

import (
	"context"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Layers are the problems of the layers that the network is computed by for inputs of these shapes, in the order in
// which they run, each as often as it does. Their names are those of their nodes. The network is compiled for the
// shapes where it is not yet, which ends with ctx; errors are those of [Network.Plan].
func (net *Network) Layers(ctx context.Context, inputs map[string]tensor.Array) (all []conv.Problem, err error) {
	if net != nil && net.stages != nil {
		err = net.stages.look(ctx, inputs, func(stage *Network, in map[string]tensor.Array) error {
			of, err := stage.Layers(ctx, in)
			all = append(all, of...)
			return err
		})
		return all, net.failedAs("compiling", err)
	}
	err = net.with(ctx, inputs, func(p *plan, _ [][]uint32) error {
		all = slices.Clone(p.layers)
		return nil
	})
	if err != nil {
		return nil, net.failed("compiling", err)
	}
	return all, nil
}
