package training

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
)

// read is a tap of a filter at a neuron, and the pixel that it reads.
type read struct{ neuron, tap, pixel int }

// reads are those of the neurons of one image that lie inside of X: what others read is 0.
func reads(p conv.Problem) (all []read) {
	for row := range p.H.Out {
		for column := range p.W.Out {
			for tap := range p.H.Filter * p.W.Filter {
				y := row*p.H.Stride - p.H.Pad + tap/p.W.Filter*p.H.Dilation
				x := column*p.W.Stride - p.W.Pad + tap%p.W.Filter*p.W.Dilation
				if y >= 0 && y < p.H.In && x >= 0 && x < p.W.In {
					all = append(all, read{row*p.W.Out + column, tap, y*p.W.In + x})
				}
			}
		}
	}
	return all
}

// places are where a layer's numbers of one image begin.
type places struct{ x, v int }

func placesOf(p conv.Problem, image int) places {
	return places{image * p.H.In * p.W.In * p.InChannels, image * p.H.Out * p.W.Out * p.OutChannels}
}

// forward is V before an activation.
func forward(p conv.Problem, x Numbers, w Weights) Numbers {
	v, all, taps := newNumbers(int(p.OutLen())), reads(p), p.H.Filter*p.W.Filter
	cpuref.Parallel(p.Batch, func(image int) {
		at, sums := placesOf(p, image), make([]sum, p.H.Out*p.W.Out*p.OutChannels)
		for _, r := range all {
			for k := range p.OutChannels {
				s := &sums[r.neuron*p.OutChannels+k]
				for c := range p.InChannels {
					s.add(x, at.x+r.pixel*p.InChannels+c, w.W, (k*taps+r.tap)*p.InChannels+c)
				}
			}
		}
		for i, s := range sums {
			k := i % p.OutChannels
			v.set(at.v+i, s, p.TapsPerOutput(), w.B.Value[k], w.B.Error[k])
		}
	})
	return v
}

// inputGradient is dX.
func inputGradient(p conv.Problem, w Weights, dv Numbers) Numbers {
	dx, all, taps := newNumbers(int(p.InLen())), reads(p), p.H.Filter*p.W.Filter
	cpuref.Parallel(p.Batch, func(image int) {
		at, sums := placesOf(p, image), make([]sum, p.H.In*p.W.In*p.InChannels)
		for _, r := range all {
			for c := range p.InChannels {
				s := &sums[r.pixel*p.InChannels+c]
				for k := range p.OutChannels {
					s.add(dv, at.v+r.neuron*p.OutChannels+k, w.W, (k*taps+r.tap)*p.InChannels+c)
				}
			}
		}
		for i, s := range sums {
			dx.set(at.x+i, s, taps*p.OutChannels, 0, 0)
		}
	})
	return dx
}

// filterGradient are dW and db, added up image by image.
func filterGradient(p conv.Problem, x, dv Numbers) Weights {
	all, taps, neurons := reads(p), p.H.Filter*p.W.Filter, p.H.Out*p.W.Out
	images, biases := make([][]sum, p.Batch), make([][]sum, p.Batch)
	one := exactly([]float32{1})
	cpuref.Parallel(p.Batch, func(image int) {
		at, sums, bias := placesOf(p, image), make([]sum, p.FilterLen()), make([]sum, p.OutChannels)
		for _, r := range all {
			for k := range p.OutChannels {
				for c := range p.InChannels {
					sums[(k*taps+r.tap)*p.InChannels+c].add(x, at.x+r.pixel*p.InChannels+c, dv,
						at.v+r.neuron*p.OutChannels+k)
				}
			}
		}
		for i := range neurons * p.OutChannels {
			bias[i%p.OutChannels].add(dv, at.v+i, one, 0)
		}
		images[image], biases[image] = sums, bias
	})
	g := Weights{newNumbers(int(p.FilterLen())), newNumbers(p.OutChannels)}
	terms := p.Batch * neurons
	for i := range g.W.Value {
		g.W.set(i, total(images, i), terms, 0, 0)
	}
	for k := range g.B.Value {
		g.B.set(k, total(biases, k), terms, 0, 0)
	}
	return g
}

func total(images [][]sum, i int) (s sum) {
	for _, image := range images {
		s.plus(image[i])
	}
	return s
}

// relu is max(z, 0).
func relu(z Numbers) Numbers {
	v := newNumbers(len(z.Value))
	for i, x := range z.Value {
		v.within(i, max(0, x), max(0, z.low(i)), max(0, z.high(i)))
	}
	return v
}

// reluGradient is dV where z is above 0. Where that is open, dZ may be all of dV or 0.
func reluGradient(z, dv Numbers) Numbers {
	dz := newNumbers(len(z.Value))
	for i, x := range z.Value {
		if x > 0 {
			dz.Value[i], dz.Error[i] = dv.Value[i], dv.Error[i]
		}
		if z.low(i) <= 0 && z.high(i) > 0 {
			dz.Error[i] = dv.size(i)
		}
	}
	return dz
}
