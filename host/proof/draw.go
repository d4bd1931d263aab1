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

// Draw makes up the case of the given number in the series of seed, from the whole space of layers. It
// leans towards the edges: sizes of 1, primes, and one less and one more than a workgroup; filters and
// padding larger than the input; strides that do not fit. Even numbers are exact cases, odd ones are
// judged by the bound, but for one in eight that is of int8 numbers.
func Draw(seed uint64, number int) Case {
	rng := rand.New(rand.NewPCG(seed, uint64(number)))
	c := Case{Seed: rng.Uint64() >> 32, Mode: cpuref.Exact}
	if number%2 == 1 {
		c.Mode = cpuref.Bounded
	}
	for {
		p, err := conv.New(drawProblem(rng))
		if err == nil && max(p.FLOPs(), 4*p.FilterLen()) <= maxFLOPs {
			c.Problem = p
			break
		}
	}
	c.Options.Epilogue = drawEpilogue(rng, c.Mode)
	c.Options.Separate = rng.IntN(3) == 0
	c.Backward = rng.IntN(3) == 0
	if rng.IntN(6) == 0 && !c.Options.Separate && (c.Mode == cpuref.Bounded || c.Problem.TapsPerOutput() < 1<<10) {
		c.Options.DType = host.Float16
	}
	if rng.IntN(2) == 0 {
		c.Options.Threads = shaders.ConvThreads[rng.IntN(len(shaders.ConvThreads))]
	}
	if drawInt8(rng, c) { // drawn last, so that it changes nothing else
		c.Options.DType, c.Mode = host.Int8, cpuref.Bounded
	}
	return c
}

// drawInt8 takes one case in eight: of those that may be, the rare kinds more often.
func drawInt8(rng *rand.Rand, c Case) bool {
	odds := 7
	if c.Problem.Transposed || c.Problem.Unshared {
		odds = 12
	}
	return rng.IntN(24) < odds && !c.Backward && !c.Options.Separate && c.Options.DType == ""
}

// drawEpilogue keeps exact cases to functions that round nothing.
func drawEpilogue(rng *rand.Rand, mode cpuref.Mode) conv.Epilogue {
	var e conv.Epilogue
	exact := []conv.Activation{
		{},
		{Function: conv.ReLU},
		{Function: conv.Clip, Alpha: -3, Beta: 40},
		{Function: conv.LeakyReLU, Alpha: 0.5},
		{Function: conv.PReLU},
	}
	switch all := conv.Activations(); {
	case mode == cpuref.Exact:
		e.Activation = exact[rng.IntN(len(exact))]
	case rng.IntN(4) > 0:
		e.Activation = all[rng.IntN(len(all))]
	}
	if rng.IntN(3) == 0 {
		e.Residual = conv.Residual(1 + rng.IntN(2))
	}
	return e
}

// drawProblem may be invalid: most of the space is.
func drawProblem(rng *rand.Rand) conv.Problem {
	groups := pick(rng, 1, 1, 1, 2, 3, 5)
	p := conv.Problem{Batch: pick(rng, 1, 1, 2, 3), Groups: groups,
		InChannels:  groups * pick(rng, 1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 32, 33, 64, 65),
		OutChannels: groups * pick(rng, 1, 2, 3, 4, 5, 7, 8, 13, 16, 17),
		H:           drawAxis(rng), W: drawAxis(rng)}
	switch rng.IntN(10) {
	case 0: // depthwise
		p.Groups, p.OutChannels = p.InChannels, p.InChannels*pick(rng, 1, 2)
	case 1: // 1D
		p.H = conv.Axis{In: 1, Filter: 1}
	case 2: // square
		p.H = p.W
	case 3: // as many products as a workgroup has threads, one less or one more
		p.InChannels = groups * (int(shaders.ConvThreads[rng.IntN(len(shaders.ConvThreads))]) + rng.IntN(3) - 1)
		p.H, p.W = pointwise(p.H), pointwise(p.W)
	case 4, 5: // 3D
		p.Z = drawAxis(rng)
	case 6, 7, 8:
		if drawServed(rng, &p) {
			return p
		}
	}
	switch rng.IntN(8) {
	case 0:
		p.Transposed = true
		p.Z, p.H, p.W = drawOutput(rng, p.Z), drawOutput(rng, p.H), drawOutput(rng, p.W)
	case 1:
		p.Unshared = true
	}
	p.Padding = conv.Padding(pick(rng, 0, 0, 0, 1, 2, 3))
	return p
}

