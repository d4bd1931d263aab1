package training

import "github.com/gpuconv/gpuconv/cpuref"

// Pool is a max pool of square windows inside of X.
type Pool struct{ Batch, Channels, H, W, Window, Stride int }

// out is how many windows an axis has.
func (p Pool) out(in int) int { return (in-p.Window)/p.Stride + 1 }

// inLen and outLen are how many numbers X and V have.
func (p Pool) inLen() int  { return p.Batch * p.H * p.W * p.Channels }
func (p Pool) outLen() int { return p.Batch * p.out(p.H) * p.out(p.W) * p.Channels }

// window are the indices of the numbers of X in the window of a neuron, in the order of rows.
func (p Pool) window(neuron int) (all []int) {
	channel, at := neuron%p.Channels, neuron/p.Channels
	column, row, image := at%p.out(p.W), at/p.out(p.W)%p.out(p.H), at/p.out(p.W)/p.out(p.H)
	for y := range p.Window {
		for x := range p.Window {
			pixel := (image*p.H+row*p.Stride+y)*p.W + column*p.Stride + x
			all = append(all, pixel*p.Channels+channel)
		}
	}
	return all
}

// forward is the largest number of each window.
func (p Pool) forward(x Numbers) Numbers {
	v := newNumbers(p.outLen())
	for o := range v.Value {
		window := p.window(o)
		value, low, high := x.Value[window[0]], x.low(window[0]), x.high(window[0])
		for _, i := range window[1:] {
			value, low, high = max(value, x.Value[i]), max(low, x.low(i)), max(high, x.high(i))
		}
		v.within(o, value, low, high)
	}
	return v
}

// gradient is dX: the largest number of a window, of equal ones the first, has its dV. Where it is open which one that
// is, each that it may be has all of dV or nothing.
func (p Pool) gradient(x, dv Numbers) Numbers {
	dx, most, windows := newNumbers(p.inLen()), make([]float64, p.inLen()), make([]int, p.inLen())
	for o := range dv.Value {
		window := p.window(o)
		first := window[0]
		for _, i := range window[1:] {
			if x.Value[i] > x.Value[first] {
				first = i
			}
		}
		dx.Value[first] += dv.Value[o]
		may := x.largest(window)
		for _, i := range may {
			if len(may) == 1 {
				dx.Error[i] += dv.Error[o]
			} else {
				dx.Error[i] += dv.size(o)
			}
			most[i] += dv.size(o)
			windows[i]++
		}
	}
	for i, n := range windows {
		if n > 1 {
			dx.Error[i] += cpuref.Bound(n, most[i])
		}
	}
	return dx
}

// largest are those of the numbers that may be the first of the largest ones.
func (n Numbers) largest(all []int) (may []int) {
	for at, i := range all {
		less := false
		for before, k := range all {
			less = less || n.low(k) > n.high(i) || before < at && n.low(k) >= n.high(i)
		}
		if !less {
			may = append(may, i)
		}
	}
	return may
}
