package cpuref

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
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
	x, err := tensor.NewVolume3D(p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels)
	if err != nil {
		t.Fatal(err)
	}
	w, err := tensor.NewFilterBanks(banks(&p), p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter,
		p.InChannels/p.Groups)
	if err != nil {
		t.Fatal(err)
	}
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

// kinds are what randomKind makes, each with the change that makes it from a random 2D problem.
var kinds = []struct {
	name   string
	change func(*conv.Problem)
}{
	{"zero", func(*conv.Problem) {}},
	{"reflect", func(p *conv.Problem) { p.Padding = conv.Reflect }},
	{"replicate", func(p *conv.Problem) { p.Padding = conv.Replicate }},
	{"circular", func(p *conv.Problem) { p.Padding = conv.Circular }},
	{"transposed", func(p *conv.Problem) { p.Transposed = true }},
	{"unshared", func(p *conv.Problem) { p.Unshared = true }},
	{"unshared reflect", func(p *conv.Problem) { p.Unshared, p.Padding = true, conv.Reflect }},
}

// randomKind is a small valid problem of a kind, 3D or not.
func randomKind(rng *rand.Rand, kind func(*conv.Problem), deep bool) conv.Problem {
	for {
		g := 1 + rng.IntN(2)
		p := conv.Problem{
			Batch: 1 + rng.IntN(2), Groups: g, InChannels: g * (1 + rng.IntN(3)), OutChannels: g * (1 + rng.IntN(3)),
			H: smallAxis(rng), W: smallAxis(rng),
		}
		if deep {
			p.Z = smallAxis(rng)
		}
		kind(&p)
		for _, a := range []*conv.Axis{&p.Z, &p.H, &p.W} {
			if p.Transposed && a.In > 0 && rng.IntN(2) == 0 {
				a.Out = max(1, (a.In-1)*a.Stride+a.Extent()-2*a.Pad+rng.IntN(4)-1)
			}
		}
		if p, err := conv.New(p); err == nil && p.OutLen()*int64(p.TapsPerOutput()) < 1<<16 {
			return p
		}
	}
}

func smallAxis(rng *rand.Rand) conv.Axis {
	a := conv.Axis{In: 1 + rng.IntN(5), Filter: 1 + rng.IntN(3), Stride: 1 + rng.IntN(3), Pad: rng.IntN(4),
		Dilation: 1 + rng.IntN(2)}
	if rng.IntN(2) == 0 {
		a.Out = max(1, a.SymmetricOut()+rng.IntN(4)-1)
	}
	return a
}

// eachKind runs a test on many problems of every kind, in 2D and in 3D.
func eachKind(t *testing.T, seed uint64, times int, test func(t *testing.T, rng *rand.Rand, p conv.Problem)) {
	for _, k := range kinds {
		for _, deep := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", k.name, deep), func(t *testing.T) {
				rng := newRand(seed)
				for range times {
					test(t, rng, randomKind(rng, k.change, deep))
				}
			})
		}
	}
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

// wantError wants an error that wraps want and says words.
func wantError(t testing.TB, err, want error, words string) {
	t.Helper()
	if !errors.Is(err, want) || !strings.Contains(err.Error(), words) {
		t.Errorf("error %v, must wrap %q and say %q", err, want, words)
	}
}
