package gomlx

import (
	"slices"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// This file has the operators that are always computed elsewhere.

// Iota counts along an axis.
func (b *Builder) Iota(shape shapes.Shape, axis int) (backends.Op, error) {
	return b.add(&node{
		op: backends.OpTypeIota,
		elsewhere: func(on backends.Builder, _ []backends.Op) ([]backends.Op, error) {
			return one(on.Iota(shape, axis))
		},
	})
}

// ArgMinMax has the indices of the smallest or largest numbers along an axis.
func (b *Builder) ArgMinMax(x backends.Op, axis int, as dtypes.DType, least bool) (backends.Op, error) {
	return b.add(&node{
		op: backends.OpTypeArgMinMax,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			return one(on.ArgMinMax(in[0], axis, as, least))
		},
	}, x)
}

// Gather picks slices by indices.
func (b *Builder) Gather(x, starts backends.Op, vectorAxis int, offsetAxes, collapsedAxes, startMap, sizes []int,
	sorted bool) (backends.Op, error) {
	offsetAxes, collapsedAxes = slices.Clone(offsetAxes), slices.Clone(collapsedAxes)
	startMap, sizes = slices.Clone(startMap), slices.Clone(sizes)
	return b.add(&node{
		op: backends.OpTypeGather,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			return one(on.Gather(in[0], in[1], vectorAxis, offsetAxes, collapsedAxes, startMap, sizes, sorted))
		},
	}, x, starts)
}

type scatterFunc func(b backends.Builder, x, starts, updates backends.Op, vectorAxis int, windowAxes, insertedAxes,
	scatterMap []int, sorted, unique bool) (backends.Op, error)

func (b *Builder) scatter(op backends.OpType, f scatterFunc, x, starts, updates backends.Op, vectorAxis int,
	windowAxes, insertedAxes, scatterMap []int, sorted, unique bool) (backends.Op, error) {
	windowAxes, insertedAxes = slices.Clone(windowAxes), slices.Clone(insertedAxes)
	scatterMap = slices.Clone(scatterMap)
	return b.add(&node{
		op: op,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			return one(f(on, in[0], in[1], in[2], vectorAxis, windowAxes, insertedAxes, scatterMap, sorted, unique))
		},
	}, x, starts, updates)
}

// RNGBitGenerator has random bits, and the next state of the generator.
func (b *Builder) RNGBitGenerator(state backends.Op, shape shapes.Shape) (next, bits backends.Op, err error) {
	out, err := b.addAll(&node{
		op: backends.OpTypeRNGBitGenerator,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			next, bits, err := on.RNGBitGenerator(in[0], shape)
			return []backends.Op{next, bits}, err
		},
	}, state)
	if err != nil {
		return nil, nil, err
	}
	return out[0], out[1], nil
}

// ScatterMax is GoMLX's.
func (b *Builder) ScatterMax(x, starts, updates backends.Op, vectorAxis int, windowAxes, insertedAxes,
	scatterMap []int, sorted, unique bool) (backends.Op, error) {
	return b.scatter(backends.OpTypeScatterMax, backends.Builder.ScatterMax, x, starts, updates, vectorAxis,
		windowAxes, insertedAxes, scatterMap, sorted, unique)
}

// ScatterMin is GoMLX's.
func (b *Builder) ScatterMin(x, starts, updates backends.Op, vectorAxis int, windowAxes, insertedAxes,
	scatterMap []int, sorted, unique bool) (backends.Op, error) {
	return b.scatter(backends.OpTypeScatterMin, backends.Builder.ScatterMin, x, starts, updates, vectorAxis,
		windowAxes, insertedAxes, scatterMap, sorted, unique)
}

// ScatterSum is GoMLX's.
func (b *Builder) ScatterSum(x, starts, updates backends.Op, vectorAxis int, windowAxes, insertedAxes,
	scatterMap []int, sorted, unique bool) (backends.Op, error) {
	return b.scatter(backends.OpTypeScatterSum, backends.Builder.ScatterSum, x, starts, updates, vectorAxis,
		windowAxes, insertedAxes, scatterMap, sorted, unique)
}
