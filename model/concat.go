package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
)

// concatShape is the shape of values that are joined, and the axis.
func concatShape(n *node, all []*value) (shape []int, at int, err error) {
	if len(all) == 0 || slices.Contains(all, nil) {
		return nil, 0, fmt.Errorf("%w: Concat of %d inputs, one left out", ErrGraph, len(all))
	}
	if at, err = n.axisOf(1, all[0].rank()); err != nil {
		return nil, 0, err
	}
	shape = slices.Clone(all[0].shape())
	for _, v := range all[1:] {
		other := slices.Clone(v.shape())
		if len(other) == len(shape) {
			shape[at] += other[at]
			other[at] = shape[at]
		}
		if !slices.Equal(other, shape) || v.dtype != all[0].dtype {
			return nil, 0, fmt.Errorf("%w: Concat of %v %s and %v %s along axis %d",
				ErrGraph, all[0].dtype, all[0], v.dtype, v, at)
		}
	}
	return shape, at, nil
}

func lowerConcat(c *compiler, n *node) error {
	all := c.inputs(n)
	shape, at, err := concatShape(n, all)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, (*value).empty)
	switch {
	case len(all) == 1:
		return c.moved(n, all[0])
	case at == 1 && len(shape) > 2 && isFloat(all[0].dtype) && !slices.ContainsFunc(all, notStanding):
		return c.joined(n, all, shape)
	}
	to := result(all[0].dtype, shape, ranked(all[0].view))
	err = c.apply(n.String(), call{
		reads:  all,
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			first := 0
			for _, from := range in {
				part, err := out[0].Slice(at, first, from.Shape[at], 1)
				if err != nil {
					return err
				}
				if err := op.Copy(p, part.Of(out[0].Operand), from); err != nil {
					return err
				}
				first += from.Shape[at]
			}
			return nil
		},
		judge: c.reference(n, all, 0),
	})
	c.set(n, 0, to)
	return err
}

// notStanding tells whether a value has no channels innermost in its buffer.
func notStanding(v *value) bool {
	if v.known != nil {
		return true
	}
	_, ok := standing(v)
	return !ok
}

// joined is a concatenation along channels that stand innermost: layers write theirs in place.
func (c *compiler) joined(n *node, all []*value, shape []int) error {
	var volumes []host.Value
	for _, v := range all {
		volume, err := c.volume(v)
		if err != nil {
			return err
		}
		volumes = append(volumes, volume)
	}
	to := result(all[0].dtype, shape, channelsLast(len(shape)))
	to.buffer = buffer{volume: c.b.Concat(volumes...), count: to.view.Count(), dims: dimsOf(shape, shape[1])}
	c.set(n, 0, to)
	return nil
}
