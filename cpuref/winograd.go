package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// line is the algorithm F(m, r) along one axis: m outputs of a filter w of r taps are Aᵀ[(G w) ∘ (Bᵀ x)] of
// the t = m+r-1 inputs x that they read; ∘ multiplies element by element.
type line struct {
	m, r, t               int
	input, filter, output [][]float64 // Bᵀ, t x t; G, t x r; Aᵀ, m x t
}

// interpolation is what all F(m, r) with as many inputs a tile have in common: Bᵀ, and the points at which
// the filter is evaluated, with a scale each. The last point is infinity.
type interpolation struct {
	input          [][]float64
	points, scales []float64
}

// The points are 0, 1, -1 and infinity, with 6 inputs 2 and -2 too, and with 8 inputs 1/2 and -1/2.
//
// Source: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, section 4; the
// last with the points of their program wincnn.
var interpolations = []interpolation{
	{
		input:  [][]float64{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}},
		points: []float64{0, 1, -1}, scales: []float64{1, 1. / 2, 1. / 2},
	},
	{
		input: [][]float64{{4, 0, -5, 0, 1, 0}, {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
			{0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}},
		points: []float64{0, 1, -1, 2, -2}, scales: []float64{1. / 4, -1. / 6, -1. / 6, 1. / 24, 1. / 24},
	},
	{
		input: [][]float64{{1, 0, -21. / 4, 0, 21. / 4, 0, -1, 0},
			{0, 1, 1, -17. / 4, -17. / 4, 1, 1, 0}, {0, -1, 1, 17. / 4, -17. / 4, -1, 1, 0},
			{0, 1. / 2, 1. / 4, -5. / 2, -5. / 4, 2, 1, 0}, {0, -1. / 2, 1. / 4, 5. / 2, -5. / 4, -2, 1, 0},
			{0, 2, 4, -5. / 2, -5, 1. / 2, 1, 0}, {0, -2, 4, 5. / 2, -5, -1. / 2, 1, 0},
			{0, -1, 0, 21. / 4, 0, -21. / 4, 0, 1}},
		points: []float64{0, 1, -1, 2, -2, 1. / 2, -1. / 2},
		scales: []float64{1, -2. / 9, -2. / 9, 1. / 90, 1. / 90, 32. / 45, 32. / 45},
	},
}

// line gives F(m, r) for m outputs of the tile's inputs.
func (p interpolation) line(m int) *line {
	t := len(p.input)
	l := &line{m: m, r: t + 1 - m, t: t, input: p.input}
	for i, at := range p.points {
		l.filter = append(l.filter, powers(at, p.scales[i], l.r))
	}
	l.filter = append(l.filter, make([]float64, l.r))
	l.filter[t-1][l.r-1] = 1
	for j := range m {
		row := make([]float64, t)
		for i, at := range p.points {
			row[i] = math.Pow(at, float64(j))
		}
		l.output = append(l.output, row)
	}
	l.output[m-1][t-1] = 1
	return l
}

// powers are scale * at^0, at^1, ...
func powers(at, scale float64, n int) (all []float64) {
	for i := range n {
		all = append(all, scale*math.Pow(at, float64(i)))
	}
	return all
}

// lines are all F(m, r), by {m, r}.
var lines = func() map[[2]int]*line {
	all := map[[2]int]*line{}
	for _, p := range interpolations {
		for m := 2; m < len(p.input)-1; m += 2 {
			l := p.line(m)
			all[[2]int{m, l.r}] = l
		}
	}
	return all
}()

// still is F(1, 1), which changes nothing: for the axis of a filter with one tap.
var still = &line{m: 1, r: 1, t: 1, input: [][]float64{{1}}, filter: [][]float64{{1}}, output: [][]float64{{1}}}

// longest is how many inputs the longest lines have.
const longest = 8

// winograd is the algorithm in a plane: the lines' one along the columns of a tile, then along its rows.
type winograd struct{ h, w *line }

// CheckWinograd reports whether Winograd's F(m x m, r x r) computes p: the layer is 2D, of stride 1, and
// neither transposed nor unshared. m is 2 with filters of 3x3, 5x5 or 7x7, 4 with 3x3 or 5x5, 6 with 3x3, so
// that a tile has m+r-1 = 4, 6 or 8 inputs along each axis. Where it would have 8, the filter may also have
// one tap along one of the axes, as 1x7 has. Batch, groups, padding and dilation may be any: a tile's
// outputs lie Dilation apart. The error wraps [ErrShape], or is the problem's own.
func CheckWinograd(p conv.Problem, m int) error {
	_, err := winogradOf(p, m)
	return err
}

