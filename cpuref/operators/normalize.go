package operators

import (
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/onnx"
)

// normalizing are operators that bring numbers to a mean and a variance, or to a sum.
var normalizing = map[string]operator{
	"BatchNormalization":        {5, 5, batchNormalization},
	"InstanceNormalization":     {3, 3, instanceNormalization},
	"LayerNormalization":        {2, 3, layerNormalization},
	"GroupNormalization":        {3, 3, groupNormalization},
	"LRN":                       {1, 1, localResponse},
	"MeanVarianceNormalization": {1, 1, meanVariance},
	"Softmax":                   {1, 1, func(c *call) []Result { return c.lines(softmaxLine) }},
	"LogSoftmax":                {1, 1, func(c *call) []Result { return c.lines(logSoftmaxLine) }},
	"Hardmax":                   {1, 1, func(c *call) []Result { return c.lines(hardmaxLine) }},
}

// batchNormalization: (x - mean) * scale/sqrt(var + epsilon) + bias, of running statistics. Folded into a factor and a
// summand or not, there are at most 12 roundings of the terms' magnitude.
func batchNormalization(c *call) []Result {
	c.real(0, 1, 2, 3, 4)
	x := c.in[0]
	if len(x.Shape) < 2 {
		refuse("x of shape %v, must have channels", x.Shape)
	}
	run := size(x.Shape[2:])
	for i, p := range c.in[1:] {
		if len(p.Shape) != 1 || p.Shape[0] != x.Shape[1] {
			refuse("input %d of shape %v, must have %d numbers", i+1, p.Shape, x.Shape[1])
		}
	}
	epsilon := c.number("epsilon", float64(float32(1e-5)))
	if c.flag("training_mode", false) {
		return c.learnedNormalization(run, epsilon)
	}
	r := newResult(x.Type, x.Shape)
	for i, v := range x.Data {
		ch := i / run % x.Shape[1]
		scale, bias, mean, variance := c.in[1].Data[ch], c.in[2].Data[ch], c.in[3].Data[ch], c.in[4].Data[ch]
		factor := scale / math.Sqrt(variance+epsilon)
		magnitude := math.Abs(factor)*(math.Abs(v)+math.Abs(mean)) + math.Abs(bias)
		r.set(i, (v-mean)*factor+bias, growth(12)*magnitude+4*tiny)
	}
	return one(r)
}

// learnedNormalization is that of mean and variance of the batch, with running ones, which are old * momentum +
// new * (1 - momentum): see moments.
func (c *call) learnedNormalization(run int, epsilon float64) []Result {
	x, momentum := c.in[0], c.number("momentum", float64(float32(0.9)))
	channels := x.Shape[1]
	y, mean, variance := newResult(x.Type, x.Shape), newResult(x.Type, []int{channels}),
		newResult(x.Type, []int{channels})
	running := func(r Result, ch int, old, now, off float64) {
		parts := math.Abs(old*momentum) + math.Abs(now*(1-momentum))
		r.set(ch, old*momentum+now*(1-momentum), math.Abs(1-momentum)*off+growth(5)*parts+4*tiny)
	}
	for ch := range channels {
		var offsets []int
		for image := range x.Shape[0] {
			for i := range run {
				offsets = append(offsets, (image*channels+ch)*run+i)
			}
		}
		m := momentsOf(x.Data, offsets, 0)
		for _, o := range offsets {
			v, e := m.normalized(x.Data[o], epsilon, c.in[1].Data[ch], c.in[2].Data[ch])
			y.set(o, v, e)
		}
		running(mean, ch, c.in[3].Data[ch], m.mean, m.meanError)
		running(variance, ch, c.in[4].Data[ch], m.variance, m.varianceError)
	}
	return []Result{y, mean, variance}
}

// moments are the mean and the variance of some numbers with what a kernel may be off by: it adds up the numbers, then
// the squares of their distances from the mean that it has.
type moments struct {
	mean, variance           float64
	meanError, varianceError float64
}

// momentsOf derives: the mean is off by e = g(n+4.5) avg|x|; a distance d so by e + u|d|, and the variance by
// 2e avg|d| + e^2 + g(n+7) variance.
func momentsOf(data []float64, offsets []int, begin int) (m moments) {
	n := float64(len(offsets))
	var magnitude, distance float64
	for _, o := range offsets {
		m.mean += data[begin+o] / n
		magnitude += math.Abs(data[begin+o]) / n
	}
	for _, o := range offsets {
		d := data[begin+o] - m.mean
		m.variance += d * d / n
		distance += math.Abs(d) / n
	}
	m.meanError = summed(len(offsets), magnitude, divides)
	m.varianceError = 2*m.meanError*distance + m.meanError*m.meanError + summed(len(offsets), m.variance, 5)
	return m
}

