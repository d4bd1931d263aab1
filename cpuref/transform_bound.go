package cpuref

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// Transformed is the reference of a layer that is computed through a transform, one with strides from space to depth:
// the values are [Im2col]'s of the layer itself, into which no transform enters, but the error that they may have is
// another. In the letters of package transform, with u = 2^-23, it comes from
//
//	V = Bᵀ d B   an error of at most g(i) * |Bᵀ||d||B|, for i roundings in both directions of the transform
//	U = G g Gᵀ   one rounding
//	outputs      Aᵀ [sum over channels of U*V] A + b, where each term passes n more roundings: the filter's, a
//	             product and c - 1 sums of c channels of a group, those of both directions of the output's transform,
//	             and the bias
//
// where |Aᵀ| and |Bᵀ| are the absolute values of all that is added up to a number: Fourier's make some of two.
// So the error is at most
//
//	|Aᵀ| [sum over channels of (g(n+2)*|V| + (1+g(n+2))*g(i+1)*|Bᵀ||d||B|) * |U|] |A| + g(n+2)*|b|
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
//	products              E = sum over channels of e*|G||g||Gᵀ| + |Bᵀ||d||B| + 3
//	outputs               |Aᵀ| E |A| + s'(Aᵀ)*o(Aᵀ) + o'(Aᵀ) + 2
//
// the 3 being the product, the sum and two flushed factors' product, the 2 the bias and the last sum. All
// this is rounded as often as the terms are, hence times 1 + g(n+2).
//
// The bound is +Inf where operands or sums pass float32's range on the way, or n is as large as Bound has it.
// Errors are those of [transform.SpaceToDepth], [transform.Transform.Check] and [Conv].
//
// Sources: N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, sections 3.1 and 3.3;
// B. Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural
// Networks", 2020.
func Transformed(by transform.Transform, p conv.Problem, x tensor.Volume, w tensor.Filters) (Reference, error) {
	r, err := Im2col(p, x, w)
	if err != nil {
		return Reference{}, err
	}
	return transformedBounds(by, r, x, w)
}

// transformedBounds adds the errors that the elements of r may have.
func transformedBounds(by transform.Transform, r Reference, x tensor.Volume, w tensor.Filters) (Reference, error) {
	r.Allowed = make([]float64, len(r.Value))
	if r.Problem.Transposed {
		if err := transposedBounds(by, r, x, w); err != nil {
			return Reference{}, err
		}
		return r, nil
	}
	a, err := tilingOf(by, r.Problem)
	if err != nil {
		return Reference{}, err
	}
	b := newTransformBound(a, r.Problem, x, w)
	if r.At == nil {
		b.all(r.Allowed)
	} else {
		b.sample(r.At, r.Allowed)
	}
	return r, nil
}

// all fills in the bounds of all outputs.
func (b *transformBound) all(allowed []float64) {
	p := &b.problem
	all := b.filters(0, p.OutChannels)
	blocks := ceilDiv(b.tiles(p), blockRows)
	parallel(blocks*p.Groups, func() func(int) {
		s := b.newScratch(blockRows, blockFilters)
		return func(i int) { s.block(i%blocks*blockRows, i/blocks, all, allowed) }
	})
}

// TransformedSample is [Transformed] of the outputs with these NHWC indices, which must ascend ([Sample] gives such).
// It takes time and memory in proportion to the indices, never to the outputs. Errors are also those of
// [ConvSample].
func TransformedSample(
	by transform.Transform,
	p conv.Problem,
	x tensor.Volume,
	w tensor.Filters,
	indices []int,
) (Reference, error) {
	r, err := ConvSample(p, x, w, indices)
	if err != nil {
		return Reference{}, err
	}
	return transformedBounds(by, r, x, w)
}

// sample fills in the bounds of the outputs with these indices.
func (b *transformBound) sample(indices []int, allowed []float64) {
	p := &b.problem
	// One filter's outputs follow each other, so that a worker transforms it once.
	order := ordered(indices, p.OutChannels)
	parallel(len(order), func() func(int) {
		s, f := b.newScratch(1, 1), filterBounds{}
		return func(i int) {
			i = order[i]
			if k := indices[i] % p.OutChannels; f.count == 0 || f.first != k {
				f = b.filters(k, 1)
			}
			allowed[i] = s.one(placeOf(p, indices[i]), f)
		}
	})
}

