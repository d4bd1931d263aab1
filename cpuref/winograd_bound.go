package cpuref

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Winograd is the reference of a layer that is computed by Winograd's F(m x m, r x r): the values are
// [Im2col]'s, but the error that they may have is another. An output is a sum of terms a*b*x*g*w with
// numbers a, b, g of the matrices. Each passes at most
//
//	n = r(Bᵀ) + 1 + ic/g + r(Aᵀ) + 1
//
// roundings: both directions of the input's transform, the filter's one, a product and ic/g - 1 sums, both
// directions of the output's transform, and the bias. A row of a matrix with z numbers other than 0 makes
// z-1 roundings in any order, and one more where a number of it is no power of two; r is the most that a row
// makes, of both directions added up. So the error is at most g(n+2) * Magnitude, as [Bound] has it, with the
// sum of the terms' absolute values
//
//	Magnitude = |Aᵀ| [sum over channels of U*V] |A| + |b|    U = |Bᵀ||x||B|, V = |G||w||Gᵀ|
//
// which is never less than sum|x||w| + |b|, so that n+2 leaves room for the reference's own rounding too,
// and for that of filters in float64. It holds in any order of summation, with or without fused operations.
//
// On top, every operand and every result below 2^-126 may be flushed to zero, which later steps make
// larger. Where s is the largest sum of absolute values in a row, a transform's direction makes s of an
// error of 1 in all that it reads; and it adds at most s for its own results: one for each number of the
// row but the last, times what is multiplied later, which is no more than that number, and one for each
// product with a number below 1 (larger ones make no number small that was not), of which all rows have few
// enough. In units of 2^-126, with s of the columns' direction, s' of the rows' and inputs that may
// themselves be flushed:
//
//	transformed inputs    e = s'(Bᵀ)*(s(Bᵀ) + s(Bᵀ)) + s'(Bᵀ)
//	filters               1
//	products              E = sum over channels of e*V + U + 3
//	outputs               |Aᵀ| E |A| + s'(Aᵀ)*s(Aᵀ) + s'(Aᵀ) + 2
//
// the 3 being the product, the sum and two flushed factors' product, the 2 the bias and the last sum. All
// this is rounded as often as the terms are, hence times 1 + g(n+2).
//
// The bound is +Inf where transformed operands pass float32's range, or n is as large as Bound has it.
// Errors are those of [CheckWinograd] and [Conv].
//
// Sources: N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, section 3.1; B.
// Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural
// Networks", 2020.
func Winograd(p conv.Problem, m int, x tensor.Volume, w tensor.Filters) (Reference, error) {
	a, err := winogradOf(p, m)
	if err != nil {
		return Reference{}, err
	}
	r, err := Im2col(p, x, w)
	if err != nil {
		return Reference{}, err
	}
	r.Allowed = make([]float64, len(r.Value))
	b := newWinogradBound(a, p, x, w, r)
	blocks := ceilDiv(a.tiles(p), blockRows)
	parallel(blocks*p.Groups, func() func(int) {
		s := b.newScratch()
		return func(i int) { s.compute(i%blocks*blockRows, i/blocks) }
	})
	return r, nil
}

// winogradBound is what the bounds of all outputs have in common.
type winogradBound struct {
	*winograd
	problem        conv.Problem
	x              tensor.Volume
	w              tensor.Filters
	r              Reference
	absInput       plane     // |Bᵀ|
	absOutput      plane     // |Aᵀ|
	filters        []float64 // V, in the order of WinogradFilters
	filterSums     []float64 // of each filter of V
	growth         float64   // g(n+2)
	inputFlushes   float64   // e
	productFlushes float64   // 3 a channel
	outputFlushes  float64   // behind the products
}

func newWinogradBound(a *winograd, p conv.Problem, x tensor.Volume, w tensor.Filters, r Reference) *winogradBound {
	depth := p.InChannels / p.Groups
	input, filter, output := plane{a.h.input, a.w.input}, plane{a.h.filter, a.w.filter}, plane{a.h.output, a.w.output}
	n := input.roundings() + 1 + depth + output.roundings() + 1
	b := &winogradBound{
		winograd: a, problem: p, x: x, w: w, r: r, absInput: input.magnitudes(), absOutput: output.magnitudes(),
		filters:    make([]float64, a.area()*p.OutChannels*depth),
		filterSums: make([]float64, a.area()*p.OutChannels),
		growth:     growth(float64(n + 2)), inputFlushes: input.flushes(2), productFlushes: 3 * float64(depth), outputFlushes: output.flushes(1) + 2,
	}
	absolutes := w
	absolutes.Data = make([]float32, len(w.Data))
	for i, v := range w.Data {
		absolutes.Data[i] = float32(math.Abs(float64(v)))
	}
	filter = filter.magnitudes()
	a.transformFilters(filter.h, filter.w, absolutes, func(i int, v float64) { b.filters[i] = v })
	for i := range b.filterSums {
		b.filterSums[i] = total(b.filters[i*depth : (i+1)*depth])
	}
	return b
}

// plane is a pair of matrices, for the columns and for the rows of a tile.
type plane struct{ h, w [][]float64 }

