package cpuref

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// The size of one block of the matrix product: outputs of one depth slice, filters, taps. With fewer
// than four 64 x 64 parts gonum's Dgemm starts no goroutines of its own, and the parallelism is ours.
const (
	blockRows    = 64
	blockFilters = 128
	blockTaps    = 512
)

// Im2col computes what [Conv] computes, fast: windows are copied out as the rows of a matrix and
// multiplied with the filters, in blocks of bounded memory (about 1 MiB for each processor, whatever
// the layer), on all processors. Shapes and errors are those of Conv. Values differ from Conv's only in
// the order of summation, so by no more than 2 * n * 2^-53 / (1 - n * 2^-53) * Magnitude for n terms.
// Windows are copied through the index map that Conv reads by, whatever the padding, and so are those of
// a transposed layer. An unshared layer has a product for each position, over the images.
//
// Source: K. Chellapilla, S. Puri, P. Simard, "High Performance Convolutional Neural Networks for
// Document Processing", 2006.
func Im2col(p conv.Problem, x tensor.Volume, w tensor.Filters) (Reference, error) {
	if err := checkHeld(p, x, w); err != nil {
		return Reference{}, err
	}
	r := newReference(p)
	grid := gridOf(p)
	parallel(grid.blocks(), func() func(int) {
		s := newScratch(p, x, w)
		return func(i int) { s.compute(grid.block(p, i), r) }
	})
	return r, nil
}

// grid counts the blocks of a problem: of outputs in one depth slice over all images, of filters in one group, of
// groups and of filter banks, each of which has outputs of its own.
type grid struct{ rows, filters, groups, banks int }

func gridOf(p conv.Problem) grid {
	return grid{
		rows:    ceilDiv(p.Batch*positions(&p)/banks(&p), blockRows),
		filters: ceilDiv(p.OutChannels/p.Groups, blockFilters),
		groups:  p.Groups,
		banks:   banks(&p),
	}
}

func (g grid) blocks() int { return g.rows * g.filters * g.groups * g.banks }

// block is one product: of so many outputs in one depth slice, row and every step-th after it, and of the filters
// filter..filterEnd of a bank, which are all of one group.
type block struct{ group, row, rows, step, bank, filter, filterEnd int }

func (g grid) block(p conv.Problem, i int) block {
	perGroup := p.OutChannels / p.Groups
	b := block{bank: i % g.banks, step: g.banks}
	i /= g.banks
	b.group = i / (g.rows * g.filters)
	i %= g.rows * g.filters
	before := i / g.filters * blockRows
	b.rows = min(blockRows, p.Batch*positions(&p)/g.banks-before)
	b.row = b.bank + before*b.step // the outputs of a bank lie as far apart as there are banks
	first := i % g.filters * blockFilters
	b.filter = b.group*perGroup + first
	b.filterEnd = b.group*perGroup + min(first+blockFilters, perGroup)
	return b
}

// scratch is what one worker computes in.
type scratch struct {
	problem          conv.Problem
	x                tensor.Volume
	w                tensor.Filters
	windows, filters []float64 // rows x taps, filters x taps
	value, magnitude []float64 // rows x filters
}

func newScratch(p conv.Problem, x tensor.Volume, w tensor.Filters) *scratch {
	rows := min(blockRows, p.Batch*positions(&p))
	filters := min(blockFilters, p.OutChannels/p.Groups)
	taps := min(blockTaps, p.TapsPerOutput())
	return &scratch{
		problem: p, x: x, w: w,
		windows: make([]float64, rows*taps), filters: make([]float64, filters*taps),
		value: make([]float64, rows*filters), magnitude: make([]float64, rows*filters),
	}
}

// compute fills the block's outputs.
func (s *scratch) compute(b block, r Reference) {
	rows, filters := b.rows, b.filterEnd-b.filter
	value := matrix(s.value, rows, filters)
	magnitude := matrix(s.magnitude, rows, filters)
	clear(value.Data)
	clear(magnitude.Data)
	all := s.problem.TapsPerOutput()
	for tap := 0; tap < all; tap += blockTaps {
		taps := min(blockTaps, all-tap)
		windows := matrix(s.windows, rows, taps)
		weights := matrix(s.filters, filters, taps)
		s.gatherWindows(windows, b, tap)
		s.gatherFilters(weights, b, tap)
		// A * Bᵀ is gonum's fastest product, and the one that does not skip zeros, so that 0 * Inf is NaN.
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, windows, weights, 1, value)
		absolute(windows.Data)
		absolute(weights.Data)
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, windows, weights, 1, magnitude)
	}
	for i := range rows {
		for j := range filters {
			k := b.filter + j
			bias := biasOf(s.w, b.bank*s.problem.OutChannels+k)
			out := (b.row+i*b.step)*s.problem.OutChannels + k
			r.Value[out] = value.Data[i*filters+j] + bias
			r.Magnitude[out] = magnitude.Data[i*filters+j] + math.Abs(bias)
		}
	}
}

// gatherWindows copies what the block's outputs see, from this tap on, one output a row.
func (s *scratch) gatherWindows(m blas64.General, b block, from int) {
	p := &s.problem
	depth := p.InChannels / p.Groups
	for i := range m.Rows {
		at := placeOf(p, (b.row+i*b.step)*p.OutChannels)
		row := m.Data[i*m.Cols : (i+1)*m.Cols]
		for done := 0; done < len(row); {
			// One filter position at a time: its depth column lies in one piece.
			position, d := (from+done)/depth, (from+done)%depth
			piece := row[done:min(done+depth-d, len(row))]
			column, inside := reads(p, at, tapOf(p, position))
			s.gatherColumn(piece, at.n*columns(p)+column, inside, b.group*depth+d)
			done += len(piece)
		}
	}
}

// gatherColumn copies a depth column from d on, zeros outside the image.
func (s *scratch) gatherColumn(piece []float64, column int, inside bool, d int) {
	if !inside {
		clear(piece)
		return
	}
	from := s.x.Data[column*s.problem.InChannels+d:]
	for i := range piece {
		piece[i] = float64(from[i])
	}
}

// gatherFilters copies the block's filters from this tap on, one a row.
func (s *scratch) gatherFilters(m blas64.General, b block, tap int) {
	for j := range m.Rows {
		filter := s.w.Data[(b.bank*s.problem.OutChannels+b.filter+j)*s.problem.TapsPerOutput()+tap:]
		row := m.Data[j*m.Cols : (j+1)*m.Cols]
		for i := range row {
			row[i] = float64(filter[i])
		}
	}
}

// matrix is the beginning of data as a rows x cols matrix.
func matrix(data []float64, rows, cols int) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: data[:rows*cols]}
}

func absolute(data []float64) {
	for i, v := range data {
		data[i] = math.Abs(v)
	}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