// ordered are the indices' places in the order of their channels.
func ordered(indices []int, channels int) []int {
	order := make([]int, len(indices))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return indices[i]%channels - indices[j]%channels })
	return order
}

// transformBound is what the bounds of all outputs have in common.
type transformBound struct {
	*tiling
	problem        conv.Problem
	x              tensor.Volume
	weights        tensor.Filters
	depth          int     // the channels that are added up, each residue's
	growth         float64 // g(n+2)
	inputGrowth    float64 // g(i+1)
	inputFlushes   float64 // e
	productFlushes float64 // 3 a channel
	outputFlushes  float64 // behind the products
}

func newTransformBound(a *tiling, p conv.Problem, x tensor.Volume, w tensor.Filters) *transformBound {
	depth := residues(&p) * (p.InChannels / p.Groups)
	n := 1 + depth + a.h.output.roundings + a.w.output.roundings + 1
	return &transformBound{
		tiling: a, problem: p, x: x, weights: w, depth: depth,
		growth: growth(float64(n + 2)), inputGrowth: growth(float64(a.h.input.roundings + a.w.input.roundings + 1)),
		inputFlushes: flushSums(a.h.input, a.w.input, 1), productFlushes: 3 * float64(depth),
		outputFlushes: flushSums(a.h.output, a.w.output, 0) + 2,
	}
}

// filterBounds are what the bounds take from some filters.
type filterBounds struct {
	first, count int       // which filters
	sizes        []float64 // |U|: positions x filters x channels
	sums         []float64 // of |G||g||Gᵀ| over the channels: positions x filters
}

// filters gives what the bounds take from count filters.
func (b *transformBound) filters(first, count int) filterBounds {
	f := filterBounds{first, count, make([]float64, b.area()*count*b.depth), make([]float64, b.area()*count)}
	h, w := magnitudes(b.h.G), magnitudes(b.w.G)
	parallel(count, func() func(int) {
		g, absolutes := make([]float64, b.taps()), make([]float64, b.taps())
		half, out, sizes := make([]float64, b.h.Products*b.w.Taps), make([]float64, b.area()),
			make([]float64, b.area())
		return func(j int) {
			for c := range b.depth {
				b.gatherFilter(first+j, c, g)
				for i, v := range g {
					absolutes[i] = math.Abs(v)
				}
				sandwich(b.h.G, b.w.G, g, half, out)
				sandwich(h, w, absolutes, half, sizes)
				for i, v := range out {
					f.sizes[(i*count+j)*b.depth+c] = math.Abs(v) + cancelled*sizes[i]
					f.sums[i*count+j] += sizes[i]
				}
			}
		}
	})
	return f
}

// gatherFilter fills in the taps of filter k for one of the channels that are added up.
func (b *transformBound) gatherFilter(k, channel int, to []float64) {
	depth := b.weights.D
	filter := b.weights.Filter(k)
	clear(to)
	b.gatherTaps(&b.problem, channel/depth, func(i, tap int) { to[i] = float64(filter[tap*depth+channel%depth]) })
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
	inputs                       []float64 // what |U| is multiplied by: positions x tiles x channels
	inputSums                    []float64 // of |Bᵀ||d||B| over the channels: positions x tiles
	products                     []float64 // positions x tiles x filters
	terms, flushed               []float64 // of one tile and filter, before the output's transform
	d, half, out, sizes          []float64 // of one tile and channel
	absolutes, outHalf, outFlush []float64
	allowed                      []float64 // of a tile's outputs
}

// newScratch has room for so many tiles and filters.
func (b *transformBound) newScratch(tiles, filters int) *transformScratch {
	p, area := &b.problem, b.area()
	rows := min(tiles, b.tiles(p)) * area
	room := func(n int) []float64 { return make([]float64, n) }
	return &transformScratch{
		transformBound: b, inputs: room(rows * b.depth), inputSums: room(rows),
		products: room(rows * min(filters, p.OutChannels/p.Groups)),
		terms:    room(area), flushed: room(area), out: room(area), sizes: room(area),
		d: room(b.inputs()), absolutes: room(b.inputs()), half: room(b.h.Products * b.w.Inputs),
		outHalf: room(b.h.Outputs * b.w.Products), outFlush: room(b.outputs()), allowed: room(b.outputs()),
	}
}

