package proof

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

// Quantized are the seeded operands of a case of int8 numbers beyond the slopes and the residual.
type Quantized struct {
	X       []int8
	Filters host.QuantizedFilters
	Options host.QuantizedOptions
}

// checkInt8 reports what no layer of int8 numbers has.
func (c Case) checkInt8() error {
	switch {
	case c.Backward:
		return fmt.Errorf("%w: the gradients of an int8 layer: whole numbers have none", gpu.ErrMisuse)
	case c.Options.Separate:
		return fmt.Errorf("%w: a separate epilogue of an int8 layer, which never has another", gpu.ErrMisuse)
	}
	return nil
}

// quantized makes 8-bit operands. Zero points, scales and biases are one for each channel, or one for
// all, or left out. Scales mostly bring outputs to where activations bend.
func (c Case) quantized(rng *rand.Rand) *Quantized {
	p, most := c.Problem, int8Limit(c.Problem.TapsPerOutput())
	bytes := func(n int64) []int8 {
		data := make([]int8, n)
		for i := range data {
			data[i] = int8(max(-128, min(rng.IntN(2*most+1)-most, 127)))
		}
		return data
	}
	some := func() int64 { return []int64{0, 1, int64(p.OutChannels), int64(p.OutChannels)}[rng.IntN(4)] }
	q := &Quantized{X: bytes(p.InLen())}
	q.Filters.Weights, q.Filters.Zero, q.Filters.Scale = bytes(p.FilterLen()), bytes(some()), make([]float32, some())
	tensor.FillReals(q.Filters.Scale, rng)
	for i := range q.Filters.Scale {
		q.Filters.Scale[i] /= float32(float64(most) * math.Sqrt(float64(p.TapsPerOutput())))
	}
	if rng.IntN(4) > 0 {
		q.Filters.Bias = make([]int32, p.BiasLen())
		for i := range q.Filters.Bias {
			q.Filters.Bias[i] = rng.Int32N(20001) - 10000
		}
	}
	q.Options = host.QuantizedOptions{XZero: bytes(1)[0], XScale: []float32{0, 0.5, 0.02, 3}[rng.IntN(4)],
		Epilogue: c.Options.Epilogue, Algorithm: c.Options.Algorithm, Threads: c.Options.Threads}
	q.Options.VScale, q.Options.VZero = []float32{0, 0.01, 0.0625, 1}[rng.IntN(4)], int8(rng.IntN(256)-128)
	return q
}

// int8Limit is how large numbers and zero points may be for so many products of their differences to
// leave half of an int32.
func int8Limit(taps int) int {
	return max(1, min(128, int(math.Sqrt((1<<30)/float64(taps))/2)))
}

func (c Case) runInt8(dev *host.Device, o Operands) (cpuref.Report, error) {
	layer, err := host.NewQuantizedLayer(dev, c.Problem, o.Quantized.Filters, o.Quantized.Options)
	if err != nil {
		return cpuref.Report{}, err
	}
	defer layer.Close()
	_, report, err := layer.Verify(context.Background(), o.Quantized.X, o.Residual...)
	if err != nil {
		return report, err
	}
	return report, report.Err()
}
