package cpuref

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Reference is that of a layer that is computed by the algorithm: the values are [Im2col]'s, but the error
// that they may have is another. With U = Bᵀ x B, V = G w Gᵀ and u = 2^-23 it comes from
//
//	U        an error of at most g(i) * |Bᵀ||x||B|, for i roundings in both directions of the transform
//	V        one rounding
//	outputs  Aᵀ [sum over channels of U*V] A + b, where each term passes n more roundings: the filter's, a
//	         product and ic/g - 1 sums, those of both directions of the output's transform, and the bias
//
// where |Aᵀ| and |Bᵀ| are the absolute values of all that is added up to a number: Fourier's make some of two.
// So the error is at most
//
//	|Aᵀ| [sum over channels of (g(n+2)*|U| + (1+g(n+2))*g(i+1)*|Bᵀ||x||B|) * |V|] |A| + g(n+2)*|b|
//
// with room for the roundings of the reference itself, in float64. Where numbers are just added up a row with z
// of them, other than 0, makes z-1 roundings in any order, with or without fused operations, and one more where
// one of them is no power of two; Fourier's are those of the order of fourier.wgsl.
//
// On top, every operand and every result below 2^-126 may be flushed to zero, which later steps make
// larger. Where s is the largest sum of absolute values in a row, a transform's direction makes s of an
// error of 1 in all that it reads, and adds o for its own results. Where numbers are just added up o is s: one
// for each number of the row but the last, times what is multiplied later, which is no more than that number,
// and one for each product with a number below 1 (larger ones make no number small that was not), of which
// all rows have few enough. In units of 2^-126, with s and o of the columns' direction, s' and o' of the
// rows' and inputs that may themselves be flushed:
//
//	transformed inputs    e = s'(Bᵀ)*(s(Bᵀ) + o(Bᵀ)) + o'(Bᵀ)
//	filters               1
//	products              E = sum over channels of e*|G||w||Gᵀ| + |Bᵀ||x||B| + 3
//	outputs               |Aᵀ| E |A| + s'(Aᵀ)*o(Aᵀ) + o'(Aᵀ) + 2
//
// the 3 being the product, the sum and two flushed factors' product, the 2 the bias and the last sum. All
// this is rounded as often as the terms are, hence times 1 + g(n+2).
//
// The bound is +Inf where operands or sums pass float32's range on the way, or n is as large as Bound has it.
// Errors are those of Check and [Conv].
//
// Sources: N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, sections 3.1 and 3.3;
// B. Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural
// Networks", 2020.
func (f Transform) Reference(p conv.Problem, x tensor.Volume, w tensor.Filters) (Reference, error) {
	a, err := f.of(p)
	if err != nil {
		return Reference{}, err
	}
	r, err := Im2col(p, x, w)
	if err != nil {
		return Reference{}, err
	}
	r.Allowed = make([]float64, len(r.Value))
	b := newTransformBound(a, p, x, w, r)
	blocks := ceilDiv(a.tiles(p), blockRows)
	parallel(blocks*p.Groups, func() func(int) {
		s := b.newScratch()
		return func(i int) { s.compute(i%blocks*blockRows, i/blocks) }
	})
	return r, nil
}

// transformBound is what the bounds of all outputs have in common.
type transformBound struct {
	*tiling
	problem        conv.Problem
	x              tensor.Volume
	w              tensor.Filters
	r              Reference
	filters        []float64 // |V|, in the order of Filters
	filterSums     []float64 // of each filter of |G||w||Gᵀ|
	growth         float64   // g(n+2)
	inputGrowth    float64   // g(i+1)
	inputFlushes   float64   // e
	productFlushes float64   // 3 a channel
	outputFlushes  float64   // behind the products
}

func newTransformBound(a *tiling, p conv.Problem, x tensor.Volume, w tensor.Filters, r Reference) *transformBound {
	depth := p.InChannels / p.Groups
	n := 1 + depth + a.h.output.roundings + a.w.output.roundings + 1
	b := &transformBound{
		tiling: a, problem: p, x: x, w: w, r: r,
		filters:    make([]float64, a.area()*p.OutChannels*depth),
		filterSums: make([]float64, a.area()*p.OutChannels),
		growth:     growth(float64(n + 2)), inputGrowth: growth(float64(a.h.input.roundings + a.w.input.roundings + 1)),
		inputFlushes: flushSums(a.h.input, a.w.input, 1), productFlushes: 3 * float64(depth), outputFlushes: flushSums(a.h.output, a.w.output, 0) + 2,
	}
	a.transformFilters(a.h.filter, a.w.filter, w, func(i int, v float64) { b.filters[i] = math.Abs(v) })
	absolutes := w
	absolutes.Data = make([]float32, len(w.Data))
	for i, v := range w.Data {
		absolutes.Data[i] = float32(math.Abs(float64(v)))
	}
	sizes := make([]float64, len(b.filters))
	a.transformFilters(magnitudes(a.h.filter), magnitudes(a.w.filter), absolutes, func(i int, v float64) { sizes[i] = v })
	for i, v := range sizes {
		b.filters[i] += v * cancelled
	}
	for i := range b.filterSums {
		b.filterSums[i] = total(sizes[i*depth : (i+1)*depth])
	}
	return b
}

