package host

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/tensor"
)

// This file judges what programs compute of filters that are volumes, given the volumes that were read.

// judgeFrom holds V against the layer of the filters that it was computed from.
func judgeFrom(p conv.Problem, inputs [][]uint32, v []uint32) (cpuref.Report, error) {
	filters := filtersOf(p, exec.Floats(inputs[1]), make([]float32, p.BiasLen()))
	if len(inputs) > 2 {
		filters.Bias = exec.Floats(inputs[2])
	}
	ref, err := cpuref.Im2col(p, inputOf(p, inputs[0]), filters)
	if err != nil {
		return cpuref.Report{}, err
	}
	return cpuref.Check(exec.Floats(v), ref, cpuref.Bounded)
}

// judgeGradientFrom holds dW, as an algorithm computed it, against that of the X and dZ that it was computed from.
func judgeGradientFrom(a Algorithm, p conv.Problem, inputs [][]uint32, dw []uint32) (cpuref.Report, error) {
	dz := tensor.Volume{N: p.Batch, Z: p.Z.Out, H: p.H.Out, W: p.W.Out, D: p.OutChannels,
		Data: exec.Floats(inputs[1])}
	ref, err := filterTruth(a, cpuref.Bounded, p, inputOf(p, inputs[0]), dz)
	if err != nil {
		return cpuref.Report{}, err
	}
	return cpuref.Check(exec.Floats(dw), ref, cpuref.Bounded)
}

// inputOf are words as the layer's X.
func inputOf(p conv.Problem, words []uint32) tensor.Volume {
	return tensor.Volume{N: p.Batch, Z: p.Z.In, H: p.H.In, W: p.W.In, D: p.InChannels, Data: exec.Floats(words)}
}
