package cpuref

import (
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/transform"
)

// tiling is how a transform computes a layer, of any stride: one line's algorithm along the columns of a tile, then
// another's along its rows. Of layers with strides each residue of an input, its place among the S x S that space to
// depth makes one of, is an input of its own.
type tiling struct{ h, w line }

// line is the algorithm along one axis, with the stages that round.
type line struct {
	transform.Line
	input, output stage
}

// stage is one of the transforms in arithmetic that rounds.
type stage struct {
	matrix    [][]float64
	sizes     [][]float64 // the absolute values of what adds up to each number of it
	roundings int         // that a term passes at most
	flushes   float64     // that it adds itself at most, in results of 1
}

// tilingOf is the algorithm of a layer that the transform serves, if need be from space to depth. The error wraps
// [transform.ErrUnsupported], or is the problem's own.
func tilingOf(by transform.Transform, p conv.Problem) (*tiling, error) {
	unstrided, err := transform.SpaceToDepth(p)
	if err != nil {
		return nil, err
	}
	h, w, err := by.Lines(unstrided)
	if err != nil {
		return nil, err
	}
	return &tiling{lineOf(by, h), lineOf(by, w)}, nil
}

// lineOf finds how often the stages round.
func lineOf(by transform.Transform, l transform.Line) line {
	if by == transform.Fourier && l.Taps > 1 {
		return fourierStages(l)
	}
	return line{l, summed(l.BT), summed(l.AT)}
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

// fourierRoundings are those of a number that enters either transform, as fourier.wgsl makes them: those of two
// sums of pairs, a factor, the product with it, two sums of what has other factors, and the sum of two such.
const fourierRoundings = 7

// fourierStages are those of fourier.wgsl. Of the three products of a frequency the first takes the sum of what the
// others take, and makes the sum of what they make, so that their sizes add up.
func fourierStages(l transform.Line) line {
	in := stage{l.BT, magnitudes(l.BT), fourierRoundings, float64(2 * l.Inputs)}
	out := stage{l.AT, magnitudes(l.AT), fourierRoundings, float64(2 * l.Products)}
	for first := 1; first < l.Products-1; first += 3 {
		for j := range in.sizes[first] {
			in.sizes[first][j] = in.sizes[first+1][j] + in.sizes[first+2][j]
		}
		for _, row := range out.sizes {
			row[first] = row[first+1] + row[first+2]
		}
	}
	return line{l, in, out}
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

// area is how many products a tile has, inputs how many it reads, outputs how many it writes, and taps how many its
// filters have.
func (a *tiling) area() int    { return a.h.Products * a.w.Products }
func (a *tiling) inputs() int  { return a.h.Inputs * a.w.Inputs }
func (a *tiling) outputs() int { return a.h.Outputs * a.w.Outputs }
func (a *tiling) taps() int    { return a.h.Taps * a.w.Taps }

// tiles is the number of tiles of all images.
func (a *tiling) tiles(p *conv.Problem) int {
	return p.Batch * p.H.Tiles(a.h.Outputs) * p.W.Tiles(a.w.Outputs)
}

// tile is where a tile of outputs begins.
type tile struct{ n, y, x int }

// tile is the i-th one: image by image, row by row.
func (a *tiling) tile(p *conv.Problem, i int) tile {
	down, across := p.H.Tiles(a.h.Outputs), p.W.Tiles(a.w.Outputs)
	return tile{i / across / down, p.H.Tile(a.h.Outputs, i/across%down), p.W.Tile(a.w.Outputs, i%across)}
}

// tileOf is the tile that an output lies in, and the output's place i in it.
func (a *tiling) tileOf(p *conv.Problem, at place) (t tile, i int) {
	row, column := at.y/p.H.Dilation%a.h.Outputs, at.x/p.W.Dilation%a.w.Outputs
	return tile{at.n, at.y - row*p.H.Dilation, at.x - column*p.W.Dilation}, row*a.w.Outputs + column
}

// residues is how many residues an input has, 1 without strides.
func residues(p *conv.Problem) int { return p.H.Stride * p.W.Stride }

// gather calls do for each input of this residue that the tile's outputs read, with its place i in the tile and the
// index in X of its first channel. At all other places there are zeros: those of the padding, what outputs
// would read that hang over V's edge, and what lies behind the last tap of the filters.
func (a *tiling) gather(p *conv.Problem, at tile, residue int, do func(i, first int)) {
	for r := range min(a.h.Inputs, outputsFrom(p.H, at.y)+a.h.Taps-1) {
		y, inY := residueSource(p.H, p.Padding, at.y+r*p.H.Dilation, residue/p.W.Stride)
		for c := range min(a.w.Inputs, outputsFrom(p.W, at.x)+a.w.Taps-1) {
			if x, inX := residueSource(p.W, p.Padding, at.x+c*p.W.Dilation, residue%p.W.Stride); inX && inY {
				do(r*a.w.Inputs+c, ((at.n*p.H.In+y)*p.W.In+x)*p.InChannels)
			}
		}
	}
}

// gatherTaps calls do for each tap of this residue, with its place i among the tile's and its index in a filter.
func (a *tiling) gatherTaps(p *conv.Problem, residue int, do func(i, tap int)) {
	for i := range a.taps() {
		y, x := i/a.w.Taps*p.H.Stride+residue/p.W.Stride, i%a.w.Taps*p.W.Stride+residue%p.W.Stride
		if y < p.H.Filter && x < p.W.Filter {
			do(i, y*p.W.Filter+x)
		}
	}
}

// scatter calls do for each output of the tile, with its place i in the tile and the index in V of its
// first channel.
func (a *tiling) scatter(p *conv.Problem, at tile, do func(i, first int)) {
	for r := range min(a.h.Outputs, outputsFrom(p.H, at.y)) {
		for c := range min(a.w.Outputs, outputsFrom(p.W, at.x)) {
			do(r*a.w.Outputs+c, ((at.n*p.H.Out+at.y+r*p.H.Dilation)*p.W.Out+at.x+c*p.W.Dilation)*p.OutChannels)
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
