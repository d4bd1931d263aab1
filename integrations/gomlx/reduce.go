package gomlx

import (
	"slices"

	"github.com/gomlx/gomlx/backends"
)

// This file has the reductions along axes.

type reduceFunc func(b backends.Builder, x backends.Op, axes ...int) (backends.Op, error)

// reduce is a reduction along axes, all where there are none, that is ONNX's of this name; without a name it is none.
func (b *Builder) reduce(op backends.OpType, f reduceFunc, x backends.Op, axes []int, as string) (
	backends.Op, error) {
	axes = slices.Clone(axes)
	n := &node{op: op, elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
		return one(f(on, in[0], axes...))
	}}
	v, ok := x.(*value)
	if ok && v != nil && as != "" && isFloat(v.shape.DType) {
		over := axes
		if len(over) == 0 {
			over = indices(v.shape.Rank())
		}
		n.gpu = func(to *network, in []string) (string, error) {
			switch {
			case len(over) == 0: // of a scalar
				return to.node("Identity", nil, in[0]), nil
			case as == "ReduceSum":
				return to.node(as, attributes{"keepdims": 0}, in[0], to.ints(over...)), nil
			}
			return to.node(as, attributes{"keepdims": 0, "axes": over}, in[0]), nil
		}
	}
	return b.add(n, x)
}

// ReduceSum is GoMLX's.
func (b *Builder) ReduceSum(x backends.Op, axes ...int) (backends.Op, error) {
	return b.reduce(backends.OpTypeReduceSum, backends.Builder.ReduceSum, x, axes, "ReduceSum")
}

// ReduceMax is GoMLX's.
func (b *Builder) ReduceMax(x backends.Op, axes ...int) (backends.Op, error) {
	return b.reduce(backends.OpTypeReduceMax, backends.Builder.ReduceMax, x, axes, "ReduceMax")
}

// ReduceMin is GoMLX's.
func (b *Builder) ReduceMin(x backends.Op, axes ...int) (backends.Op, error) {
	return b.reduce(backends.OpTypeReduceMin, backends.Builder.ReduceMin, x, axes, "ReduceMin")
}

// ReduceProduct is GoMLX's.
func (b *Builder) ReduceProduct(x backends.Op, axes ...int) (backends.Op, error) {
	return b.reduce(backends.OpTypeReduceProduct, backends.Builder.ReduceProduct, x, axes, "ReduceProd")
}

// ReduceBitwiseAnd is GoMLX's.
func (b *Builder) ReduceBitwiseAnd(x backends.Op, axes ...int) (backends.Op, error) {
	return b.reduce(backends.OpTypeReduceBitwiseAnd, backends.Builder.ReduceBitwiseAnd, x, axes, "")
}

// ReduceBitwiseOr is GoMLX's.
func (b *Builder) ReduceBitwiseOr(x backends.Op, axes ...int) (backends.Op, error) {
	return b.reduce(backends.OpTypeReduceBitwiseOr, backends.Builder.ReduceBitwiseOr, x, axes, "")
}

// ReduceBitwiseXor is GoMLX's.
func (b *Builder) ReduceBitwiseXor(x backends.Op, axes ...int) (backends.Op, error) {
	return b.reduce(backends.OpTypeReduceBitwiseXor, backends.Builder.ReduceBitwiseXor, x, axes, "")
}

// ReduceLogicalAnd is GoMLX's.
func (b *Builder) ReduceLogicalAnd(x backends.Op, axes ...int) (backends.Op, error) {
	return b.reduce(backends.OpTypeReduceLogicalAnd, backends.Builder.ReduceLogicalAnd, x, axes, "")
}

// ReduceLogicalOr is GoMLX's.
func (b *Builder) ReduceLogicalOr(x backends.Op, axes ...int) (backends.Op, error) {
	return b.reduce(backends.OpTypeReduceLogicalOr, backends.Builder.ReduceLogicalOr, x, axes, "")
}

// ReduceLogicalXor is GoMLX's.
func (b *Builder) ReduceLogicalXor(x backends.Op, axes ...int) (backends.Op, error) {
	return b.reduce(backends.OpTypeReduceLogicalXor, backends.Builder.ReduceLogicalXor, x, axes, "")
}
