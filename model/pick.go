package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// This file lowers the operators that pick numbers by indices, and those that say where numbers are.

// picking are these operators.
var picking = map[string]lowering{
	"Gather":          {fold: foldGather, lower: lowerGather},
	"GatherElements":  {fold: foldElements, lower: lowerGatherElements},
	"GatherND":        {fold: foldGatherND, lower: lowerGatherND},
	"OneHot":          {lower: lowerOneHot},
	"TopK":            {lower: lowerTopK},
	"Scatter":         {fold: foldElements, lower: lowerScatter}, // ScatterElements until opset 10
	"ScatterElements": {fold: foldElements, lower: lowerScatter},
	"ScatterND":       {fold: foldScatterND, lower: lowerScatter},
	"Trilu":           {lower: lowerTrilu},
	"EyeLike":         {lower: foldEyeLike},
}

// lowerGather is a view where one index is known.
func lowerGather(c *compiler, n *node) error {
	x, by := c.in(n, 0), c.in(n, 1)
	at, err := n.axisOf(0, x.rank())
	if err != nil {
		return err
	}
	shape := slices.Concat(x.shape()[:at], by.shape(), x.shape()[at+1:])
	if by.known == nil || by.view.Count() != 1 {
		if err := c.indicesFit(n, by, x.shape()[at]); err != nil {
			return err
		}
		return c.picked(n, x, by, shape, func(p *exec.Plan, x, by,
			v op.Tensor) error {
			return op.Gather(p, x, by, v, at)
		})
	}
	list, err := c.ints(n, by)
	if err != nil {
		return err
	}
	if err := indexFits(list[0], x.shape()[at]); err != nil {
		return err
	}
	i := int(list[0])
	if i < 0 {
		i += x.shape()[at]
	}
	strides := slices.Concat(x.view.Strides[:at], make([]int, by.rank()), x.view.Strides[at+1:])
	return c.moved(n, x.seen(op.View{Shape: shape, Strides: strides, Offset: x.view.Offset + i*x.view.Strides[at]}))
}

// indexFits reports an index that an axis of this size does not have.
func indexFits(i int64, size int) error {
	if i < -int64(size) || i >= int64(size) {
		return fmt.Errorf("%w: index %d, must be from %d to %d", ErrGraph, i, -size, size-1)
	}
	return nil
}

// indicesFit checks indices as far as they are known: those that only the device knows pick numbers from anywhere
// where they do not fit.
func (c *compiler) indicesFit(n *node, by *value, size int) error {
	if !isWhole(by.dtype) {
		return fmt.Errorf("%w: indices %v %s of %s", ErrGraph, by.dtype, by, n.Op)
	}
	if by.known == nil {
		return nil
	}
	for _, i := range by.numbers().ints {
		if err := indexFits(i, size); err != nil {
			return err
		}
	}
	return nil
}

// picked adds a node whose output has numbers of x that indices name.
func (c *compiler) picked(
	n *node, x, by *value, shape []int, steps func(p *exec.Plan, x, by, v op.Tensor) error,
) error {
	to := plain(x.dtype, shape)
	if len(shape) == x.rank() {
		to = result(x.dtype, shape, ranked(x.view))
	}
	if to.empty() {
		c.set(n, 0, to)
		return nil
	}
	reads := []*value{x, by}
	err := c.apply(n.String(), call{
		reads:  reads,
		writes: []*value{to},
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return steps(p, in[0], in[1], out[0]) },
		judge:  c.reference(n, reads, 0),
	})
	c.set(n, 0, to)
	return err
}

func lowerGatherElements(c *compiler, n *node) error {
	x, by := c.in(n, 0), c.in(n, 1)
	at, err := n.axisOf(0, x.rank())
	if err != nil {
		return err
	}
	if by.rank() != x.rank() {
		return fmt.Errorf("%w: GatherElements of %s by %s, must have as many axes", ErrGraph, x, by)
	}
	if err := c.indicesFit(n, by, x.shape()[at]); err != nil {
		return err
	}
	return c.picked(n, x, by, by.shape(), func(p *exec.Plan, x, by, v op.Tensor) error {
		return op.GatherElements(p, x, by, v, at)
	})
}

func lowerGatherND(c *compiler, n *node) error {
	x, by := c.in(n, 0), c.in(n, 1)
	batch, err := n.integer("batch_dims", 0)
	if err != nil {
		return err
	}
	last := by.rank() - 1
	if last < 0 || batch < 0 || batch > last || batch+by.shape()[last] > x.rank() || !isWhole(by.dtype) {
		return fmt.Errorf("%w: GatherND of %s by %v %s behind %d axes", ErrGraph, x, by.dtype, by, batch)
	}
	shape := slices.Concat(by.shape()[:last], x.shape()[batch+by.shape()[last]:])
	return c.picked(n, x, by, shape, func(p *exec.Plan, x, by,
		v op.Tensor) error {
		return op.GatherND(p, x, by, v, batch)
	})
}

