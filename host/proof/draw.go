package proof

import (
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/shaders"
)

// maxFLOPs keeps a drawn layer to milliseconds on a software adapter.
const maxFLOPs = 1 << 20

// Draw makes up the case of the given number in the series of seed. It leans towards the edges: sizes
// of 1, primes, and one less and one more than a workgroup; filters and padding larger than the input;
// strides that do not fit. Even numbers are exact cases, odd ones are judged by the bound.
func Draw(seed uint64, number int) Case {
	rng := rand.New(rand.NewPCG(seed, uint64(number)))
	c := Case{Seed: rng.Uint64() >> 32, Mode: cpuref.Exact}
	if number%2 == 1 {
		c.Mode = cpuref.Bounded
	}
	for {
		if p, err := conv.New(drawProblem(rng)); err == nil && p.FLOPs() <= maxFLOPs {
			c.Problem = p
			break
		}
	}
	c.Options.Activation = host.Activation(rng.IntN(3))
	if rng.IntN(2) == 0 {
		c.Options.Threads = shaders.ConvThreads[rng.IntN(len(shaders.ConvThreads))]
	}
	return c
}

// drawProblem may be invalid: most of the space is.
func drawProblem(rng *rand.Rand) conv.Problem {
	groups := pick(rng, 1, 1, 1, 2, 3, 5)
	p := conv.Problem{Batch: pick(rng, 1, 1, 2, 3), Groups: groups,
		InChannels:  groups * pick(rng, 1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 32, 33, 64, 65),
		OutChannels: groups * pick(rng, 1, 2, 3, 4, 5, 7, 8, 13, 16, 17),
		H:           drawAxis(rng), W: drawAxis(rng)}
	switch rng.IntN(8) {
	case 0: // depthwise
		p.Groups, p.OutChannels = p.InChannels, p.InChannels*pick(rng, 1, 2)
	case 1: // 1D
		p.H = conv.Axis{In: 1, Filter: 1}
	case 2: // square
		p.H = p.W
	case 3: // as many products as a workgroup has threads, one less or one more
		p.InChannels = groups * (int(shaders.ConvThreads[rng.IntN(len(shaders.ConvThreads))]) + rng.IntN(3) - 1)
		p.H, p.W = pointwise(p.H), pointwise(p.W)
	}
	return p
}

// pointwise is the axis with a filter of 1.
func pointwise(a conv.Axis) conv.Axis {
	a.Filter, a.Out = 1, 0
	return a
}

func drawAxis(rng *rand.Rand) conv.Axis {
	a := conv.Axis{In: pick(rng, 1, 2, 3, 5, 7, 8, 9, 11, 16, 17, 31), Filter: pick(rng, 1, 1, 2, 3, 3, 4, 5, 7, 11),
		Stride: pick(rng, 1, 1, 2, 3, 5), Pad: pick(rng, 0, 0, 1, 1, 2, 3, 6), Dilation: pick(rng, 1, 1, 1, 2, 3)}
	if out := a.SymmetricOut(); rng.IntN(4) == 0 && out > 0 { // padded behind more or less than before
		a.Out = max(1, out+rng.IntN(4)-2)
	}
	return a
}

func pick(rng *rand.Rand, from ...int) int { return from[rng.IntN(len(from))] }
