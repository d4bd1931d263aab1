package operators

import (
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/onnx"
)

// windowed are operators that slide a window over a volume (N, C, spatial axes).
var windowed = map[string]operator{
	"Conv":              {2, 3, convolution},
	"ConvTranspose":     {2, 3, transposedConvolution},
	"ConvInteger":       {2, 4, integerConvolution},
	"MaxPool":           {1, 1, maxPool},
	"AveragePool":       {1, 1, averagePool},
	"LpPool":            {1, 1, func(c *call) []Result { return lpPool(c, poolWindow(c)) }},
	"GlobalMaxPool":     {1, 1, func(c *call) []Result { return maxima(c, wholeWindow(c))[:1] }},
	"GlobalAveragePool": {1, 1, func(c *call) []Result { return averages(c, wholeWindow(c), false) }},
	"GlobalLpPool":      {1, 1, func(c *call) []Result { return lpPool(c, wholeWindow(c)) }},
}

// sums are sums of products, each with the sum of their sizes.
type sums struct {
	shape            []int
	value, magnitude []float64
	terms            int
}

// layer is a convolution's operands: x is (N, C, spatial), w (M, C/groups, kernel), transposed (C, M/groups, kernel).
type layer struct {
	*window
	x, w   *Array
	groups int
}

// newLayer reads the attributes of a convolution. Its window is not slid yet.
func newLayer(c *call, x, w *Array) *layer {
	if len(x.Shape) < 3 || len(x.Shape) != len(w.Shape) {
		refuse("x of shape %v and w of shape %v, must be of the same rank, 3 or more", x.Shape, w.Shape)
	}
	kernel := w.Shape[2:]
	if given := c.list("kernel_shape"); given != nil && !slices.Equal(given, kernel) {
		refuse("attribute kernel_shape is %v, w is of shape %v", given, w.Shape)
	}
	l := &layer{newWindow(c, x.Shape[2:], kernel), x, w, c.integer("group", 1)}
	if l.groups < 1 || l.groups > cpuref.MaxOutputs || x.Shape[1]%l.groups != 0 || w.Shape[0]%l.groups != 0 {
		refuse("attribute group is %d, must divide %d and %d channels", l.groups, x.Shape[1], w.Shape[0])
	}
	return l
}

// correlate is V[n, m, o] = sum of X[n, c, o*stride - pad + k*dilation] * W[m, c, k] over c in m's group and k.
func (l *layer) correlate() sums {
	batch, channels, filters := l.x.Shape[0], l.x.Shape[1], l.w.Shape[0]
	depth := channels / l.groups
	if l.w.Shape[1] != depth {
		refuse("w of shape %v, must have %d channels in each of %d groups", l.w.Shape, depth, l.groups)
	}
	s := newSums(append([]int{batch, filters}, l.out...), depth*size(l.kernel))
	taps, in, out, stride := l.taps(), size(l.in), size(l.out), l.stride[len(l.stride)-1]
	cpuref.Parallel(batch*filters, func(i int) {
		n, m := i/filters, i%filters
		first := m / (filters / l.groups) * depth
		for d := range depth {
			x := l.x.Data[(n*channels+first+d)*in:][:in]
			for k, runs := range taps {
				w := l.w.Data[(m*depth+d)*len(taps)+k]
				for _, r := range runs {
					s.addRun(i*out+r.out, 1, r.count, w, x[r.in:], stride)
				}
			}
		}
	})
	return s
}

// spreadOut is the transposed one: V[n, m, i] = sum of X[n, c, o] * W[c, m, k] over all o and k with i = o*stride -
// pad + k*dilation; of the window's axes, in and out have changed their roles.
func (l *layer) spreadOut() sums {
	batch, channels, width := l.x.Shape[0], l.x.Shape[1], l.w.Shape[1]
	if l.w.Shape[0] != channels {
		refuse("w of shape %v, must have %d channels first", l.w.Shape, channels)
	}
	depth := channels / l.groups
	s := newSums(append([]int{batch, width * l.groups}, l.in...), depth*size(l.kernel))
	taps, in, out, stride := l.taps(), size(l.out), size(l.in), l.stride[len(l.stride)-1]
	filters := width * l.groups
	cpuref.Parallel(batch*filters, func(i int) {
		n, m := i/filters, i%filters
		first := m / width * depth
		for ch := first; ch < first+depth; ch++ {
			x := l.x.Data[(n*channels+ch)*in:][:in]
			for k, runs := range taps {
				w := l.w.Data[(ch*width+m%width)*len(taps)+k]
				for _, r := range runs {
					s.addRun(i*out+r.in, stride, r.count, w, x[r.out:], 1)
				}
			}
		}
	})
	return s
}

