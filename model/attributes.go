package model

import (
	"fmt"

	"github.com/gpuconv/gpuconv/onnx"
)

// attribute is the node's of that name and kind; ok is false where it is left out.
func (n *node) attribute(name string, kind onnx.AttributeKind) (a onnx.Attribute, ok bool, err error) {
	a, ok = n.Attributes[name]
	if ok && a.Kind != kind {
		return a, ok, fmt.Errorf("%w: attribute %q of another kind than %s has", ErrGraph, name, n.Op)
	}
	return a, ok, nil
}

// integer is an attribute of one whole number, of 32 bits.
func (n *node) integer(name string, otherwise int) (int, error) {
	a, ok, err := n.attribute(name, onnx.KindInt)
	if err != nil || !ok {
		return otherwise, err
	}
	if int64(int32(a.Int)) != a.Int {
		return 0, fmt.Errorf("%w: attribute %q is %d, must fit in 32 bits", ErrGraph, name, a.Int)
	}
	return int(a.Int), nil
}

// integers is an attribute of whole numbers; nil where it is left out.
func (n *node) integers(name string) ([]int64, error) {
	a, ok, err := n.attribute(name, onnx.KindInts)
	if err == nil && ok && a.Ints == nil {
		return []int64{}, nil
	}
	return a.Ints, err
}

// float is an attribute of one number.
func (n *node) float(name string, otherwise float32) (float32, error) {
	a, ok, err := n.attribute(name, onnx.KindFloat)
	if err != nil || !ok {
		return otherwise, err
	}
	return a.Float, nil
}

// text is an attribute of one word.
func (n *node) text(name, otherwise string) (string, error) {
	a, ok, err := n.attribute(name, onnx.KindString)
	if err != nil || !ok {
		return otherwise, err
	}
	return a.String, nil
}

// axis is an axis of a tensor of this rank, counted from the last one where it is negative.
func axis(axis, rank int) (int, error) {
	if axis < -rank || axis >= rank {
		return 0, fmt.Errorf(
			"%w: axis %d of a tensor of %d, must be from %d to %d",
			ErrGraph,
			axis,
			rank,
			-rank,
			rank-1,
		)
	}
	if axis < 0 {
		axis += rank
	}
	return axis, nil
}

// axisOf is the node's attribute axis.
func (n *node) axisOf(otherwise, rank int) (int, error) {
	a, err := n.integer("axis", otherwise)
	if err != nil {
		return 0, err
	}
	return axis(a, rank)
}

// axes gives each of several axes, none twice.
func axes(list []int64, rank int) (all []int, err error) {
	seen := map[int]bool{}
	for _, a := range list {
		i, err := axis(int(max(min(a, 1<<30), -1<<30)), rank)
		if err != nil {
			return nil, err
		}
		if seen[i] {
			return nil, fmt.Errorf("%w: axis %d twice", ErrGraph, a)
		}
		seen[i], all = true, append(all, i)
	}
	return all, nil
}

// listed is what newer opsets give as an input and older ones as an attribute, nil where both are left out.
func (c *compiler) listed(n *node, input int, attribute string) ([]int64, error) {
	if v := c.in(n, input); v != nil {
		return c.ints(n, v)
	}
	return n.integers(attribute)
}

// ints are the whole numbers of a value that must be known.
func (c *compiler) ints(n *node, v *value) ([]int64, error) {
	if v.known == nil {
		return nil, c.unknown(n, v)
	}
	if !isWhole(v.dtype) {
		return nil, fmt.Errorf("%w: input %s of %s is %v, must be of whole numbers", ErrGraph, v, n.Op, v.dtype)
	}
	return v.numbers().ints, nil
}

// floats are the numbers of a value that must be known.
func (c *compiler) floats(n *node, v *value) ([]float32, error) {
	if v.known == nil {
		return nil, c.unknown(n, v)
	}
	if !isFloat(v.dtype) {
		return nil, fmt.Errorf("%w: input %s of %s is %v, must be of floating point", ErrGraph, v, n.Op, v.dtype)
	}
	return v.numbers().floats, nil
}
