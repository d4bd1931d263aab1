package gomlx

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// This file composes batch normalization.

// normalization is one of x along an axis: of each index there one mean, one variance, one scale and one offset.
type normalization struct {
	formula
	shape shapes.Shape
	axis  int
	count float64 // of the numbers that have an index in common
}

// normalized holds what operators are given: all but x must have a number for each index of the axis.
func (b *Builder) normalized(op backends.OpType, axis int, x backends.Op, others ...backends.Op) (
	*normalization, error) {
	v, err := b.values(append([]backends.Op{x}, others...)...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	shape := v[0].shape
	if axis < 0 {
		axis += shape.Rank()
	}
	if axis < 0 || axis >= shape.Rank() || !isFloat(shape.DType) || shape.Size() == 0 {
		return nil, fmt.Errorf("%s: axis %d of %s, must be one of its axes, of floating point", op, axis, shape)
	}
	for _, of := range v[1:] {
		if of.shape.Rank() != 1 || of.shape.Dimensions[0] != shape.Dimensions[axis] || of.shape.DType != shape.DType {
			return nil, fmt.Errorf("%s: %s beside %s, must have a number of its type for each index of axis %d", op,
				of.shape, shape, axis)
		}
	}
	return &normalization{formula{b: b}, shape, axis, float64(shape.Size() / shape.Dimensions[axis])}, nil
}

// wide has a number for each index of the axis as one that is repeated along all others.
func (f *normalization) wide(of backends.Op) backends.Op {
	thin := slices.Repeat([]int{1}, f.shape.Rank())
	thin[f.axis] = f.shape.Dimensions[f.axis]
	return f.then(func() (backends.Op, error) { return f.b.Reshape(of, thin...) })
}

// sum is that of the numbers of each index.
func (f *normalization) sum(x backends.Op) backends.Op {
	others := slices.Delete(indices(f.shape.Rank()), f.axis, f.axis+1)
	if len(others) == 0 {
		return x
	}
	return f.then(func() (backends.Op, error) { return f.b.ReduceSum(x, others...) })
}

// mean is that of the numbers of each index.
func (f *normalization) mean(x backends.Op) backends.Op {
	return f.pair(f.b.Div, f.sum(x), f.number(f.shape.DType, f.count))
}

// unit is (x - mean) / sqrt(variance + epsilon), and the root.
func (f *normalization) unit(x, mean, variance backends.Op, epsilon float32) (unit, root backends.Op) {
	root = f.pair(f.b.Add, variance, f.number(f.shape.DType, float64(epsilon)))
	root = f.wide(f.then(func() (backends.Op, error) { return f.b.Sqrt(root) }))
	return f.pair(f.b.Div, f.pair(f.b.Sub, x, f.wide(mean)), root), root
}

// scaled is unit * scale + offset.
func (f *normalization) scaled(unit, scale, offset backends.Op) backends.Op {
	return f.pair(f.b.Add, f.pair(f.b.Mul, unit, f.wide(scale)), f.wide(offset))
}

// BatchNormForInference is (x - mean) / sqrt(variance + epsilon) * scale + offset, which have a number each for each
// index of an axis.
func (b *Builder) BatchNormForInference(x, scale, offset, mean, variance backends.Op, epsilon float32, axis int) (
	backends.Op, error) {
	f, err := b.normalized(backends.OpTypeBatchNormForInference, axis, x, scale, offset, mean, variance)
	if err != nil {
		return nil, err
	}
	unit, _ := f.unit(x, mean, variance, epsilon)
	y := f.scaled(unit, scale, offset)
	return y, f.err
}

// BatchNormForTraining is the same with the mean and the variance of x, which it gives too.
func (b *Builder) BatchNormForTraining(x, scale, offset backends.Op, epsilon float32, axis int) (
	y, mean, variance backends.Op, err error) {
	f, err := b.normalized(backends.OpTypeBatchNormForTraining, axis, x, scale, offset)
	if err != nil {
		return nil, nil, nil, err
	}
	mean = f.mean(x)
	apart := f.pair(b.Sub, x, f.wide(mean))
	variance = f.mean(f.pair(b.Mul, apart, apart))
	unit, _ := f.unit(x, mean, variance, epsilon)
	y = f.scaled(unit, scale, offset)
	return y, mean, variance, f.err
}

// BatchNormGradient is the gradients of BatchNormForTraining with respect to x, scale and offset, given that with
// respect to its y, and the mean and the variance of x.
func (b *Builder) BatchNormGradient(x, scale, mean, variance, dy backends.Op, epsilon float32, axis int) (
	dx, dscale, doffset backends.Op, err error) {
	f, err := b.normalized(backends.OpTypeBatchNormGradient, axis, x, scale, mean, variance)
	if err != nil {
		return nil, nil, nil, err
	}
	unit, root := f.unit(x, mean, variance, epsilon)
	along := f.pair(b.Mul, dy, unit)
	doffset, dscale = f.sum(dy), f.sum(along)
	dx = f.pair(b.Sub, dy, f.wide(f.mean(dy)))
	dx = f.pair(b.Sub, dx, f.pair(b.Mul, unit, f.wide(f.mean(along))))
	dx = f.pair(b.Mul, dx, f.pair(b.Div, f.wide(scale), root))
	return dx, dscale, doffset, f.err
}