func (l plane) magnitudes() plane { return plane{magnitudes(l.h), magnitudes(l.w)} }

// roundings is how often both directions round a term at most.
func (l plane) roundings() int { return roundings(l.h) + roundings(l.w) }

// flushes is what both directions make of errors of 1 in what they read, some times, and add themselves.
func (l plane) flushes(times float64) float64 {
	h, w := largestSum(l.h), largestSum(l.w)
	return times*h*w + w
}

// roundings is how often one direction of a transform rounds a term at most.
func roundings(l [][]float64) (most int) {
	for _, row := range l {
		n, inexact := -1, 0
		for _, v := range row {
			if v != 0 {
				n++
			}
			if !powerOfTwo(float32(v)) {
				inexact = 1
			}
		}
		most = max(most, n+inexact)
	}
	return most
}

// largestSum is the largest sum of absolute values in a row.
func largestSum(l [][]float64) (most float64) {
	for _, row := range magnitudes(l) {
		most = max(most, total(row))
	}
	return most
}

func total(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// winogradScratch is what one worker computes in.
type winogradScratch struct {
	*winogradBound
	inputs    []float64 // U of a block: positions x tiles x channels of a group
	inputSums []float64 // over its channels: positions x tiles
	products  []float64 // sum of U*V: positions x tiles x filters
}

func (b *winogradBound) newScratch() *winogradScratch {
	p := b.problem
	rows := min(blockRows, b.tiles(p)) * b.area()
	return &winogradScratch{
		winogradBound: b, inputs: make([]float64, rows*(p.InChannels/p.Groups)), inputSums: make([]float64, rows),
		products: make([]float64, rows*min(blockFilters, p.OutChannels/p.Groups)),
	}
}

// compute fills the magnitudes and bounds of a group's outputs in a block of tiles.
func (s *winogradScratch) compute(from, group int) {
	p := s.problem
	tiles := min(blockRows, s.tiles(p)-from)
	perGroup, depth := p.OutChannels/p.Groups, p.InChannels/p.Groups
	s.transformInputs(from, tiles, group*depth)
	for first := 0; first < perGroup; first += blockFilters {
		k, filters := group*perGroup+first, min(blockFilters, perGroup-first)
		for i := range s.area() {
			inputs := matrix(s.inputs[i*tiles*depth:], tiles, depth)
			weights := matrix(s.filters[(i*p.OutChannels+k)*depth:], filters, depth)
			blas64.Gemm(blas.NoTrans, blas.Trans, 1, inputs, weights, 0, matrix(s.products[i*tiles*filters:], tiles, filters))
		}
		s.finish(from, tiles, k, filters)
	}
}

// transformInputs fills U of a block of tiles, from a channel on.
func (s *winogradScratch) transformInputs(from, tiles, channel int) {
	area, depth := s.area(), s.problem.InChannels/s.problem.Groups
	d, half, out := make([]float64, area), make([]float64, area), make([]float64, area)
	clear(s.inputSums)
	for row := range tiles {
		at := s.tile(&s.problem, from+row)
		for c := range depth {
			clear(d)
			s.gather(&s.problem, at, func(i, first int) { d[i] = math.Abs(float64(s.x.Data[first+channel+c])) })
			sandwich(s.absInput.h, s.absInput.w, d, half, out)
			for i, v := range out {
				s.inputs[(i*tiles+row)*depth+c] = v
				s.inputSums[i*tiles+row] += v
			}
		}
	}
}

// finish writes the magnitudes and bounds of these filters' outputs.
func (s *winogradScratch) finish(from, tiles, k, filters int) {
	area, outputs := s.area(), s.outputs()
	terms, flushes, half := make([]float64, area), make([]float64, area), make([]float64, s.h.m*s.winograd.w.t)
	magnitude, flushed := make([]float64, outputs), make([]float64, outputs)
	for row := range tiles {
		at := s.tile(&s.problem, from+row)
		for j := range filters {
			for i := range area {
				terms[i] = s.products[(i*tiles+row)*filters+j]
				flushes[i] = s.flushes(s.inputSums[i*tiles+row], s.filterSums[i*s.problem.OutChannels+k+j])
			}
			sandwich(s.absOutput.h, s.absOutput.w, terms, half, magnitude)
			sandwich(s.absOutput.h, s.absOutput.w, flushes, half, flushed)
			bias := math.Abs(biasOf(s.w, k+j))
			s.scatter(&s.problem, at, func(i, first int) {
				out := first + k + j
				s.r.Magnitude[out] = magnitude[i] + bias
				flush := smallestNormal * (flushed[i] + s.outputFlushes)
				s.r.Allowed[out] = s.growth*(s.r.Magnitude[out]+flush) + flush
			})
		}
	}
}

// flushes is E of sums of U and V over the channels, in units of 2^-126.
func (s *winogradScratch) flushes(inputs, filters float64) float64 {
	if max(inputs, filters) > math.MaxFloat32 {
		return math.Inf(1)
	}
	return s.inputFlushes*filters + inputs + s.productFlushes
}