func lowerOneHot(c *compiler, n *node) error {
	n, err := c.wholeIndices(n)
	if err != nil {
		return err
	}
	indices, size, values := c.in(n, 0), c.in(n, 1), c.in(n, 2)
	if size.known == nil {
		return c.unknown(n, size)
	}
	depth := size.numbers().float64s() // of any type of numbers
	at, err := n.axisOf(-1, indices.rank()+1)
	if err != nil {
		return err
	}
	if len(depth) != 1 || !(depth[0] >= 1 && depth[0] < 1<<31) || !isWhole(indices.dtype) ||
		!slices.Equal(values.shape(), []int{2}) {
		return fmt.Errorf("%w: OneHot of %v %s to a depth of %v and %s", ErrUnsupported, indices.dtype, indices, depth,
			values)
	}
	to := plain(values.dtype, slices.Insert(slices.Clone(indices.shape()), at, int(depth[0])))
	reads := []*value{indices, values}
	err = c.apply(n.String(), call{
		reads:  reads,
		writes: []*value{to},
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return op.OneHot(p, in[0], in[1], out[0], at) },
		judge:  c.reference(n, reads, 0),
	})
	c.set(n, 0, to)
	return err
}

// wholeIndices has a Cast before a node whose first input are indices of floating point, as ONNX says of OneHot.
func (c *compiler) wholeIndices(n *node) (*node, error) {
	x := c.in(n, 0)
	if !isFloat(x.dtype) {
		return n, nil
	}
	name := fmt.Sprintf("%s of node %d", x.name, n.index)
	to := map[string]onnx.Attribute{"to": {Kind: onnx.KindInt, Int: int64(onnx.Int64)}}
	cast := &node{Node: onnx.Node{Op: "Cast", Inputs: n.Inputs[:1], Outputs: []string{name}, Attributes: to}}
	cast.index = n.index
	if err := lowerCast(c, cast); err != nil {
		return nil, err
	}
	with := *n
	with.Inputs = append([]string{name}, n.Inputs[1:]...)
	return &with, nil
}

// lowerTopK lowers TopK; k is an attribute before opset 10, and must be known.
func lowerTopK(c *compiler, n *node) error {
	x := c.in(n, 0)
	at, err := n.axisOf(-1, x.rank())
	if err != nil {
		return err
	}
	var k int
	if count := c.in(n, 1); count != nil {
		list, err := c.ints(n, count)
		if err != nil {
			return err
		}
		if len(list) != 1 || list[0] != int64(int32(list[0])) {
			return fmt.Errorf("%w: k of TopK is %v, must be one number", ErrGraph, list)
		}
		k = int(list[0])
	} else if k, err = n.integer("k", 0); err != nil {
		return err
	}
	largest, err := n.integer("largest", 1)
	if err != nil {
		return err
	}
	if k < 1 || k > x.shape()[at] {
		return fmt.Errorf("%w: the best %d of axis %d of %s, must be from 1 to its size", ErrUnsupported, k, at, x)
	}
	shape := slices.Clone(x.shape())
	shape[at] = k
	to := []*value{result(x.dtype, shape, ranked(x.view)), result(onnx.Int64, shape, ranked(x.view))}
	err = c.apply(n.String(), call{
		reads:  []*value{x},
		writes: to,
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			return op.TopK(p, in[0], out[0], out[1], at, largest != 0)
		},
		judge: c.reference(n, []*value{x}, 0, 1),
	})
	c.set(n, 0, to[0])
	c.set(n, 1, to[1])
	return err
}

// lowerTrilu keeps the numbers of matrices on one side of a diagonal; others are 0.
func lowerTrilu(c *compiler, n *node) error {
	x := c.in(n, 0)
	upper, err := n.integer("upper", 1)
	if err != nil {
		return err
	}
	diagonal := int64(0)
	if k := c.in(n, 1); k != nil {
		list, err := c.ints(n, k)
		if err != nil {
			return err
		}
		if len(list) != 1 {
			return fmt.Errorf("%w: k of Trilu is %v, must be one number", ErrGraph, list)
		}
		diagonal = list[0]
	}
	if x.rank() < 2 {
		return fmt.Errorf("%w: Trilu of %s, must have two axes or more", ErrGraph, x)
	}
	if x.empty() {
		return c.moved(n, x)
	}
	rows, columns := x.shape()[x.rank()-2], x.shape()[x.rank()-1]
	mask, zero := numbers{}, numbers{ints: []int64{0}}
	if isFloat(x.dtype) {
		zero = numbers{floats: []float32{0}}
	}
	for i := range rows {
		for k := range columns {
			off := int64(k-i) - diagonal
			mask.ints = append(mask.ints, int64(boolean(off == 0 || off > 0 == (upper != 0))))
		}
	}
	return c.pointwise(n, x.dtype, formula{{name: "where"}},
		knownAs(onnx.Bool, []int{rows, columns}, mask), x, knownAs(x.dtype, nil, zero))
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// foldEyeLike follows from the shape of its input alone.
func foldEyeLike(c *compiler, n *node) error {
	x := c.in(n, 0)
	diagonal, err := n.integer("k", 0)
	if err != nil {
		return err
	}
	t, err := n.integer("dtype", int(x.dtype))
	if err != nil {
		return err
	}
	to := knownAs(onnx.DataType(t), x.shape(), numbers{})
	if x.rank() != 2 || !isFloat(to.dtype) && !isWhole(to.dtype) {
		return fmt.Errorf("%w: EyeLike of %s as %v", ErrUnsupported, x, to.dtype)
	}
	for i := range x.view.Count() {
		one := boolean(i%x.shape()[1]-i/x.shape()[1] == diagonal)
		if isFloat(to.dtype) {
			to.known.floats = append(to.known.floats, float32(one))
		} else {
			to.known.ints = append(to.known.ints, int64(one))
		}
	}
	c.set(n, 0, to)
	return nil
}
