package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/op"
)

// This file picks known numbers by known indices on the host, and puts them.

// places gives for each tuple of indices, which are the last axis of by, where the numbers begin that it names in x
// behind so many axes that both have, and how many these are.
func places(x, by *value, batch int) (first []int, each int, err error) {
	last := by.rank() - 1
	if !isWhole(by.dtype) || last < 0 || batch < 0 || batch > last || batch+by.shape()[last] > x.rank() ||
		!slices.Equal(x.shape()[:min(batch, x.rank())], by.shape()[:batch]) || by.empty() || x.empty() {
		return nil, 0, errNotFolded
	}
	tuple := by.shape()[last]
	steps := op.Contiguous(x.shape()...).Strides
	each = steps[batch+tuple-1]
	tuples := slices.Collect(slices.Chunk(by.numbers().ints, tuple))
	images := 1
	for _, size := range by.shape()[:batch] {
		images *= size
	}
	for i, indices := range tuples {
		at := i / (len(tuples) / images) * (x.view.Count() / images)
		for k, index := range indices {
			size := x.shape()[batch+k]
			if err := indexFits(index, size); err != nil {
				return nil, 0, err
			}
			at += int((index+int64(size))%int64(size)) * steps[batch+k]
		}
		first = append(first, at)
	}
	return first, each, nil
}

// foldGatherND picks what tuples of indices name.
func foldGatherND(c *compiler, n *node) error {
	x, by := c.in(n, 0), c.in(n, 1)
	batch, err := n.integer("batch_dims", 0)
	if err != nil {
		return err
	}
	first, each, err := places(x, by, batch)
	if err == nil && len(first)*each > mostFolded {
		err = errNotFolded
	}
	if err != nil {
		return err
	}
	tuple := by.shape()[by.rank()-1]
	shape := slices.Concat(by.shape()[:by.rank()-1], x.shape()[batch+tuple:])
	from, to := x.numbers(), zeros(x.dtype, len(first)*each)
	for i, at := range first {
		for k := range each {
			to.put(i*each+k, from, at+k)
		}
	}
	c.set(n, 0, knownAs(x.dtype, shape, to))
	return nil
}

// foldScatterND puts numbers where tuples of indices say.
func foldScatterND(c *compiler, n *node) error {
	x, by, updates := c.in(n, 0), c.in(n, 1), c.in(n, 2)
	reduction, err := n.text("reduction", "none")
	if err != nil {
		return err
	}
	first, each, err := places(x, by, 0)
	if err == nil && (reduction != "none" || x.view.Count() > mostFolded || updates.dtype != x.dtype) {
		err = errNotFolded
	}
	if err != nil {
		return err
	}
	tuple := by.shape()[by.rank()-1]
	if err := updatesFit(n, updates, slices.Concat(by.shape()[:by.rank()-1], x.shape()[tuple:])); err != nil {
		return err
	}
	to, from := x.numbers().clone(), updates.numbers()
	for i, at := range first {
		for k := range each {
			to.put(at+k, from, i*each+k)
		}
	}
	c.set(n, 0, knownAs(x.dtype, x.shape(), to))
	return nil
}

// foldElements is GatherElements and ScatterElements along one axis.
func foldElements(c *compiler, n *node) error {
	x, by, updates := c.in(n, 0), c.in(n, 1), c.in(n, 2)
	reduction, err := n.text("reduction", "none")
	if err != nil {
		return err
	}
	at, err := n.axisOf(0, x.rank())
	if err != nil {
		return err
	}
	if by.rank() != x.rank() || reduction != "none" || x.empty() || max(by.view.Count(), x.view.Count()) > mostFolded {
		return errNotFolded
	}
	if err := c.indicesFit(n, by, x.shape()[at]); err != nil {
		return err
	}
	picks := n.Op == "GatherElements"
	from, to, shape := x.numbers(), zeros(x.dtype, by.view.Count()), by.shape()
	if !picks {
		if updates.dtype != x.dtype {
			return errNotFolded
		}
		if err := updatesFit(n, updates, by.shape()); err != nil {
			return err
		}
		from, to, shape = updates.numbers(), x.numbers().clone(), x.shape()
	}
	steps := op.Contiguous(x.shape()...).Strides
	for i, index := range by.numbers().ints {
		place, rest := 0, i
		for axis := x.rank() - 1; axis >= 0; axis-- {
			along := rest % by.shape()[axis]
			if rest /= by.shape()[axis]; axis == at {
				along = int(index+int64(x.shape()[at])) % x.shape()[at]
			} else if along >= x.shape()[axis] {
				return fmt.Errorf("%w: %s of %s by %s, must be no longer along other axes", ErrGraph, n.Op, x, by)
			}
			place += along * steps[axis]
		}
		if picks {
			to.put(i, from, place)
		} else {
			to.put(place, from, i)
		}
	}
	c.set(n, 0, knownAs(x.dtype, shape, to))
	return nil
}
