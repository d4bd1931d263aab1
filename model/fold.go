package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// This file computes on the host what follows from constants and shapes: the arithmetic by which graphs find their
// shapes. None of it depends on what the device computes.

func foldConstant(c *compiler, n *node) error {
	for _, name := range []string{"value", "value_float", "value_int", "value_floats", "value_ints"} {
		a, ok := n.Attributes[name]
		if !ok {
			continue
		}
		var v *value
		var err error
		switch a.Kind {
		case onnx.KindTensor:
			v, err = initializer(*a.Tensor)
		case onnx.KindFloat:
			v = knownAs(onnx.Float, nil, numbers{floats: []float32{a.Float}})
		case onnx.KindInt:
			v = ints(nil, a.Int)
		case onnx.KindFloats:
			v = knownAs(onnx.Float, []int{len(a.Floats)}, numbers{floats: a.Floats})
		case onnx.KindInts:
			v = ints([]int{len(a.Ints)}, a.Ints...)
		default:
			err = fmt.Errorf("%w: attribute %q of Constant", ErrUnsupported, name)
		}
		if err == nil {
			c.set(n, 0, v)
		}
		return err
	}
	return fmt.Errorf("%w: Constant without a value of numbers", ErrUnsupported)
}

func foldConstantOfShape(c *compiler, n *node) error {
	list, err := c.ints(n, c.in(n, 0))
	if err != nil {
		return err
	}
	of := knownAs(onnx.Float, []int{1}, numbers{floats: []float32{0}})
	if a, ok := n.Attributes["value"]; ok {
		if a.Kind != onnx.KindTensor {
			return fmt.Errorf("%w: attribute value of ConstantOfShape, must be a tensor", ErrGraph)
		}
		if of, err = initializer(*a.Tensor); err != nil {
			return err
		}
	}
	shape, count := make([]int, len(list)), 1
	for i, size := range list {
		if size < 0 || size > 0 && count > (1<<28)/int(min(size, 1<<28)) {
			return fmt.Errorf("%w: ConstantOfShape of %v", ErrGraph, list)
		}
		shape[i] = int(size)
		count *= shape[i]
	}
	if of.view.Count() != 1 {
		return fmt.Errorf("%w: ConstantOfShape of a value of %d numbers, must be one", ErrGraph, of.view.Count())
	}
	c.set(n, 0, of.seen(op.View{Shape: shape, Strides: make([]int, len(shape))}))
	return nil
}

func foldShape(c *compiler, n *node) error {
	x := c.in(n, 0)
	ends := [2]int{0, x.rank()}
	for i, name := range []string{"start", "end"} {
		at, err := n.integer(name, ends[i])
		if err != nil {
			return err
		}
		if at < 0 {
			at += x.rank()
		}
		ends[i] = min(max(at, 0), x.rank())
	}
	list := []int64{}
	for i := ends[0]; i < ends[1]; i++ {
		list = append(list, int64(x.shape()[i]))
	}
	c.set(n, 0, ints([]int{len(list)}, list...))
	return nil
}

func foldSize(c *compiler, n *node) error {
	c.set(n, 0, ints(nil, int64(c.in(n, 0).view.Count())))
	return nil
}

func foldNonZero(c *compiler, n *node) error {
	x := c.in(n, 0)
	var found [][]int64
	at := make([]int64, x.rank())
	for _, f := range x.numbers().float64s() {
		if f != 0 {
			found = append(found, slices.Clone(at))
		}
		for i := x.rank() - 1; i >= 0; i-- {
			if at[i]++; at[i] < int64(x.shape()[i]) {
				break
			}
			at[i] = 0
		}
	}
	list := []int64{}
	for axis := range x.rank() {
		for _, f := range found {
			list = append(list, f[axis])
		}
	}
	c.set(n, 0, ints([]int{x.rank(), len(found)}, list...))
	return nil
}

// longestRange is the most numbers that a Range may have.
const longestRange = 1 << 28

func foldRange(c *compiler, n *node) error {
	var ends [3]float64
	t := c.in(n, 0).dtype
	for i := range ends {
		v := c.in(n, i)
		if v.view.Count() != 1 || v.dtype != t {
			return fmt.Errorf("%w: Range with %s of %v", ErrGraph, v, v.dtype)
		}
		ends[i] = v.numbers().float64s()[0]
	}
	count := math.Max(math.Ceil((ends[1]-ends[0])/ends[2]), 0)
	if ends[2] == 0 || !(count <= longestRange) {
		return fmt.Errorf("%w: Range from %v to %v by %v", ErrGraph, ends[0], ends[1], ends[2])
	}
	var all numbers
	for i := range int(count) {
		x := ends[0] + float64(i)*ends[2]
		if isFloat(t) {
			all.floats = append(all.floats, float32(x))
		} else {
			all.ints = append(all.ints, int64(x))
		}
	}
	c.set(n, 0, knownAs(t, []int{int(count)}, all))
	return nil
}

