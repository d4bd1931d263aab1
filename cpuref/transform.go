package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Transform is an algorithm that cuts V into tiles, and computes each as Aᵀ[(G w Gᵀ) ∘ (Bᵀ x B)]A of the
// inputs x that it reads and each channel's filter w; ∘ multiplies element by element.
type Transform int

// The transforms: Winograd's F(m x m, r x r) for tiles of m outputs along each axis, and the discrete Fourier
// transform of tiles of 16 inputs along each axis.
const (
	Winograd2 Transform = 2
	Winograd3 Transform = 3
	Winograd4 Transform = 4
	Winograd5 Transform = 5
	Winograd6 Transform = 6
	Fourier   Transform = fourierSize
)

// Transforms are all of them, those first that serve most.
func Transforms() []Transform {
	return []Transform{Winograd4, Winograd6, Winograd2, Winograd3, Winograd5, Fourier}
}

// String is the algorithm's name.
func (f Transform) String() string {
	switch f {
	case Winograd2, Winograd3, Winograd4, Winograd5, Winograd6:
		return fmt.Sprintf("winograd%d", int(f))
	case Fourier:
		return "fourier"
	}
	return fmt.Sprintf("Transform(%d)", int(f))
}

// line is the algorithm along one axis: the m outputs of a filter w of r taps are Aᵀ[(G w) ∘ (Bᵀ x)] of the
// t = m+r-1 inputs x that they read, through n products.
type line struct {
	m, r, t, n int
	filter     [][]float64 // G, n x r
	input      stage       // Bᵀ, n x t
	output     stage       // Aᵀ, m x n
}

// stage is one of the transforms in arithmetic that rounds.
type stage struct {
	matrix    [][]float64
	sizes     [][]float64 // the absolute values of what adds up to each number of it
	roundings int         // that a term passes at most
	flushes   float64     // that it adds itself at most, in results of 1
}

// summed is a stage that adds up the products of each row: at most z-1 roundings where z numbers are not 0,
// in any order, and one more where a number is no power of two.
func summed(matrix [][]float64) stage {
	s := stage{matrix: matrix, sizes: magnitudes(matrix)}
	s.flushes = largestSum(s.sizes)
	for _, row := range matrix {
		n, inexact := -1, 0
		for _, v := range row {
			if v != 0 {
				n++
			}
			if !powerOfTwo(float32(v)) {
				inexact = 1
			}
		}
		s.roundings = max(s.roundings, n+inexact)
	}
	return s
}

// still is F(1, 1), which changes nothing: for the axis of a filter with one tap.
var still = &line{m: 1, r: 1, t: 1, n: 1, filter: [][]float64{{1}}, input: summed([][]float64{{1}}), output: summed([][]float64{{1}})}

// tiling is the algorithm of a problem: one line's along the columns of a tile, then another's along its rows.
type tiling struct{ h, w *line }

// Check reports whether the algorithm computes p: the layer is 2D, of stride 1, and neither transposed nor
// unshared. Winograd's for tiles of 2 x 2 outputs has filters of 3x3, 5x5 or 7x7, for 3 x 3 3x3, for 4 x 4 3x3 or
// 5x5, for 5 x 5 4x4, for 6 x 6 3x3, so that a tile has 4, 5, 6 or 8 inputs along each axis; where it has 8, the
// filter may also have one tap along one of the axes, as 1x7 has. Fourier's has filters of 2 to 13 taps along each axis,
// or along one of them. Batch, groups, padding and dilation may be any: a tile's outputs lie Dilation apart. The
// error wraps [ErrShape], or is the problem's own.
func (f Transform) Check(p conv.Problem) error {
	_, err := f.of(p)
	return err
}

// of gives the algorithm for a problem that it computes.
func (f Transform) of(p conv.Problem) (*tiling, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	refuse := func(must string) (*tiling, error) {
		return nil, fmt.Errorf("%w: %v of %s, must %s", ErrShape, f, p, must)
	}
	const one = " along one axis and one along the other"
	filters, known := map[Transform]string{
		Winograd2: "square filters of side 3, 5 or 7, or of 7 taps" + one, Winograd3: "square filters of side 3",
		Winograd4: "square filters of side 3 or 5, or of 5 taps" + one, Winograd5: "square filters of side 4, or of 4 taps" + one,
		Winograd6: "square filters of side 3, or of 3 taps" + one, Fourier: fmt.Sprintf("filters of 2 to %d taps along both axes, or", fourierTaps) + one,
	}[f]
	switch {
	case !known:
		return refuse("be winograd2 to winograd6 or fourier")
	case p.Transposed || p.Unshared:
		return refuse("be neither transposed nor unshared")
	case p.Z != (conv.Axis{In: 1, Filter: 1, Stride: 1, Dilation: 1, Out: 1}):
		return refuse("have no depth axis")
	case p.H.Stride != 1 || p.W.Stride != 1:
		return refuse("have stride 1")
	}
	h, w := f.line(p.H.Filter), f.line(p.W.Filter)
	if h == nil || w == nil || h == still && w == still || !f.pairs(h, w) {
		return refuse("have " + filters)
	}
	return &tiling{h, w}, nil
}

