package gomlx

import (
	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gpuconv/gpuconv/onnx"
)

// This file has the operators that compute number by number.

type (
	unaryFunc  func(backends.Builder, backends.Op) (backends.Op, error)
	binaryFunc func(backends.Builder, backends.Op, backends.Op) (backends.Op, error)
)

// function is an operator of one operand that is ONNX's of these names, one after the other; without names it is none.
func (b *Builder) function(op backends.OpType, f unaryFunc, x backends.Op, as ...string) (backends.Op, error) {
	n := &node{op: op, folds: true, elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
		return one(f(on, in[0]))
	}}
	if len(as) > 0 {
		n.gpu = func(to *network, in []string) (string, error) {
			v := in[0]
			for _, name := range as {
				v = to.node(name, nil, v)
			}
			return v, nil
		}
	}
	return b.add(n, x)
}

// pair is likewise an operator of two operands of one type, floating point alone on the GPU where that is asked for:
// what follows the first of the names takes what that gives.
func (b *Builder) pair(op backends.OpType, f binaryFunc, x, y backends.Op, floats bool, as ...string) (
	backends.Op, error) {
	n := &node{op: op, folds: true, elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
		return one(f(on, in[0], in[1]))
	}}
	if v, ok := x.(*value); ok && v != nil && len(as) > 0 && isFloat(v.shape.DType) == floats {
		n.gpu = func(to *network, in []string) (string, error) {
			v := to.node(as[0], nil, in[0], in[1])
			for _, name := range as[1:] {
				v = to.node(name, nil, v)
			}
			return v, nil
		}
	}
	return b.add(n, x, y)
}

// Where is, place by place, onTrue or onFalse.
func (b *Builder) Where(condition, onTrue, onFalse backends.Op) (backends.Op, error) {
	n := &node{op: backends.OpTypeWhere, folds: true}
	n.elsewhere = func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
		return one(on.Where(in[0], in[1], in[2]))
	}
	if v, ok := onTrue.(*value); ok && v != nil && isFloat(v.shape.DType) {
		n.gpu = func(to *network, in []string) (string, error) { return to.node("Where", nil, in...), nil }
	}
	return b.add(n, condition, onTrue, onFalse)
}

// Clamp holds x between low and high.
func (b *Builder) Clamp(low, x, high backends.Op) (backends.Op, error) {
	v, err := b.Max(x, low)
	if err != nil {
		return nil, err
	}
	return b.Min(v, high)
}

// ConvertDType converts numbers to another type.
func (b *Builder) ConvertDType(x backends.Op, to dtypes.DType) (backends.Op, error) {
	n := &node{op: backends.OpTypeConvertDType, folds: true}
	n.elsewhere = func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
		return one(on.ConvertDType(in[0], to))
	}
	as, _ := b.backend.onGPU(to)
	if as != onnx.Undefined {
		n.gpu = func(w *network, in []string) (string, error) {
			return w.node("Cast", attributes{"to": int(as)}, in[0]), nil
		}
	}
	return b.add(n, x)
}
