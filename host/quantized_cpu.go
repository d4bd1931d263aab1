package host

import (
	"context"
	"math"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/tensor"
)

// quantizedCPU computes with the reference: sums by Im2col, for [cpuref.QuantizedConv] judges them.
type quantizedCPU struct{ layer *quantizedData }

func (e quantizedCPU) run(_ context.Context, r *quantizedRun) error {
	q, p := e.layer, e.layer.problem
	ref, err := cpuref.Im2col(p, q.input(r.x), q.filters())
	if err != nil {
		return err
	}
	for i, sum := range ref.Value { // whole numbers far below 2^53
		r.sums[i] = int32(int64(sum) + int64(q.biases[q.biasOf(i)]))
	}
	if !r.finishes() {
		return nil
	}
	ref, err = q.reference(r.sums, r.residual)
	for i, v := range ref.Value {
		if r.v != nil {
			r.v[i] = float32(v)
		}
		if r.bytes != nil {
			r.bytes[i] = q.options.quantized(float32(v))
		}
	}
	return err
}

// quantized is an output as int8.
func (o QuantizedOptions) quantized(v float32) int8 {
	if v != v {
		return o.VZero
	}
	nearest := math.RoundToEven(float64(v/o.VScale)) + float64(o.VZero)
	return int8(max(math.MinInt8, min(nearest, math.MaxInt8)))
}

func (e quantizedCPU) algorithm() algo.Algorithm {
	return algo.Direct(algo.Spec{Problem: e.layer.problem})
}

func (quantizedCPU) Close() {}

// input is what X's numbers stand for, but for its scale.
func (q *quantizedData) input(x []int8) tensor.Volume {
	p := q.problem
	v := tensor.Volume{N: p.Batch, Z: p.Z.In, H: p.H.In, W: p.W.In, D: p.InChannels, Data: make([]float32, len(x))}
	for i, n := range x {
		v.Data[i] = float32(int32(n) - int32(q.options.XZero))
	}
	return v
}

// filters are what the weights stand for, but for their scales. They have no biases, which float32 cannot
// hold.
func (q *quantizedData) filters() tensor.Filters {
	p := q.problem
	weights := make([]float32, len(q.weights))
	for i, n := range q.weights {
		weights[i] = float32(int32(n) - q.zeros[i/p.TapsPerOutput()%p.OutChannels])
	}
	return filtersOf(p, weights, nil)
}