// winogradOf gives the algorithm for a problem that it computes.
func winogradOf(p conv.Problem, m int) (*winograd, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	refuse := func(must string) (*winograd, error) {
		return nil, fmt.Errorf("%w: Winograd's algorithm for tiles of %d x %d outputs of %s, must %s", ErrShape, m, m, p, must)
	}
	sides, known := map[int]string{2: "3, 5 or 7", 4: "3 or 5", 6: "3"}[m]
	switch {
	case !known:
		return refuse("have 2, 4 or 6")
	case p.Transposed || p.Unshared:
		return refuse("be neither transposed nor unshared")
	case p.Z != (conv.Axis{In: 1, Filter: 1, Stride: 1, Dilation: 1, Out: 1}):
		return refuse("have no depth axis")
	case p.H.Stride != 1 || p.W.Stride != 1:
		return refuse("have stride 1")
	}
	h, w := lines[[2]int{m, p.H.Filter}], lines[[2]int{m, p.W.Filter}]
	switch {
	case h != nil && h == w:
		return &winograd{h, w}, nil
	case p.H.Filter == 1 && w != nil && w.t == longest:
		return &winograd{still, w}, nil
	case p.W.Filter == 1 && h != nil && h.t == longest:
		return &winograd{h, still}, nil
	}
	return refuse(fmt.Sprintf("have square filters of side %s, or of %d taps along one axis and one along the other", sides, longest+1-m))
}

// area is how many inputs, and products, a tile has.
func (w *winograd) area() int { return w.h.t * w.w.t }

// outputs is how many outputs a tile has.
func (w *winograd) outputs() int { return w.h.m * w.w.m }

// WinogradTile is how many inputs a tile of p has along each axis.
func WinogradTile(p conv.Problem, m int) (h, w int, err error) {
	a, err := winogradOf(p, m)
	if err != nil {
		return 0, 0, err
	}
	return a.h.t, a.w.t, nil
}

// WinogradProduct is the layer in the middle of Winograd's algorithm: its input U is [tiles][positions][C],
// its output M is [tiles][positions][K], with a position for each input of a tile, and it multiplies them
// position by position, which is a 1 x 1 convolution with a group for each position and each group of p,
// and a pixel for each tile. Its filters are [WinogradFilters]', without biases. Errors are those of
// [CheckWinograd], or that layer's own where its sizes leave what a problem may have.
func WinogradProduct(p conv.Problem, m int) (conv.Problem, error) {
	w, err := winogradOf(p, m)
	if err != nil {
		return conv.Problem{}, err
	}
	positions := w.area()
	return conv.New(conv.Problem{
		Groups: positions * p.Groups, InChannels: positions * p.InChannels, OutChannels: positions * p.OutChannels,
		H: conv.Axis{In: 1, Filter: 1}, W: conv.Axis{In: w.tiles(p), Filter: 1},
	})
}

// tiles is the number of tiles of all images.
func (w *winograd) tiles(p conv.Problem) int {
	return p.Batch * p.H.Tiles(w.h.m) * p.W.Tiles(w.w.m)
}

// tile is where a tile of outputs begins.
type tile struct{ n, y, x int }

// tile is the i-th one: image by image, row by row.
func (w *winograd) tile(p *conv.Problem, i int) tile {
	down, across := p.H.Tiles(w.h.m), p.W.Tiles(w.w.m)
	return tile{i / across / down, p.H.Tile(w.h.m, i/across%down), p.W.Tile(w.w.m, i%across)}
}

// gather calls do for each input that the tile's outputs read, with its place i in the tile and the index
// in X of its first channel. At all other places there are zeros: those of the padding, and what outputs
// would read that hang over V's edge.
func (w *winograd) gather(p *conv.Problem, at tile, do func(i, first int)) {
	for r := range min(w.h.t, outputsFrom(p.H, at.y)+w.h.r-1) {
		y, inY := source(&p.H, p.Padding, false, at.y+r*p.H.Dilation, 0)
		for c := range min(w.w.t, outputsFrom(p.W, at.x)+w.w.r-1) {
			if x, inX := source(&p.W, p.Padding, false, at.x+c*p.W.Dilation, 0); inX && inY {
				do(r*w.w.t+c, ((at.n*p.H.In+y)*p.W.In+x)*p.InChannels)
			}
		}
	}
}

// scatter calls do for each output of the tile, with its place i in the tile and the index in V of its
// first channel.
func (w *winograd) scatter(p *conv.Problem, at tile, do func(i, first int)) {
	for r := range min(w.h.m, outputsFrom(p.H, at.y)) {
		for c := range min(w.w.m, outputsFrom(p.W, at.x)) {
			do(r*w.w.m+c, ((at.n*p.H.Out+at.y+r*p.H.Dilation)*p.W.Out+at.x+c*p.W.Dilation)*p.OutChannels)
		}
	}
}