// normalized is (x - mean)/sqrt(variance + epsilon) * scale + bias. Its error: the mean's and the variance's, of which
// the root takes half of the relative one (all of it where it is large), and 10 roundings.
func (m moments) normalized(x, epsilon, scale, bias float64) (v, allowed float64) {
	width := math.Sqrt(m.variance + epsilon)
	v = (x - m.mean) / width * scale
	share := m.varianceError / (m.variance + epsilon)
	if share < 1.0/16 {
		share *= 0.55
	}
	e := math.Abs(v)*share + m.meanError/width*math.Abs(scale)*(1+share) + growth(10)*math.Abs(v)
	return v + bias, (e+2*u*(math.Abs(v)+math.Abs(bias)))*slack + 4*tiny
}

// inverse is 1/sqrt(variance + epsilon) with its error.
func (m moments) inverse(epsilon float64) (v, allowed float64) {
	v = 1 / math.Sqrt(m.variance+epsilon)
	return v, v*(m.varianceError/(m.variance+epsilon)+growth(roots+divides+1)) + tiny
}

// instanceNormalization normalizes each channel of each image: see moments.
func instanceNormalization(c *call) []Result {
	c.real(0, 1, 2)
	x := c.in[0]
	if len(x.Shape) < 3 {
		refuse("x of shape %v, must have axes N, C and one spatial axis or more", x.Shape)
	}
	return one(c.grouped(x.Shape[1], 1, float64(float32(1e-5))))
}

// groupNormalization normalizes groups of channels: see moments. Scale and bias are one for each group before opset
// 21, and one for each channel since.
func groupNormalization(c *call) []Result {
	c.real(0, 1, 2)
	x := c.in[0]
	groups := c.integer("num_groups", 0)
	if len(x.Shape) < 3 || groups < 1 || groups > x.Shape[1] || x.Shape[1]%groups != 0 {
		refuse("attribute num_groups is %d, must divide the channels of x of shape %v", groups, x.Shape)
	}
	share := 1
	if c.opset < 21 {
		share = x.Shape[1] / groups
	}
	return one(c.grouped(groups, share, float64(float32(1e-5))))
}

// grouped normalizes groups of channels of each image; share is how many channels have one scale and bias.
func (c *call) grouped(groups, share int, epsilon float64) Result {
	x, scale, bias := c.in[0], c.in[1], c.in[2]
	channels, plane := x.Shape[1], size(x.Shape[2:])
	for i, p := range []*Array{scale, bias} {
		if len(p.Shape) != 1 || p.Shape[0]*share != channels {
			refuse("input %d of shape %v, must have %d numbers", i+1, p.Shape, channels/share)
		}
	}
	epsilon = c.number("epsilon", epsilon)
	r := newResult(x.Type, x.Shape)
	run := channels / max(groups, 1) * plane
	for g := range x.Shape[0] * groups {
		m := momentsOf(x.Data, every(run), g*run)
		for i := g * run; i < (g+1)*run; i++ {
			ch := i / plane % channels / share
			v, e := m.normalized(x.Data[i], epsilon, scale.Data[ch], bias.Data[ch])
			r.set(i, v, e)
		}
	}
	return r
}

// layerNormalization normalizes over the last axes, from attribute axis on: see moments. Mean and InvStdDev are
// outputs too.
func layerNormalization(c *call) []Result {
	c.real(0, 1, 2)
	x, scale, bias := c.in[0], c.in[1], c.input(2)
	axis := axisOf(c.integer("axis", -1), len(x.Shape))
	epsilon := c.number("epsilon", float64(float32(1e-5)))
	scales, biases := spread(scale.Shape, x.Shape), []int(nil)
	if bias != nil {
		biases = spread(bias.Shape, x.Shape)
	}
	small := slices.Clone(x.Shape)
	for d := axis; d < len(small); d++ {
		small[d] = 1
	}
	y, mean, inverse := newResult(x.Type, x.Shape), newResult(onnx.Float, small), newResult(onnx.Float, small)
	run := size(x.Shape[axis:])
	for row := range mean.Data {
		m := momentsOf(x.Data, every(run), row*run)
		mean.set(row, m.mean, m.meanError)
		v, e := m.inverse(epsilon)
		inverse.set(row, v, e)
		for i := row * run; i < (row+1)*run; i++ {
			shift := 0.0
			if bias != nil {
				shift = bias.Data[biases[i]]
			}
			v, e := m.normalized(x.Data[i], epsilon, scale.Data[scales[i]], shift)
			y.set(i, v, e)
		}
	}
	return []Result{y, mean, inverse}
}

