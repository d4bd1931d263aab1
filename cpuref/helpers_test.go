package cpuref

import (
	"math/rand/v2"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func parse(t testing.TB, descriptor string) conv.Problem {
	t.Helper()
	p, err := conv.Parse(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// operands are an input volume and filters for p, with biases.
func operands(t testing.TB, p conv.Problem, fill func([]float32)) (tensor.Volume, tensor.Filters) {
	t.Helper()
	x, err := tensor.NewVolume(p.Batch, p.H.In, p.W.In, p.InChannels)
	if err != nil {
		t.Fatal(err)
	}
	w, err := tensor.NewFilters(p.OutChannels, p.H.Filter, p.W.Filter, p.InChannels/p.Groups)
	if err != nil {
		t.Fatal(err)
	}
	w.Bias = make([]float32, p.OutChannels)
	for _, data := range [][]float32{x.Data, w.Data, w.Bias} {
		fill(data)
	}
	return x, w
}

func reals(rng *rand.Rand) func([]float32) {
	return func(data []float32) { tensor.FillReals(data, rng) }
}

func integers(rng *rand.Rand, limit int) func([]float32) {
	return func(data []float32) { tensor.FillIntegers(data, rng, limit) }
}

// randomProblem is a small valid problem; every feature turns up often.
func randomProblem(rng *rand.Rand) conv.Problem {
	for {
		g := 1 + rng.IntN(3)
		p, err := conv.New(conv.Problem{
			Batch: 1 + rng.IntN(3), Groups: g, InChannels: g * (1 + rng.IntN(4)), OutChannels: g * (1 + rng.IntN(4)),
			H: randomAxis(rng), W: randomAxis(rng),
		})
		if err == nil {
			return p
		}
	}
}

// randomAxis is not always valid: filters may be larger than the padded input. Padding may be larger
// than the filter, and the output smaller or larger than that of symmetric padding.
func randomAxis(rng *rand.Rand) conv.Axis {
	a := conv.Axis{
		In: 1 + rng.IntN(9), Filter: 1 + rng.IntN(5), Stride: 1 + rng.IntN(3),
		Pad: rng.IntN(7), Dilation: 1 + rng.IntN(3),
	}
	if rng.IntN(2) == 0 {
		a.Out = max(1, a.SymmetricOut()+rng.IntN(7)-3)
	}
	return a
}

// must ends the test on an error.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