// drawOutput gives an axis of a transposed layer an output padding now and then, or takes outputs away.
func drawOutput(rng *rand.Rand, a conv.Axis) conv.Axis {
	if a.Out = 0; a.In > 0 && rng.IntN(3) == 0 {
		a.Out = max(1, (a.In-1)*a.Stride+a.Extent()-2*a.Pad+rng.IntN(4)-2)
	}
	return a
}

// pointwise is the axis with a filter of 1.
func pointwise(a conv.Axis) conv.Axis {
	a.Filter, a.Out = 1, 0
	return a
}

// drawServed makes the problem one that algorithms of their own serve. It reports those that are done: the
// others may still become transposed, or anything else.
func drawServed(rng *rand.Rand, p *conv.Problem) (done bool) {
	switch rng.IntN(5) {
	case 0: // few channels a group, filters that slide
		p.Groups = pick(rng, 1, 2, 3, 5)
		p.InChannels, p.OutChannels = 4*p.Groups, pick(rng, 4, 8)*p.Groups
		p.H, p.W = ofFilter(p.H, 3, pick(rng, 1, 2)), ofFilter(p.W, 3, 1)
		p.W.Stride = p.H.Stride
	case 1: // an image's channels
		kind := [][2]int{{3, 1}, {3, 2}, {7, 2}, {11, 4}}[rng.IntN(4)]
		p.Groups, p.InChannels, p.OutChannels = 1, 3, pick(rng, 4, 8, 12, 16, 20, 36)
		p.H, p.W = ofFilter(p.H, kind[0], kind[1]), ofFilter(p.W, kind[0], kind[1])
	default: // transforms', dilated or with strides too, and with channels that are loaded and stored by fours
		p.Groups = pick(rng, 1, 1, 2, 3)
		p.InChannels, p.OutChannels = p.Groups*pick(rng, 4, 8, 12, 32), p.Groups*pick(rng, 4, 8, 12, 16, 20)
		h, w := p.H.Dilation, p.W.Dilation
		filter := [][2]int{{3, 3}, {3, 3}, {4, 4}, {4, 4}, {4, 4}, {5, 5}, {7, 7}, {1, 3}, {5, 1},
			{1, 7}}[rng.IntN(10)]
		p.H, p.W = ofFilter(p.H, filter[0], 1), ofFilter(p.W, filter[1], 1)
		if rng.IntN(4) == 0 {
			stride := pick(rng, 2, 2, 3, 4)
			p.H, p.W = ofFilter(
				p.H,
				stride*filter[0]-rng.IntN(2),
				stride,
			), ofFilter(
				p.W,
				stride*filter[1]-rng.IntN(2),
				stride,
			)
			return false
		}
		p.H.Dilation, p.W.Dilation = h, w
		return false
	}
	return true
}

// ofFilter is the axis with another filter and stride, and no dilation.
func ofFilter(a conv.Axis, filter, stride int) conv.Axis {
	a.Filter, a.Stride, a.Dilation, a.Out = filter, stride, 1, 0
	return a
}

func drawAxis(rng *rand.Rand) conv.Axis {
	a := conv.Axis{In: pick(rng, 1, 2, 3, 5, 7, 8, 9, 11, 16, 17, 31), Filter: pick(rng, 1, 1, 2, 3, 3, 4, 5, 7, 11),
		Stride: pick(rng, 1, 1, 2, 3, 5), Pad: pick(rng, 0, 0, 1, 1, 2, 3, 6), Dilation: pick(rng, 1, 1, 1, 2, 3)}
	out := a.SymmetricOut()
	switch side := rng.IntN(16); {
	case side < 4 && out > 0: // padded behind more or less than before
		a.Out = max(1, out+rng.IntN(4)-2)
	case side < 6: // as many outputs as stride 1 or a stride of whole steps would leave
		a, _ = a.Same(side == 4) // the sizes above are all valid
	}
	return a
}

func pick(rng *rand.Rand, from ...int) int { return from[rng.IntN(len(from))] }