// cancelled is more than float64 leaves of sums that cancel out, relative to their terms.
const cancelled = 1. / (1 << 40)

// flushSums are what both directions of a transform make of an error in all that they read, and add themselves.
func flushSums(h, w stage, read float64) float64 {
	return largestSum(w.sizes)*(largestSum(h.sizes)*read+h.flushes) + w.flushes
}

// largestSum is the largest sum of a row.
func largestSum(l [][]float64) (most float64) {
	for _, row := range l {
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

// transformScratch is what one worker computes in.
type transformScratch struct {
	*transformBound
	inputs    []float64 // what |V| is multiplied by, of a block: positions x tiles x channels of a group
	inputSums []float64 // of |Bᵀ||x||B| over the channels: positions x tiles
	products  []float64 // positions x tiles x filters
}

func (b *transformBound) newScratch() *transformScratch {
	p := b.problem
	rows := min(blockRows, b.tiles(p)) * b.area()
	return &transformScratch{
		transformBound: b, inputs: make([]float64, rows*(p.InChannels/p.Groups)), inputSums: make([]float64, rows),
		products: make([]float64, rows*min(blockFilters, p.OutChannels/p.Groups)),
	}
}

// compute fills the bounds of a group's outputs in a block of tiles.
func (s *transformScratch) compute(from, group int) {
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

// transformInputs fills the inputs of a block of tiles, from a channel on.
func (s *transformScratch) transformInputs(from, tiles, channel int) {
	area, depth := s.area(), s.problem.InChannels/s.problem.Groups
	half, out, sizes := make([]float64, s.h.n*s.tiling.w.t), make([]float64, area), make([]float64, area)
	d, absolutes := make([]float64, s.tiling.inputs()), make([]float64, s.tiling.inputs())
	clear(s.inputSums)
	for row := range tiles {
		at := s.tile(&s.problem, from+row)
		for c := range depth {
			clear(d)
			s.gather(&s.problem, at, func(i, first int) { d[i] = float64(s.x.Data[first+channel+c]) })
			for i, v := range d {
				absolutes[i] = math.Abs(v)
			}
			sandwich(s.h.input.matrix, s.tiling.w.input.matrix, d, half, out)
			sandwich(s.h.input.sizes, s.tiling.w.input.sizes, absolutes, half, sizes)
			for i, v := range out {
				s.inputs[(i*tiles+row)*depth+c] = s.growth*math.Abs(v) + (1+s.growth)*s.inputGrowth*sizes[i]
				s.inputSums[i*tiles+row] += sizes[i]
			}
		}
	}
}

// finish writes the bounds of these filters' outputs.
func (s *transformScratch) finish(from, tiles, k, filters int) {
	area, outputs := s.area(), s.outputs()
	terms, flushes, half := make([]float64, area), make([]float64, area), make([]float64, s.h.m*s.tiling.w.n)
	errs, flushed := make([]float64, outputs), make([]float64, outputs)
	for row := range tiles {
		at := s.tile(&s.problem, from+row)
		for j := range filters {
			for i := range area {
				terms[i] = s.products[(i*tiles+row)*filters+j]
				flushes[i] = s.flushes(s.inputSums[i*tiles+row], s.filterSums[i*s.problem.OutChannels+k+j])
			}
			sandwich(s.h.output.sizes, s.tiling.w.output.sizes, terms, half, errs)
			sandwich(s.h.output.sizes, s.tiling.w.output.sizes, flushes, half, flushed)
			bias := math.Abs(biasOf(s.w, k+j))
			s.scatter(&s.problem, at, func(i, first int) {
				flush := smallestNormal * (flushed[i] + s.outputFlushes)
				allowed := errs[i] + s.growth*bias + (1+s.growth)*flush
				if errs[i]/s.inputGrowth > math.MaxFloat32 { // no sum on the way is larger
					allowed = math.Inf(1)
				}
				s.r.Allowed[first+k+j] = allowed
			})
		}
	}
}

// flushes is E of sums over the channels, in units of 2^-126.
func (s *transformScratch) flushes(inputs, filters float64) float64 {
	if max(inputs, filters) > math.MaxFloat32 {
		return math.Inf(1)
	}
	return s.inputFlushes*filters + inputs + s.productFlushes
}
