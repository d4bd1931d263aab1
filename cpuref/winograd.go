package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// winograd is the algorithm F(m x m, 3 x 3): a tile of m x m outputs is Aᵀ[(G w Gᵀ) ∘ (Bᵀ x B)]A of the
// t x t inputs x that they read, t = m+2, and each channel's filter w; ∘ multiplies element by element.
type winograd struct {
	m, t                  int
	input, filter, output [][]float64 // Bᵀ, t x t; G, t x 3; Aᵀ, m x t
}

// The matrices of the interpolation points 0, 1, -1 and infinity, and of 0, 1, -1, 2, -2 and infinity.
//
// Source: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, section 4.
var winograds = map[int]*winograd{
	2: {m: 2, t: 4,
		input:  [][]float64{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
		filter: [][]float64{{1, 0, 0}, {1. / 2, 1. / 2, 1. / 2}, {1. / 2, -1. / 2, 1. / 2}, {0, 0, 1}},
		output: [][]float64{{1, 1, 1, 0}, {0, 1, -1, -1}},
	},
	4: {m: 4, t: 6,
		input: [][]float64{{4, 0, -5, 0, 1, 0}, {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
			{0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}},
		filter: [][]float64{{1. / 4, 0, 0}, {-1. / 6, -1. / 6, -1. / 6}, {-1. / 6, 1. / 6, -1. / 6},
			{1. / 24, 1. / 12, 1. / 6}, {1. / 24, -1. / 12, 1. / 6}, {0, 0, 1}},
		output: [][]float64{{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}},
	},
}

// CheckWinograd reports whether Winograd's F(m x m, 3 x 3) computes p: m is 2 or 4, and the layer 2D with
// filters of 3 x 3 and stride 1, neither transposed nor unshared. Batch, groups, padding and dilation may be
// any: a tile's outputs lie Dilation apart. The error wraps [ErrShape], or is the problem's own.
func CheckWinograd(p conv.Problem, m int) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if winograds[m] == nil {
		return fmt.Errorf("%w: Winograd's F(m,3) with m = %d, must be 2 or 4", ErrShape, m)
	}
	if p.Transposed || p.Unshared {
		return fmt.Errorf("%w: Winograd's F(%d,3) of %s, must be neither transposed nor unshared", ErrShape, m, p)
	}
	if p.Z != (conv.Axis{In: 1, Filter: 1, Stride: 1, Dilation: 1, Out: 1}) {
		return fmt.Errorf("%w: Winograd's F(%d,3) of %s, must have no depth axis", ErrShape, m, p)
	}
	for _, a := range []conv.Axis{p.H, p.W} {
		if a.Filter != 3 || a.Stride != 1 {
			return fmt.Errorf("%w: Winograd's F(%d,3) of %s, must have filters of 3x3 and stride 1", ErrShape, m, p)
		}
	}
	return nil
}

// winogradOf gives the algorithm for a problem that it computes.
func winogradOf(p conv.Problem, m int) (*winograd, error) {
	if err := CheckWinograd(p, m); err != nil {
		return nil, err
	}
	return winograds[m], nil
}

// WinogradProduct is the layer in the middle of Winograd's F(m x m, 3 x 3): its input U is [tiles][t*t][C],
// its output M is [tiles][t*t][K], t = m+2, and it multiplies them position by position, which is a 1 x 1
// convolution with a group for each position in a tile and each group of p, and a pixel for each tile. Its
// filters are [WinogradFilters]', without biases. Errors are those of [CheckWinograd], or that layer's own
// where its sizes leave what a problem may have.
func WinogradProduct(p conv.Problem, m int) (conv.Problem, error) {
	w, err := winogradOf(p, m)
	if err != nil {
		return conv.Problem{}, err
	}
	positions := w.t * w.t
	return conv.New(conv.Problem{
		Groups: positions * p.Groups, InChannels: positions * p.InChannels, OutChannels: positions * p.OutChannels,
		H: conv.Axis{In: 1, Filter: 1}, W: conv.Axis{In: w.tiles(p), Filter: 1},
	})
}

// tiles is the number of tiles of all images.
func (w *winograd) tiles(p conv.Problem) int {
	return p.Batch * p.H.Tiles(w.m) * p.W.Tiles(w.m)
}

// tile is where a tile of outputs begins.
type tile struct{ n, y, x int }

// tile is the i-th one: image by image, row by row.
func (w *winograd) tile(p *conv.Problem, i int) tile {
	down, across := p.H.Tiles(w.m), p.W.Tiles(w.m)
	return tile{i / across / down, p.H.Tile(w.m, i/across%down), p.W.Tile(w.m, i%across)}
}

// gather calls do for each input that the tile's outputs read, with its place i in the tile and the index
// in X of its first channel. At all other places there are zeros: those of the padding, and what outputs
// would read that hang over V's edge.
func (w *winograd) gather(p *conv.Problem, at tile, do func(i, first int)) {
	for r := range min(w.t, outputsFrom(p.H, at.y)+2) {
		y, inY := source(&p.H, p.Padding, false, at.y+r*p.H.Dilation, 0)
		for c := range min(w.t, outputsFrom(p.W, at.x)+2) {
			if x, inX := source(&p.W, p.Padding, false, at.x+c*p.W.Dilation, 0); inX && inY {
				do(r*w.t+c, ((at.n*p.H.In+y)*p.W.In+x)*p.InChannels)
			}
		}
	}
}

// scatter calls do for each output of the tile, with its place i in the tile and the index in V of its
// first channel.
func (w *winograd) scatter(p *conv.Problem, at tile, do func(i, first int)) {
	for r := range min(w.m, outputsFrom(p.H, at.y)) {
		for c := range min(w.m, outputsFrom(p.W, at.x)) {
			do(r*w.m+c, ((at.n*p.H.Out+at.y+r*p.H.Dilation)*p.W.Out+at.x+c*p.W.Dilation)*p.OutChannels)
		}
	}
}

// outputsFrom is how many outputs there are from the first one on, at distances of Dilation.
func outputsFrom(a conv.Axis, first int) int { return ceilDiv(a.Out-first, a.Dilation) }

// sandwich computes L d Lᵀ into out, all row by row; half has room for L d. What L multiplies by 0 is left
// out, as kernels do, so that it may be infinite.
func sandwich[F float32 | float64](l [][]float64, d, half, out []F) {
	n := len(l[0])
	for i, row := range l {
		for j := range n {
			half[i*n+j] = combine(row, d[j:], n)
		}
	}
	for i := range l {
		for j, row := range l {
			out[i*len(l)+j] = combine(row, half[i*n:], 1)
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

// WinogradFilters are the filters G w Gᵀ of the layer [WinogradProduct]: (m+2)^2 * K of them, that of
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
	out := tensor.Filters{K: a.t * a.t * w.K, H: 1, W: 1, D: w.D}
	out.Data = make([]float32, out.Len())
	a.transformFilters(a.filter, w, func(i int, v float64) { out.Data[i] = float32(v) })
	return out, nil
}

// transformFilters calls set with each weight of g w gᵀ, which may be of absolute values alone, and its
// index in the order of WinogradFilters.
func (a *winograd) transformFilters(g [][]float64, w tensor.Filters, set func(i int, v float64)) {
	parallel(w.K, func() func(int) {
		d, half, out := make([]float64, 9), make([]float64, 3*a.t), make([]float64, a.t*a.t)
		return func(k int) {
			for c := range w.D {
				for tap := range d {
					d[tap] = float64(w.Data[(k*9+tap)*w.D+c])
				}
				sandwich(g, d, half, out)
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
// The error wraps [ErrNoVerdict] where not even L = 1 is small enough, and for m = 4, whose filters are
// multiples of 1/6; otherwise errors are those of [CheckWinograd].
func WinogradExactLimit(p conv.Problem, m int) (int, error) {
	if err := CheckWinograd(p, m); err != nil {
		return 0, err
	}
	if m != 2 {
		return 0, fmt.Errorf("%w: Winograd's F(%d,3) divides by 6, which no float32 does exactly: check %s by the bound", ErrNoVerdict, m, p)
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
