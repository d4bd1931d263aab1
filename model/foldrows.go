package model

import (
	"cmp"
	"slices"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// This file computes on the host what makes numbers of rows of known ones.

// mostFolded is how many numbers rows of which the host goes through have together: the device goes through more.
const mostFolded = 1 << 16

// rows gives for each row of x along the axes where its numbers stand among all, rows and numbers in ONNX's order.
func rows(x *value, over []int) ([][]int, error) {
	each, order := 1, []int{}
	for axis := range x.rank() {
		if !slices.Contains(over, axis) {
			order = append(order, axis)
		}
	}
	for _, axis := range over {
		each *= x.shape()[axis]
	}
	view, err := op.Contiguous(x.shape()...).Permute(append(order, over...)...)
	if err != nil || each == 0 || x.view.Count() > mostFolded {
		return nil, errNotFolded
	}
	all := make([]int, x.view.Count())
	for i := range all {
		all[i] = i
	}
	return slices.Collect(slices.Chunk(gather(all, view), each)), nil
}

// reductionFolds are the operators by which two numbers of a row become one.
var reductionFolds = map[string]string{
	"ReduceSum": "Add", "ReduceMean": "Add", "ReduceProd": "Mul", "ReduceMin": "Min", "ReduceMax": "Max",
}

// foldReduce makes one number of each row of known ones.
func foldReduce(c *compiler, n *node) error {
	x := c.in(n, 0)
	over, keep, err := c.reductionOf(n, x)
	if err != nil {
		return err
	}
	name, ok := reductionFolds[n.Op]
	if !ok || len(over) == 0 || n.Op == "ReduceMean" && isWhole(x.dtype) {
		return errNotFolded
	}
	slices.Sort(over)
	all, err := rows(x, over)
	if err != nil {
		return err
	}
	from, to := x.numbers(), numbers{}
	for _, row := range all {
		// Of floating point all is added up before it is rounded.
		f := folds[name]
		if isWhole(x.dtype) {
			sum := from.ints[row[0]]
			for _, i := range row[1:] {
				sum = wrap(x.dtype, f.whole(sum, from.ints[i]), true)
			}
			to.ints = append(to.ints, sum)
			continue
		}
		sum := float64(from.floats[row[0]])
		for _, i := range row[1:] {
			sum = f.float(sum, float64(from.floats[i]))
		}
		if n.Op == "ReduceMean" {
			sum /= float64(len(row))
		}
		to.floats = append(to.floats, float32(sum))
	}
	c.set(n, 0, knownAs(x.dtype, reducedShape(x, over, keep), to))
	return nil
}

// reducedShape is x's shape with the size 1 along the axes, or without them.
func reducedShape(x *value, over []int, keep bool) []int {
	if keep {
		return kept(x.shape(), over)
	}
	return without(x.shape(), over)
}

// foldExtreme finds the largest or smallest number of each row of known ones: the first of equals, or the last.
func foldExtreme(c *compiler, n *node) error {
	x := c.in(n, 0)
	axis, keep, last, err := extremeOf(n, x)
	if err != nil {
		return err
	}
	all, err := rows(x, []int{axis})
	if err != nil {
		return err
	}
	from, to := x.numbers().float64s(), numbers{ints: []int64{}}
	for _, row := range all {
		best := 0
		for i, at := range row {
			better := cmp.Compare(from[at], from[row[best]])
			if n.Op == "ArgMin" {
				better = -better
			}
			if better > 0 || better == 0 && last {
				best = i
			}
		}
		to.ints = append(to.ints, int64(best))
	}
	c.set(n, 0, knownAs(onnx.Int64, reducedShape(x, []int{axis}, keep), to))
	return nil
}

// foldCumulate adds up known numbers along an axis.
func foldCumulate(c *compiler, n *node) error {
	x := c.in(n, 0)
	axis, exclusive, reverse, err := c.cumulationOf(n, x)
	if err != nil {
		return err
	}
	all, err := rows(x, []int{axis})
	if err != nil || !isWhole(x.dtype) {
		return errNotFolded
	}
	from := x.numbers().ints
	to := make([]int64, len(from))
	for _, row := range all {
		if reverse {
			slices.Reverse(row)
		}
		sum := int64(0)
		for _, i := range row {
			before := sum
			sum = wrap(x.dtype, sum+from[i], true)
			if to[i] = sum; exclusive {
				to[i] = before
			}
		}
	}
	c.set(n, 0, knownAs(x.dtype, x.shape(), numbers{ints: to}))
	return nil
}
