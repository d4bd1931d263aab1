package operators

import (
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/onnx"
)

// reducing are operators that make one number of a line of them, or sort it.
var reducing = map[string]operator{
	"ReduceSum":       reduction(13, reduceSum),
	"ReduceMean":      reduction(18, reduceMean),
	"ReduceMax":       reduction(18, reduceMax),
	"ReduceMin":       reduction(18, reduceMin),
	"ReduceProd":      reduction(18, reduceProd),
	"ReduceL1":        reduction(18, func(l line) (float64, float64) { return l.norm(1) }),
	"ReduceL2":        reduction(18, func(l line) (float64, float64) { return l.norm(2) }),
	"ReduceSumSquare": reduction(18, reduceSquares),
	"ReduceLogSum":    reduction(18, reduceLogSum),
	"ReduceLogSumExp": reduction(18, reduceLogSumExp),
	"ArgMax":          {1, 1, func(c *call) []Result { return c.extreme(larger) }},
	"ArgMin":          {1, 1, func(c *call) []Result { return c.extreme(smaller) }},
	"CumSum":          {2, 2, cumulative},
	"TopK":            {1, 2, topK},
}

// line is what a reduction makes one number of.
type line struct {
	values []float64
	real   bool
	t      onnx.DataType
}

// reduction is an operator whose axes are an input since an opset, and were an attribute before.
func reduction(since int64, reduce func(line) (v, allowed float64)) operator {
	return operator{1, 2, func(c *call) []Result {
		a := c.in[0]
		rank := len(a.Shape)
		axes := axesOf(c.moved("axes", 1, since), rank)
		if len(axes) == 0 {
			if c.opset >= since && c.flag("noop_with_empty_axes", false) {
				return one(copied(a, a.Shape, every(len(a.Data))))
			}
			axes = every(rank)
		}
		r := newResult(a.Type, reduced(a.Shape, axes, c.flag("keepdims", true)))
		begins, offsets := split(a.Shape, axes)
		l := line{make([]float64, len(offsets)), floating(a.Type), a.Type}
		for i, begin := range begins {
			for j, o := range offsets {
				l.values[j] = a.Data[begin+o]
			}
			v, e := reduce(l)
			r.set(i, v, e)
		}
		return one(r)
	}}
}

// reduced is a shape without the axes, or with them of size 1.
func reduced(shape, axes []int, keep bool) []int {
	out := []int{}
	for d, n := range shape {
		switch {
		case !slices.Contains(axes, d):
			out = append(out, n)
		case keep:
			out = append(out, 1)
		}
	}
	return out
}

// sum is that of the line, and of the sizes.
func (l line) sum() (v, magnitude float64) {
	for _, x := range l.values {
		v += x
		magnitude += math.Abs(x)
	}
	return v, magnitude
}

// reduceSum: g(n+2) of the magnitude.
func reduceSum(l line) (float64, float64) {
	v, magnitude := l.sum()
	return v, summed(len(l.values), magnitude, 0)
}

// reduceMean: a division more. Whole numbers lose their fraction, towards 0.
func reduceMean(l line) (float64, float64) {
	v, magnitude := l.sum()
	n := float64(len(l.values))
	if !l.real {
		if n == 0 {
			open("the mean of no whole numbers")
		}
		return math.Trunc(v / n), 0
	}
	return v / n, summed(len(l.values), magnitude/n, divides)
}

// reduceMax and reduceMin are exact. Of no numbers they are the type's least and largest.
func reduceMax(l line) (float64, float64) {
	v := math.Inf(-1)
	if !l.real {
		v = l.end(0)
	}
	for _, x := range l.values {
		v = max(v, x)
	}
	return v, 0
}

func reduceMin(l line) (float64, float64) {
	v := math.Inf(1)
	if !l.real {
		v = l.end(1)
	}
	for _, x := range l.values {
		v = min(v, x)
	}
	return v, 0
}

// end is the least or the largest number of the line's type. No float64 is that of 64 bits.
func (l line) end(which int) float64 {
	r, ok := ranges[l.t]
	switch {
	case l.t == onnx.Bool:
		return float64(which)
	case ok:
		return r[which]
	case len(l.values) == 0:
		open("the extreme of no numbers of data type %v", l.t)
	}
	return l.values[0]
}

// reduceProd: n roundings.
func reduceProd(l line) (float64, float64) {
	v := 1.0
	for _, x := range l.values {
		v *= x
	}
	return v, rounded(v, float64(len(l.values)))
}

// norm: see lpNorm.
func (l line) norm(p int) (float64, float64) {
	var sum, errors float64
	for _, x := range l.values {
		power := math.Pow(math.Abs(x), float64(p))
		sum += power
		errors += power * powerError(x, p)
	}
	v, e := lpNorm(sum, errors, p, len(l.values))
	if !l.real {
		v = math.Trunc(v)
	}
	return v, e
}