// addRun adds w times each number of x, so far apart, to sums that lie so far apart, from one on.
func (s *sums) addRun(to, apart, count int, w float64, x []float64, step int) {
	value, magnitude := s.value[to:], s.magnitude[to:]
	for j := range count {
		product := w * x[j*step]
		value[j*apart] += product
		magnitude[j*apart] += math.Abs(product)
	}
}

func newSums(shape []int, terms int) sums {
	n := size(shape)
	return sums{shape, make([]float64, n), make([]float64, n), terms}
}

func (s *sums) add(i int, product float64) {
	s.value[i] += product
	s.magnitude[i] += math.Abs(product)
}

// bias adds b, one for each channel.
func (s *sums) bias(b *Array) {
	if b == nil {
		return
	}
	if len(b.Shape) != 1 || b.Shape[0] != s.shape[1] {
		refuse("a bias of shape %v, must have %d numbers", b.Shape, s.shape[1])
	}
	run := size(s.shape[2:])
	for i := range s.value {
		s.add(i, b.Data[i/run%len(b.Data)])
	}
}

// result is the sums with the bound of sums of products: see cpuref.Bound.
func (s *sums) result(t onnx.DataType) []Result {
	r := newResult(t, s.shape)
	for i, v := range s.value {
		r.set(i, v, cpuref.Bound(s.terms, s.magnitude[i]))
	}
	return one(r)
}

// convolution: cpuref.Bound of its sums.
func convolution(c *call) []Result {
	c.sameTypes()
	l := newLayer(c, c.in[0], c.in[1])
	l.slide(c.autoPad(), false)
	s := l.correlate()
	s.bias(c.input(2))
	return s.result(c.in[0].Type)
}

// transposedConvolution: cpuref.Bound of its sums.
func transposedConvolution(c *call) []Result {
	c.sameTypes()
	l := newLayer(c, c.in[0], c.in[1])
	l.grow(c)
	s := l.spreadOut()
	s.bias(c.input(2))
	return s.result(c.in[0].Type)
}

// grow finds the sizes of a transposed convolution: what is called in becomes the output, and out the input.
func (l *layer) grow(c *call) {
	rank := len(l.in)
	l.out = l.in
	l.in = make([]int, rank)
	extra := c.sized("output_padding", rank, 0, 0)
	wanted := c.sized("output_shape", rank, -1, 0)
	auto := c.autoPad()
	for d, small := range l.out {
		full := (small-1)*l.stride[d] + l.extent(d) + extra[d]
		switch {
		case wanted[d] >= 0: // pads are made to fit
			l.in[d] = wanted[d]
			l.before[d], _ = halves(max(full-l.in[d], 0), auto != "SAME_UPPER")
		case auto == "SAME_UPPER" || auto == "SAME_LOWER":
			l.in[d] = small * l.stride[d]
			l.before[d], _ = halves(max(full-l.in[d], 0), auto == "SAME_LOWER")
		case auto == "VALID":
			l.in[d], l.before[d] = full, 0
		default:
			l.in[d] = full - l.before[d] - l.after[d]
		}
	}
	size(l.in)
}

// integerConvolution is exact, in int32.
func integerConvolution(c *call) []Result {
	l := newLayer(c, shifted(c.in[0], c.input(2), -1), shifted(c.in[1], c.input(3), 0))
	l.slide(c.autoPad(), false)
	s := l.correlate()
	return s.result(onnx.Int32)
}

// shifted is whole numbers less their zero point, which is one number or one for each place on the axis.
func shifted(a, zero *Array, axis int) *Array {
	if floating(a.Type) || zero != nil && zero.Type != a.Type {
		refuse("data type %v, must be of whole numbers, and their zero point of the same type", a.Type)
	}
	if zero == nil {
		return a
	}
	at := along(zero, a.Shape, axis)
	out := &Array{Type: a.Type, Shape: a.Shape, Data: make([]float64, len(a.Data))}
	for i, v := range a.Data {
		out.Data[i] = v - zero.Data[at(i)]
	}
	return out
}

// along gives for each element of a shape the place in v, which has one number, or one for each place on the axis.
func along(v *Array, shape []int, axis int) func(i int) int {
	if len(v.Data) == 1 {
		return func(int) int { return 0 }
	}
	if axis < 0 || axis >= len(shape) || len(v.Data) != shape[axis] || len(v.Shape) != 1 {
		refuse("numbers of shape %v for axis %d of shape %v", v.Shape, axis, shape)
	}
	run := size(shape[axis+1:])
	return func(i int) int { return i / run % shape[axis] }
}
