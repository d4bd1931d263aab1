package gomlx

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// This file has the products of vectors, matrices and more.

// Dot is the product of vectors and matrices: of the last axis of x and the first of y.
func (b *Builder) Dot(x, y backends.Op) (backends.Op, error) {
	v, err := b.values(x, y)
	if err != nil {
		return nil, fmt.Errorf("Dot: %w", err)
	}
	a, c := v[0].shape.Rank(), v[1].shape.Rank()
	if a < 1 || a > 2 || c < 1 || c > 2 {
		return nil, fmt.Errorf("Dot: %s and %s, must be vectors or matrices",
			v[0].shape, v[1].shape)
	}
	return b.DotGeneral(x, []int{a - 1}, nil, y, []int{0}, nil)
}

// DotGeneral is the product along pairs of contracted axes, for each index of pairs of batch axes.
func (b *Builder) DotGeneral(x backends.Op, xContracted, xBatch []int, y backends.Op, yContracted, yBatch []int) (
	backends.Op, error) {
	v, err := b.values(x, y)
	if err != nil {
		return nil, fmt.Errorf("DotGeneral: %w", err)
	}
	// simplego changes the lists that it is given.
	lists := func() [4][]int {
		return [4][]int{slices.Clone(xContracted), slices.Clone(xBatch), slices.Clone(yContracted),
			slices.Clone(yBatch)}
	}
	given := lists()
	n := &node{op: backends.OpTypeDotGeneral}
	n.elsewhere = func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
		l := [4][]int{}
		for i, list := range given {
			l[i] = slices.Clone(list)
		}
		return one(on.DotGeneral(in[0], l[0], l[1], in[1], l[2], l[3]))
	}
	if isFloat(v[0].shape.DType) {
		n.gpu = func(to *network, in []string) (string, error) {
			return dotGeneral(to, in, v[0].shape, v[1].shape, given), nil
		}
	}
	return b.add(n, x, y)
}

// dotGeneral is a product of matrices, one for each index of the batch axes.
func dotGeneral(to *network, in []string, x, y shapes.Shape, lists [4][]int) string {
	side := func(s shapes.Shape, contracted, batch []int) (con, bat, free []int) {
		con, bat = positive(contracted, s.Rank()), positive(batch, s.Rank())
		for i := range s.Rank() {
			if !slices.Contains(con, i) && !slices.Contains(bat, i) {
				free = append(free, i)
			}
		}
		return con, bat, free
	}
	xc, xb, xf := side(x, lists[0], lists[1])
	yc, yb, yf := side(y, lists[2], lists[3])
	xd, yd := x.Dimensions, y.Dimensions
	many, rows, depth, columns := product(at(xd, xb)), product(at(xd, xf)), product(at(xd, xc)), product(at(yd, yf))
	a := to.reshaped(to.transposed(in[0], slices.Concat(xb, xf, xc)), many, rows, depth)
	c := to.reshaped(to.transposed(in[1], slices.Concat(yb, yc, yf)), many, depth, columns)
	return to.reshaped(to.node("MatMul", nil, a, c), slices.Concat(at(xd, xb), at(xd, xf), at(yd, yf))...)
}

// positive counts axes below 0 from behind.
func positive(axes []int, rank int) []int {
	to := slices.Clone(axes)
	for i := range to {
		if to[i] < 0 {
			to[i] += rank
		}
	}
	return to
}
