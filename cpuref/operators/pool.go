package operators

import (
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/onnx"
)

// poolWindow is the window of a pool's attributes.
func poolWindow(c *call) *window {
	c.spatial()
	w := newWindow(c, c.in[0].Shape[2:], c.list("kernel_shape"))
	w.slide(c.autoPad(), c.flag("ceil_mode", false))
	return w
}

// wholeWindow is one window, the whole volume.
func wholeWindow(c *call) *window {
	c.spatial()
	shape := c.in[0].Shape[2:]
	w := newWindow(&call{}, shape, shape)
	w.slide("NOTSET", false)
	return w
}

// spatial refuses a first input without spatial axes.
func (c *call) spatial() {
	if len(c.in[0].Shape) < 3 {
		refuse("x of shape %v, must have axes N, C and one spatial axis or more", c.in[0].Shape)
	}
}

// pooled calls see for each number of each window, with the places of the window's result and of the number, and gives
// the shape of the results.
func (w *window) pooled(a *Array, see func(to, from int)) []int {
	shape := append(append([]int{}, a.Shape[:2]...), w.out...)
	in, out := size(w.in), size(w.out)
	size(shape)
	taps := w.taps()
	for plane := range a.Shape[0] * a.Shape[1] {
		for _, runs := range taps {
			for _, r := range runs {
				for j := range r.count {
					see(plane*out+r.out+j, plane*in+r.in+j*w.stride[len(w.stride)-1])
				}
			}
		}
	}
	return shape
}

// maxPool is exact. Its second output says where each maximum is in x; of several the first one.
func maxPool(c *call) []Result {
	results := maxima(c, poolWindow(c))
	if c.flag("storage_order", false) {
		columnMajor(results[1].Data, c.in[0].Shape)
	}
	return results
}

func maxima(c *call, w *window) []Result {
	a := c.in[0]
	best := slices.Repeat([]int{-1}, size(a.Shape[:2])*size(w.out))
	shape := w.pooled(a, func(to, from int) {
		if at := best[to]; at < 0 || larger(a.Data[from], a.Data[at]) {
			best[to] = from
		}
	})
	indices := Result{Array: Array{Type: onnx.Int64, Shape: shape, Data: make([]float64, len(best))}}
	for i, at := range best {
		if at < 0 {
			refuse("a window has nothing but padding")
		}
		indices.Data[i] = float64(at)
	}
	return []Result{copied(a, shape, best), indices}
}

// larger tells whether x is larger than y; NaN is the largest.
func larger(x, y float64) bool { return x > y || math.IsNaN(x) && !math.IsNaN(y) }

// columnMajor turns indices into a tensor with its spatial axes in the order of columns.
func columnMajor(indices []float64, shape []int) {
	spatial := shape[2:]
	plane := size(spatial)
	at := make([]int, len(spatial))
	for i, v := range indices {
		coordinates(int(v)%plane, spatial, at)
		turned, step := 0, 1
		for d, x := range at {
			turned += x * step
			step *= spatial[d]
		}
		indices[i] = float64(int(v)/plane*plane + turned)
	}
}

// averagePool: a sum and a division. Padding counts if count_include_pad says so, but not what ceil_mode adds to it.
func averagePool(c *call) []Result {
	return averages(c, poolWindow(c), c.flag("count_include_pad", false))
}

func averages(c *call, w *window, padding bool) []Result {
	a := c.in[0]
	c.real(0)
	out := size(a.Shape[:2]) * size(w.out)
	sum, magnitude, count := make([]float64, out), make([]float64, out), make([]float64, out)
	shape := w.pooled(a, func(to, from int) {
		sum[to] += a.Data[from]
		magnitude[to] += math.Abs(a.Data[from])
		count[to]++
	})
	r := newResult(a.Type, shape)
	for i := range r.Data {
		n := count[i]
		if n == 0 {
			refuse("a window has nothing but padding")
		}
		terms := int(n)
		if padding {
			n = w.padded(i % size(w.out))
		}
		r.set(i, sum[i]/n, summed(terms, magnitude[i]/n, divides))
	}
	return one(r)
}

// padded is how many numbers of a window are in the volume or its padding.
func (w *window) padded(o int) float64 {
	at := make([]int, len(w.out))
	coordinates(o, w.out, at)
	n := 1
	for d, x := range at {
		inside := 0
		for k := range w.kernel[d] {
			if x*w.stride[d]+k*w.dilation[d] < w.before[d]+w.in[d]+w.after[d] {
				inside++
			}
		}
		n *= inside
	}
	return float64(n)
}

// lpPool: the root of a sum of powers: see lpNorm.
func lpPool(c *call, w *window) []Result {
	a := c.in[0]
	c.real(0)
	p := c.integer("p", 2)
	if p < 1 {
		refuse("attribute p is %d, must be 1 or more", p)
	}
	out := size(a.Shape[:2]) * size(w.out)
	sum, errors := make([]float64, out), make([]float64, out)
	shape := w.pooled(a, func(to, from int) {
		power := math.Pow(math.Abs(a.Data[from]), float64(p))
		sum[to] += power
		errors[to] += power * powerError(a.Data[from], p)
	})
	r := newResult(a.Type, shape)
	for i, s := range sum {
		v, e := lpNorm(s, errors[i], p, size(w.kernel))
		r.set(i, v, e)
	}
	return one(r)
}

// powerError is the relative error of |x|^p: none, one product, or pow's.
func powerError(x float64, p int) float64 {
	switch p {
	case 1:
		return 0
	case 2:
		return u
	}
	return powError(x, float64(p))
}

// lpNorm is the p-th root of a sum of n powers, of which errors is what they are off by: the sum's relative error is
// divided by p, and the root adds its own.
func lpNorm(sum, errors float64, p, n int) (v, allowed float64) {
	if sum == 0 {
		return 0, math.Sqrt(float64(n) * tiny) // of powers that are flushed
	}
	relative := growth(float64(n)+2) + errors/sum*slack
	switch p {
	case 1:
		return sum, relative*sum + float64(n)*tiny
	case 2:
		v = math.Sqrt(sum)
		return v, v*(relative/2+roots*u)*slack + math.Sqrt(float64(n)*tiny)
	}
	v = math.Pow(sum, 1/float64(p))
	own := powError(sum, 1/float64(p)) + math.Abs(math.Log(sum))*u/float64(p) // 1/p is rounded
	return v, v*(relative/float64(p)+own)*slack + math.Pow(float64(n)*tiny, 1/float64(p))
}
