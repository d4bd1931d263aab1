package cpuref

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// TransformedFilterGradient is the reference of dL/dW where it is computed through a transform, the adjoint of the
// layer's own: the values are [FilterGradient]'s, into which no transform enters, but the error that they may have is
// another. With the letters of [Transformed] and dv = dL/dV,
//
//	dW = Gᵀ [sum over tiles of (Bᵀ d B) ∘ (A dv Aᵀ)] G
//
// Each term passes i roundings in both directions of the input's transform, a in those of A, a product, t - 1 sums
// of t tiles in any order, split or not, and o in both directions of Gᵀ, whose numbers are rounded themselves. With
// n = i + a + t + o the error is at most
//
//	g(n+2) * |Gᵀ| [sum over tiles of |Bᵀ||d||B| ∘ |A||dv||Aᵀ|] |G|
//
// with room for the roundings of the reference itself. What is flushed to zero on the way comes on top, as in
// Transformed: with e and f for what the transforms of d and of dv make of errors of 2^-126 in all that they read and
// write, in units of that,
//
//	products    E = sum over tiles of e*|A||dv||Aᵀ| + f*|Bᵀ||d||B| + 4
//	gradient    |Gᵀ| E |G|, and what the operations of Gᵀ add
//
// the 4 being the product, the sum, two flushed factors' product, and what is left over.
//
// The bound is +Inf where sums pass float32's range on the way, or n is as large as [Bound] has it. Errors are those
// of [transform.Transform.Check] and [FilterGradient].
func TransformedFilterGradient(by transform.Transform, p conv.Problem, x, dv tensor.Volume) (Reference, error) {
	if err := by.Check(p); err != nil {
		return Reference{}, err
	}
	a, err := tilingOf(by, p)
	if err != nil {
		return Reference{}, err
	}
	r, err := FilterGradient(p, x, dv)
	if err != nil {
		return Reference{}, err
	}
	r.Allowed = make([]float64, len(r.Value))
	b := newGradientBound(a, p, x, dv)
	parallel(p.Groups*blocksOf(p), func() func(int) {
		return func(i int) { b.block(i/blocksOf(p), i%blocksOf(p)*blockFilters, r.Allowed) }
	})
	return r, nil
}

// gradientBound is what the bounds of all weights have in common.
type gradientBound struct {
	*tiling
	problem               conv.Problem
	spread, back          [2]stage // A and Gᵀ, along the height and the width
	inputs, gradients     []float64
	growth                float64 // g(n+2)
	inputFlushes, flushes float64 // e and f
}

// blocksOf is how many blocks of filters a group has.
func blocksOf(p conv.Problem) int { return ceilDiv(p.OutChannels/p.Groups, blockFilters) }

func newGradientBound(a *tiling, p conv.Problem, x, dv tensor.Volume) *gradientBound {
	b := &gradientBound{tiling: a, problem: p}
	n := a.h.input.roundings + a.w.input.roundings + a.tiles(&p)
	for i, l := range []line{a.h, a.w} {
		b.spread[i] = summed(transposed(l.AT))
		b.back[i] = summed(transposed(l.G))
		b.back[i].roundings++ // of the numbers themselves
		b.back[i].flushes = 2 * float64(l.Products)
		n += b.spread[i].roundings + b.back[i].roundings
	}
	b.growth = growth(float64(n + 2))
	b.inputFlushes = flushSums(a.h.input, a.w.input, 1)
	b.flushes = flushSums(b.spread[0], b.spread[1], 1)
	b.inputs = b.sizes(p.InChannels, a.h.input.sizes, a.w.input.sizes, a.inputs(),
		func(at tile, do func(i, first int)) { a.gather(&b.problem, at, 0, do) }, x.Data)
	b.gradients = b.sizes(p.OutChannels, b.spread[0].sizes, b.spread[1].sizes, a.outputs(),
		func(at tile, do func(i, first int)) { a.scatter(&b.problem, at, do) }, dv.Data)
	return b
}

// transposed turns rows and columns around.
func transposed(rows [][]float64) [][]float64 {
	out := make([][]float64, len(rows[0]))
	for i := range out {
		for _, row := range rows {
			out[i] = append(out[i], row[i])
		}
	}
	return out
}

// sizes are |H||d||W|ᵀ of all tiles and channels: positions x tiles x channels. A tile has n numbers, which each says
// the places of.
func (b *gradientBound) sizes(
	channels int,
	h, w [][]float64,
	n int,
	each func(at tile, do func(i, first int)),
	data []float32,
) []float64 {
	tiles := b.tiles(&b.problem)
	all := make([]float64, b.area()*tiles*channels)
	parallel(tiles, func() func(int) {
		d, half, out := make([]float64, n), make([]float64, len(h)*len(w[0])), make([]float64, b.area())
		return func(t int) {
			for c := range channels {
				clear(d)
				each(b.tile(&b.problem, t), func(i, first int) { d[i] = math.Abs(float64(data[first+c])) })
				sandwich(h, w, d, half, out)
				for i, v := range out {
					all[(i*tiles+t)*channels+c] = v
				}
			}
		}
	})
	return all
}

// block fills in the bounds of the weights of some filters of a group.
func (b *gradientBound) block(group, first int, allowed []float64) {
	p := &b.problem
	tiles, depth, outs := b.tiles(p), p.InChannels/p.Groups, p.OutChannels/p.Groups
	filters := min(blockFilters, outs-first)
	sums, flushed := make([]float64, b.area()*filters*depth), make([]float64, b.area()*filters*depth)
	for i := range b.area() {
		x := b.inputs[i*tiles*p.InChannels+group*depth:]
		dv := b.gradients[i*tiles*p.OutChannels+group*outs+first:]
		blas64.Gemm(blas.Trans, blas.NoTrans, 1,
			blas64.General{Rows: tiles, Cols: filters, Stride: p.OutChannels, Data: dv},
			blas64.General{Rows: tiles, Cols: depth, Stride: p.InChannels, Data: x},
			0, matrix(sums[i*filters*depth:], filters, depth))
		for j := range filters {
			for c := range depth {
				e := &flushed[(i*filters+j)*depth+c]
				for t := range tiles {
					*e += b.inputFlushes*dv[t*p.OutChannels+j] + b.flushes*x[t*p.InChannels+c] + 4
				}
			}
		}
	}
	b.finish((group*outs+first)*depth, filters, depth, sums, flushed, allowed)
}

// finish fills in the bounds of so many filters, of whose products sums and flushed are.
func (b *gradientBound) finish(first, filters, depth int, sums, flushed, allowed []float64) {
	area, taps := b.area(), b.taps()
	d, e := make([]float64, area), make([]float64, area)
	half, out, more := make([]float64, b.h.Taps*b.w.Products), make([]float64, taps), make([]float64, taps)
	ends := flushSums(b.back[0], b.back[1], 0)
	for i := range filters * depth {
		for at := range area {
			d[at], e[at] = sums[at*filters*depth+i], flushed[at*filters*depth+i]
		}
		sandwich(b.back[0].sizes, b.back[1].sizes, d, half, out)
		sandwich(b.back[0].sizes, b.back[1].sizes, e, half, more)
		filter, c := i/depth, i%depth
		for tap, size := range out {
			bound := b.growth*size + (1+b.growth)*smallestNormal*(more[tap]+ends)
			if largest(d) > math.MaxFloat32 {
				bound = math.Inf(1)
			}
			allowed[first*taps+(filter*taps+tap)*depth+c] = bound
		}
	}
}

func largest(values []float64) (most float64) {
	for _, v := range values {
		most = max(most, v)
	}
	return most
}