// outputsFrom is how many outputs there are from the first one on, at distances of Dilation.
func outputsFrom(a conv.Axis, first int) int { return ceilDiv(a.Out-first, a.Dilation) }

// sandwich computes H d Wᵀ into out, all row by row; half has room for H d. What a matrix multiplies by 0 is
// left out, as kernels do, so that it may be infinite.
func sandwich[F float32 | float64](h, w [][]float64, d, half, out []F) {
	n := len(w[0])
	for i, row := range h {
		for j := range n {
			half[i*n+j] = combine(row, d[j:], n)
		}
	}
	for i := range h {
		for j, row := range w {
			out[i*len(w)+j] = combine(row, half[i*n:], 1)
		}
	}
}

// combine is the sum of every step-th element, each times its number in row.
func combine[F float32 | float64](row []float64, d []F, step int) (sum F) {
	for i, c := range row {
		if c != 0 {
			sum += F(c) * d[i*step]
		}
	}
	return sum
}

// WinogradFilters are the filters G w Gᵀ of the layer [WinogradProduct]: K of them for each position, that of
// position i in a tile and of output channel k being the one with number i*K + k; each is 1 x 1 and as deep
// as w's. They are computed in float64 and rounded once. Errors are those of [CheckWinograd] and
// [CheckShapes].
func WinogradFilters(p conv.Problem, m int, w tensor.Filters) (tensor.Filters, error) {
	a, err := winogradOf(p, m)
	if err != nil {
		return tensor.Filters{}, err
	}
	if err := CheckFilters(p, w); err != nil {
		return tensor.Filters{}, err
	}
	out := tensor.Filters{K: a.area() * w.K, H: 1, W: 1, D: w.D}
	out.Data = make([]float32, out.Len())
	a.transformFilters(a.h.filter, a.w.filter, w, func(i int, v float64) { out.Data[i] = float32(v) })
	return out, nil
}

// transformFilters calls set with each weight of h w wideᵀ, matrices which may be of absolute values alone,
// and its index in the order of WinogradFilters.
func (a *winograd) transformFilters(h, wide [][]float64, w tensor.Filters, set func(i int, v float64)) {
	taps := w.H * w.W
	parallel(w.K, func() func(int) {
		d, half, out := make([]float64, taps), make([]float64, a.h.t*w.W), make([]float64, a.area())
		return func(k int) {
			for c := range w.D {
				for tap := range d {
					d[tap] = float64(w.Data[(k*taps+tap)*w.D+c])
				}
				sandwich(h, wide, d, half, out)
				for i, v := range out {
					set((i*w.K+k)*w.D+c, v)
				}
			}
		}
	})
}

// WinogradExactLimit is [ExactLimit] for Winograd's F(2 x 2, 3 x 3): with whole inputs, weights and biases
// in [-L, L] no step rounds, in any order of summation, for
//
//	256*n*L*L + 4*L < 2^24    n = ic/g
//
// Transformed filters are multiples of 1/4, and so is all that follows; 2^24 such units are exact. Rows of
// Bᵀ add 2 inputs: transformed ones are whole, and at most 4L. The sums of absolute values of G's rows are
// 1, 3/2, 3/2 and 1, of which the second row of Aᵀ adds the last three, 4; the first adds as many. In both
// directions, and over n channels of products, outputs add up to at most 4*4 * n * 4L * L, and every sum
// on the way is a part of this one, or is multiplied by 1 or more before it becomes one.
//
// The error wraps [ErrNoVerdict] where not even L = 1 is small enough, and where tiles have more than 4 inputs
// along an axis, whose filters are multiples of 1/6 or 1/90; otherwise errors are those of [CheckWinograd].
func WinogradExactLimit(p conv.Problem, m int) (int, error) {
	a, err := winogradOf(p, m)
	if err != nil {
		return 0, err
	}
	if a.area() > 4*4 || a.outputs() != 2*2 {
		return 0, fmt.Errorf("%w: Winograd's algorithm with tiles of %d x %d inputs divides by 3, which no float32 does exactly: check %s by the bound",
			ErrNoVerdict, a.h.t, a.w.t, p)
	}
	depth := p.InChannels / p.Groups
	for l := exactMost; l >= 1; l-- {
		if depth <= (exactEnd-1-4*l)/(256*l*l) {
			return l, nil
		}
	}
	return 0, fmt.Errorf("%w: exact sums of Winograd's F(2,3) have at most %d channels a group, %s has %d: check by the bound",
		ErrNoVerdict, (exactEnd-5)/256, p, depth)
}

// magnitudes are a matrix's absolute values.
func magnitudes(l [][]float64) [][]float64 {
	out := make([][]float64, len(l))
	for i, row := range l {
		for _, v := range row {
			out[i] = append(out[i], math.Abs(v))
		}
	}
	return out
}