// reduceSquares: g(n+2) of itself, which has the products' rounding.
func reduceSquares(l line) (v, allowed float64) {
	for _, x := range l.values {
		v += x * x
	}
	return v, summed(len(l.values), v, 0)
}

// reduceLogSum: what the sum is off by, relatively, and log's own.
func reduceLogSum(l line) (float64, float64) {
	l.mustBeReal()
	sum, magnitude := l.sum()
	share := summed(len(l.values), magnitude, 0) / math.Abs(sum)
	if share > 0.5 {
		share = math.Inf(1) // the sum may have either sign
	}
	return math.Log(sum), share*(1+share) + logError(sum)*slack
}

func (l line) mustBeReal() {
	if !l.real {
		refuse("input 0 is of data type %v, must be of real numbers", l.t)
	}
}

// reduceLogSumExp: most + log(sum of exp(x - most)): see logSoftmaxLine.
func reduceLogSumExp(l line) (float64, float64) {
	l.mustBeReal()
	most, sum, share := exponentials(l.values, every(len(l.values)))
	if math.IsInf(most, 0) {
		return most, 0 // of no numbers, and of infinite ones
	}
	v := most + math.Log(sum)
	return v, u*math.Abs(v) + (share+logError(sum))*slack + tiny
}

// smaller tells whether x is smaller than y; NaN is the smallest here.
func smaller(x, y float64) bool { return x < y || math.IsNaN(x) && !math.IsNaN(y) }

// extreme is where the largest or smallest number of each line is; of several the first one, or the last.
func (c *call) extreme(better func(x, y float64) bool) []Result {
	a := c.in[0]
	axis := []int{axisOf(c.integer("axis", 0), len(a.Shape))}
	last := c.flag("select_last_index", false)
	begins, offsets := split(a.Shape, axis)
	if len(offsets) == 0 {
		refuse("axis %d of shape %v is empty", axis[0], a.Shape)
	}
	r := newResult(onnx.Int64, reduced(a.Shape, axis, c.flag("keepdims", true)))
	for i, begin := range begins {
		best := 0
		for j, o := range offsets {
			x, y := a.Data[begin+o], a.Data[begin+offsets[best]]
			if better(x, y) || last && !better(y, x) {
				best = j
			}
		}
		r.Data[i] = float64(best)
	}
	return one(r)
}

// cumulative: each sum has the bound of its own length.
func cumulative(c *call) []Result {
	a := c.in[0]
	axis := axisOf(held(c.scalar(1, 0)), len(a.Shape))
	exclusive, reverse := c.flag("exclusive", false), c.flag("reverse", false)
	r := newResult(a.Type, a.Shape)
	begins, offsets := split(a.Shape, []int{axis})
	if reverse {
		slices.Reverse(offsets)
	}
	for _, begin := range begins {
		var sum, magnitude float64
		for n, o := range offsets {
			x := a.Data[begin+o]
			if exclusive {
				r.set(begin+o, sum, summed(n, magnitude, 0))
			}
			sum, magnitude = sum+x, magnitude+math.Abs(x)
			if !exclusive {
				r.set(begin+o, sum, summed(n+1, magnitude, 0))
			}
		}
	}
	return one(r)
}

// topK copies the k largest or smallest numbers of each line in order, and says where they are; of equal ones the
// first comes first. k was an attribute before opset 10.
func topK(c *call) []Result {
	a := c.in[0]
	axis := axisOf(c.integer("axis", -1), len(a.Shape))
	k := c.integer("k", -1)
	if c.opset >= 10 {
		k = held(c.scalar(1, -1))
	}
	if k < 0 || k > a.Shape[axis] {
		refuse("k is %d, must be from 0 to %d, the size of axis %d", k, a.Shape[axis], axis)
	}
	better := smaller
	if c.opset < 11 || c.flag("largest", true) {
		better = larger
	}
	shape := slices.Clone(a.Shape)
	shape[axis] = k
	begins, offsets := split(a.Shape, []int{axis})
	to, steps := split(shape, []int{axis})
	from := make([]int, size(shape))
	indices := newResult(onnx.Int64, shape)
	order := make([]int, len(offsets))
	for i, begin := range begins {
		copy(order, every(len(offsets)))
		slices.SortStableFunc(order, func(i, j int) int {
			x, y := a.Data[begin+offsets[i]], a.Data[begin+offsets[j]]
			switch {
			case better(x, y):
				return -1
			case better(y, x):
				return 1
			}
			return 0
		})
		for j, step := range steps {
			from[to[i]+step] = begin + offsets[order[j]]
			indices.Data[to[i]+step] = float64(order[j])
		}
	}
	return []Result{copied(a, shape, from), indices}
}