// foldCast converts numbers as C does, as ONNX has it: to whole numbers towards zero, to truth values what is not 0.
func foldCast(c *compiler, n *node) error {
	to, err := castTo(c, n)
	if err != nil {
		return err
	}
	x := c.in(n, 0)
	from := x.numbers()
	all := numbers{}
	for _, f := range from.floats {
		if isFloat(to) {
			all.floats = append(all.floats, f)
			continue
		}
		all.ints = append(all.ints, wrap(to, int64(f), f != 0))
	}
	for _, i := range from.ints {
		if isFloat(to) {
			all.floats = append(all.floats, float32(i))
			continue
		}
		all.ints = append(all.ints, wrap(to, i, i != 0))
	}
	c.set(n, 0, knownAs(to, x.shape(), all))
	return nil
}

// castTo is the data type that a Cast or CastLike gives.
func castTo(c *compiler, n *node) (onnx.DataType, error) {
	if n.Op == "CastLike" {
		return c.in(n, 1).dtype, nil
	}
	to, err := n.integer("to", int(onnx.Float))
	t := onnx.DataType(to)
	if err == nil && !isFloat(t) && !isWhole(t) {
		err = fmt.Errorf("%w: Cast to %v", ErrUnsupported, t)
	}
	return t, err
}

// wrap holds a whole number in the range of its type, as two's complement does.
func wrap(t onnx.DataType, i int64, true bool) int64 {
	switch t {
	case onnx.Bool:
		if true {
			return 1
		}
		return 0
	case onnx.Int8:
		return int64(int8(i))
	case onnx.Uint8:
		return int64(uint8(i))
	case onnx.Int16:
		return int64(int16(i))
	case onnx.Uint16:
		return int64(uint16(i))
	case onnx.Int32:
		return int64(int32(i))
	case onnx.Uint32:
		return int64(uint32(i))
	}
	return i
}

// foldConcat joins known values.
func foldConcat(c *compiler, n *node) error {
	all := c.inputs(n)
	shape, at, err := concatShape(n, all)
	if err != nil {
		return err
	}
	outer, to := 1, numbers{}
	for _, size := range shape[:at] {
		outer *= size
	}
	if isFloat(all[0].dtype) {
		to.floats = []float32{}
	} else {
		to.ints = []int64{}
	}
	for i := range outer {
		for _, v := range all {
			from := v.numbers()
			each := v.view.Count() / max(outer, 1)
			if from.floats != nil {
				to.floats = append(to.floats, from.floats[i*each:(i+1)*each]...)
			} else {
				to.ints = append(to.ints, from.ints[i*each:(i+1)*each]...)
			}
		}
	}
	c.set(n, 0, knownAs(all[0].dtype, shape, to))
	return nil
}

// foldGather picks known numbers by known indices.
func foldGather(c *compiler, n *node) error {
	x, by := c.in(n, 0), c.in(n, 1)
	at, err := n.axisOf(0, x.rank())
	if err != nil {
		return err
	}
	list, err := c.ints(n, by)
	if err != nil {
		return err
	}
	shape := slices.Concat(x.shape()[:at], by.shape(), x.shape()[at+1:])
	from := knownAs(x.dtype, x.shape(), x.numbers())
	size := x.shape()[at]
	var parts []numbers
	for _, i := range list {
		if i < -int64(size) || i >= int64(size) {
			return fmt.Errorf("%w: index %d into axis %d of %s", ErrGraph, i, at, x)
		}
		part, err := from.view.Slice(at, int((i+int64(size))%int64(size)), 1, 1)
		if err != nil {
			return err
		}
		parts = append(parts, from.known.gather(part))
	}
	outer := 1
	for _, size := range x.shape()[:at] {
		outer *= size
	}
	to := numbers{}
	for o := range outer {
		for _, p := range parts {
			each := p.count() / max(outer, 1)
			if p.floats != nil {
				to.floats = append(to.floats, p.floats[o*each:(o+1)*each]...)
			} else {
				to.ints = append(to.ints, p.ints[o*each:(o+1)*each]...)
			}
		}
	}
	c.set(n, 0, knownAs(x.dtype, shape, to))
	return nil
}