// line gives the algorithm for so many taps, nil where there is none.
func (f Transform) line(taps int) *line {
	if taps == 1 {
		return still
	}
	return lines[f][taps]
}

// lines are those of all numbers of taps.
var lines = func() map[Transform]map[int]*line {
	all := map[Transform]map[int]*line{Fourier: {}}
	for taps := 2; taps <= fourierTaps; taps++ {
		all[Fourier][taps] = fourierLine(taps)
	}
	for f, taps := range map[Transform][]int{Winograd2: {3, 5, 7}, Winograd3: {3}, Winograd4: {3, 5}, Winograd5: {4}, Winograd6: {3}} {
		all[f] = map[int]*line{}
		for _, r := range taps {
			all[f][r] = interpolations[int(f)+r-1].line(int(f))
		}
	}
	return all
}()

// pairs tells whether lines go together: Winograd's kernels are made for squares, and for tiles of 8 inputs
// along one axis.
func (f Transform) pairs(h, w *line) bool {
	return f == Fourier || h.r == w.r || h.t*w.t == 8
}

// area is how many products a tile has, inputs how many it reads, and outputs how many it writes.
func (a *tiling) area() int    { return a.h.n * a.w.n }
func (a *tiling) inputs() int  { return a.h.t * a.w.t }
func (a *tiling) outputs() int { return a.h.m * a.w.m }

// Tile is how many inputs a tile of p has along each axis. Errors are those of Check.
func (f Transform) Tile(p conv.Problem) (h, w int, err error) {
	a, err := f.of(p)
	if err != nil {
		return 0, 0, err
	}
	return a.h.t, a.w.t, nil
}

// Product is the layer in the middle of the algorithm: its input U is [tiles][positions][C], its output M is
// [tiles][positions][K], with a position for each product of a tile, and it multiplies them position by
// position, which is a 1 x 1 convolution with a group for each position and each group of p, and a pixel for
// each tile. Its filters are those of Filters, without biases. Errors are those of Check, or that layer's own
// where its sizes leave what a problem may have.
func (f Transform) Product(p conv.Problem) (conv.Problem, error) {
	w, err := f.of(p)
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
func (w *tiling) tiles(p conv.Problem) int {
	return p.Batch * p.H.Tiles(w.h.m) * p.W.Tiles(w.w.m)
}

// tile is where a tile of outputs begins.
type tile struct{ n, y, x int }

// tile is the i-th one: image by image, row by row.
func (w *tiling) tile(p *conv.Problem, i int) tile {
	down, across := p.H.Tiles(w.h.m), p.W.Tiles(w.w.m)
	return tile{i / across / down, p.H.Tile(w.h.m, i/across%down), p.W.Tile(w.w.m, i%across)}
}

// gather calls do for each input that the tile's outputs read, with its place i in the tile and the index
// in X of its first channel. At all other places there are zeros: those of the padding, and what outputs
// would read that hang over V's edge.
func (w *tiling) gather(p *conv.Problem, at tile, do func(i, first int)) {
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
func (w *tiling) scatter(p *conv.Problem, at tile, do func(i, first int)) {
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

// Filters are the filters G w Gᵀ of the layer of Product: K of them for each position, that of position i in a
// tile and of output channel k being the one with number i*K + k; each is 1 x 1 and as deep as w's. They are computed in float64 and rounded once. Errors are those of Check and [CheckFilters].
func (f Transform) Filters(p conv.Problem, w tensor.Filters) (tensor.Filters, error) {
	a, err := f.of(p)
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
// and its index in the order of Filters.
func (a *tiling) transformFilters(h, wide [][]float64, w tensor.Filters, set func(i int, v float64)) {
	taps := w.H * w.W
	parallel(w.K, func() func(int) {
		d, half, out := make([]float64, taps), make([]float64, a.h.n*w.W), make([]float64, a.area())
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

// Exact reports whether the algorithm computes p, and whole numbers so that nothing rounds: where tiles have no more
// than 4 inputs along an axis. The transforms of more have numbers that no float32 holds.
func (f Transform) Exact(p conv.Problem) bool {
	a, err := f.of(p)
	return err == nil && a.exact()
}

func (a *tiling) exact() bool { return max(a.h.t, a.w.t) <= 4 }

// ExactLimit is [ExactLimit] for Winograd's F(2 x 2, 3 x 3): with whole inputs, weights and biases
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
// The error wraps [ErrNoVerdict] where not even L = 1 is small enough, and where Exact is false for another reason
// than Check's, whose errors come first.
func (f Transform) ExactLimit(p conv.Problem) (int, error) {
	a, err := f.of(p)
	if err != nil {
		return 0, err
	}
	if !a.exact() {
		return 0, fmt.Errorf("%w: %v with tiles of %d x %d inputs has numbers that no float32 holds: check %s by the bound",
			ErrNoVerdict, f, a.h.t, a.w.t, p)
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