// block fills in the bounds of a group's outputs in a block of tiles.
func (s *transformScratch) block(from, group int, all filterBounds, allowed []float64) {
	p := &s.problem
	tiles := make([]tile, min(blockRows, s.tiles(p)-from))
	for i := range tiles {
		tiles[i] = s.tile(p, from+i)
	}
	s.transformInputs(tiles, group)
	perGroup := p.OutChannels / p.Groups
	for first := 0; first < perGroup; first += blockFilters {
		k, filters := group*perGroup+first, min(blockFilters, perGroup-first)
		s.multiply(len(tiles), all, k, filters)
		for row, at := range tiles {
			for j := range filters {
				s.finish(row, len(tiles), all, k, j, filters)
				s.scatter(p, at, func(i, first int) { allowed[first+k+j] = s.allowed[i] })
			}
		}
	}
}

// one is the bound of the output at this place, of whose filter f is.
func (s *transformScratch) one(at place, f filterBounds) float64 {
	p := &s.problem
	t, i := s.tileOf(p, at)
	s.transformInputs([]tile{t}, at.d/(p.OutChannels/p.Groups))
	s.multiply(1, f, at.d, 1)
	s.finish(0, 1, f, at.d, 0, 1)
	return s.allowed[i]
}

// transformInputs fills in the inputs of a group for these tiles.
func (s *transformScratch) transformInputs(tiles []tile, group int) {
	depth := s.problem.InChannels / s.problem.Groups
	clear(s.inputSums)
	for row, at := range tiles {
		for c := range s.depth {
			clear(s.d)
			channel := group*depth + c%depth
			s.gather(&s.problem, at, c/depth, func(i, first int) { s.d[i] = float64(s.x.Data[first+channel]) })
			for i, v := range s.d {
				s.absolutes[i] = math.Abs(v)
			}
			sandwich(s.h.input.matrix, s.w.input.matrix, s.d, s.half, s.out)
			sandwich(s.h.input.sizes, s.w.input.sizes, s.absolutes, s.half, s.sizes)
			for i, v := range s.out {
				s.inputs[(i*len(tiles)+row)*s.depth+c] = s.growth*math.Abs(v) + (1+s.growth)*s.inputGrowth*s.sizes[i]
				s.inputSums[i*len(tiles)+row] += s.sizes[i]
			}
		}
	}
}

// multiply multiplies the inputs of tiles with the filters from k on, position by position.
func (s *transformScratch) multiply(tiles int, f filterBounds, k, filters int) {
	for i := range s.area() {
		inputs := matrix(s.inputs[i*tiles*s.depth:], tiles, s.depth)
		weights := matrix(f.sizes[(i*f.count+k-f.first)*s.depth:], filters, s.depth)
		blas64.Gemm(
			blas.NoTrans,
			blas.Trans,
			1,
			inputs,
			weights,
			0,
			matrix(s.products[i*tiles*filters:], tiles, filters),
		)
	}
}

// finish fills in the bounds of a tile's outputs of filter k+j, of the tiles and filters that were multiplied.
func (s *transformScratch) finish(row, tiles int, f filterBounds, k, j, filters int) {
	for i := range s.area() {
		s.terms[i] = s.products[(i*tiles+row)*filters+j]
		s.flushed[i] = s.flushes(s.inputSums[i*tiles+row], f.sums[i*f.count+k+j-f.first])
	}
	sandwich(s.h.output.sizes, s.w.output.sizes, s.terms, s.outHalf, s.allowed)
	sandwich(s.h.output.sizes, s.w.output.sizes, s.flushed, s.outHalf, s.outFlush)
	bias := math.Abs(biasOf(s.weights, k+j))
	for i, err := range s.allowed {
		flush := smallestNormal * (s.outFlush[i] + s.outputFlushes)
		s.allowed[i] = err + s.growth*bias + (1+s.growth)*flush
		if err/s.inputGrowth > math.MaxFloat32 { // no sum on the way is larger
			s.allowed[i] = math.Inf(1)
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
