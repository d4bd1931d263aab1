package model

import (
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Layers are the problems of the layers that the network is computed by for inputs of these shapes, in the order in
// which they run, each as often as it does. Their names are those of their nodes. The network is compiled for the
// shapes where it is not yet; errors are those of [Network.Plan].
func (net *Network) Layers(inputs map[string]tensor.Array) (all []conv.Problem, err error) {
	return net.layersOf(inputs, func(p *plan) []conv.Problem { return p.layers })
}

// StatedLayers are the same layers as the model states them: a transposed one is one, though it may be computed as
// another layer.
func (net *Network) StatedLayers(inputs map[string]tensor.Array) ([]conv.Problem, error) {
	return net.layersOf(inputs, func(p *plan) []conv.Problem { return p.stated })
}

func (net *Network) layersOf(
	inputs map[string]tensor.Array,
	which func(*plan) []conv.Problem,
) (all []conv.Problem, err error) {
	err = net.with(inputs, func(p *plan, _ [][]uint32) error {
		all = slices.Clone(which(p))
		return nil
	})
	if err != nil {
		return nil, net.failed("compiling", err)
	}
	return all, nil
}