// meanVariance normalizes over the axes, by default all but the channels: see moments. To the deviation 1e-9 is added.
func meanVariance(c *call) []Result {
	c.real(0)
	x := c.in[0]
	axes := c.list("axes")
	if axes == nil {
		axes = []int{0, 2, 3}
	}
	r := newResult(x.Type, x.Shape)
	begins, offsets := split(x.Shape, axesOf(axes, len(x.Shape)))
	for _, begin := range begins {
		m := momentsOf(x.Data, offsets, begin)
		for _, o := range offsets {
			_, e := m.normalized(x.Data[begin+o], 1e-18, 1, 0)
			r.set(begin+o, (x.Data[begin+o]-m.mean)/(math.Sqrt(m.variance)+1e-9), e)
		}
	}
	return one(r)
}

// localResponse: x / (bias + alpha/size * sum of squares of neighbouring channels)^beta. The base is off by its sum's
// g(n+5), the power by that times beta and its own.
func localResponse(c *call) []Result {
	c.real(0)
	x := c.in[0]
	width := c.integer("size", 0)
	alpha, beta, bias := c.number("alpha", float64(float32(1e-4))), c.number("beta", 0.75), c.number("bias", 1)
	if len(x.Shape) < 3 || width < 1 {
		refuse("attribute size is %d, must be 1 or more, and x of shape %v must have axes N, C and spatial ones",
			width, x.Shape)
	}
	channels, plane := x.Shape[1], size(x.Shape[2:])
	r := newResult(x.Type, x.Shape)
	for i, v := range x.Data {
		ch := i / plane % channels
		var squares float64
		for k := max(0, ch-(width-1)/2); k <= min(channels-1, ch+width/2); k++ {
			n := x.Data[i+(k-ch)*plane]
			squares += n * n
		}
		base := bias + alpha/float64(width)*squares
		magnitude := math.Abs(bias) + math.Abs(alpha)/float64(width)*squares
		share := growth(float64(min(width, channels))+5) * magnitude / math.Abs(base)
		y := v / math.Pow(base, beta)
		r.set(i, y, math.Abs(y)*(math.Abs(beta)*share+powError(base, beta)+divides*u)*slack+2*tiny)
	}
	return one(r)
}

// lines applies a function to each line of Softmax, LogSoftmax and Hardmax: along the axis, before opset 13 along it
// and all behind it.
func (c *call) lines(compute func(r *Result, x []float64, places []int)) []Result {
	c.real(0)
	x := c.in[0]
	rank := len(x.Shape)
	var axes []int
	if c.opset >= 13 {
		axes = []int{axisOf(c.integer("axis", -1), rank)}
	} else if axis := c.integer("axis", 1); axis != rank { // after the last axis each number is a line
		axes = every(rank)[axisOf(axis, rank):]
	}
	r := newResult(x.Type, x.Shape)
	begins, offsets := split(x.Shape, axes)
	at := make([]int, len(offsets))
	for _, begin := range begins {
		for i, o := range offsets {
			at[i] = begin + o
		}
		compute(&r, x.Data, at)
	}
	return one(r)
}

// exponentials is a sum of exp(x - most) with its relative error: each term is off by (3 + 3|x - most|)u.
func exponentials(x []float64, places []int) (most, sum, relative float64) {
	most = math.Inf(-1)
	for _, p := range places {
		most = max(most, x[p])
	}
	var errors float64
	for _, p := range places {
		if d := most - x[p]; !math.IsInf(d, 1) {
			sum += math.Exp(-d)
			errors += math.Exp(-d) * (3 + 3*d) * u
		}
	}
	return most, sum, errors/sum + growth(float64(len(places)+2))
}

// softmaxLine: exp(x - most)/sum, off by (3 + 3|x - most|)u, the sum's error and a division.
func softmaxLine(r *Result, x []float64, places []int) {
	most, sum, relative := exponentials(x, places)
	for _, p := range places {
		v := math.Exp(x[p]-most) / sum
		e := 4 * tiny
		if v > 0 {
			e += v * ((3+3*(most-x[p])+divides)*u + relative) * slack
		}
		r.set(p, v, e)
	}
}

// logSoftmaxLine: x - most - log(sum), off by the rounding of both differences, the sum's relative error and log's.
func logSoftmaxLine(r *Result, x []float64, places []int) {
	most, sum, relative := exponentials(x, places)
	for _, p := range places {
		v := x[p] - most - math.Log(sum)
		r.set(p, v, u*(most-x[p]+math.Abs(v))+(relative+logError(sum))*slack+2*tiny)
	}
}

// hardmaxLine is exact: 1 where the first maximum is, else 0.
func hardmaxLine(r *Result, x []float64, places []int) {
	if len(places) == 0 {
		return
	}
	best := places[0]
	for _, p := range places {
		if larger(x[p], x[best]) {
			best = p
		}
	}
	r.Data[best] = 1
}
