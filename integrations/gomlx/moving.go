package gomlx

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// This file has the operators that only move numbers.

// moving adds one of them. Where nothing beside it computes, it is not worth the way to the GPU.
func (b *Builder) moving(n *node, ops ...backends.Op) (backends.Op, error) {
	n.moves = true
	return b.add(n, ops...)
}

// Identity is x.
func (b *Builder) Identity(x backends.Op) (backends.Op, error) {
	return b.moving(&node{
		op: backends.OpTypeIdentity,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			return one(on.Identity(in[0]))
		},
		gpu: func(to *network, in []string) (string, error) { return to.node("Identity", nil, in[0]), nil },
	}, x)
}

// Reshape has the numbers of x, in their order, by other dimensions.
func (b *Builder) Reshape(x backends.Op, dims ...int) (backends.Op, error) {
	dims = slices.Clone(dims)
	return b.moving(&node{
		op: backends.OpTypeReshape,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			return one(on.Reshape(in[0], dims...))
		},
		gpu: func(to *network, in []string) (string, error) { return to.reshaped(in[0], dims...), nil },
	}, x)
}

// Transpose has the axes of x in another order.
func (b *Builder) Transpose(x backends.Op, order ...int) (backends.Op, error) {
	order = slices.Clone(order)
	return b.moving(&node{
		op: backends.OpTypeTranspose,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			return one(on.Transpose(in[0], order...))
		},
		gpu: func(to *network, in []string) (string, error) {
			return to.node("Transpose", attributes{"perm": order}, in[0]), nil
		},
	}, x)
}

// BroadcastInDim repeats x: axis i of x is axis axes[i] of the result.
func (b *Builder) BroadcastInDim(x backends.Op, shape shapes.Shape, axes []int) (backends.Op, error) {
	axes = slices.Clone(axes)
	return b.moving(&node{
		op: backends.OpTypeBroadcastInDim,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			return one(on.BroadcastInDim(in[0], shape, axes))
		},
		gpu: func(to *network, in []string) (string, error) {
			thin := slices.Repeat([]int{1}, shape.Rank())
			for i, axis := range axes {
				thin[axis] = dimensionsOf(x)[i]
			}
			return to.node("Expand", nil, to.reshaped(in[0], thin...), to.ints(shape.Dimensions...)), nil
		},
	}, x)
}

// Concatenate joins values along an axis.
func (b *Builder) Concatenate(axis int, values ...backends.Op) (backends.Op, error) {
	return b.moving(&node{
		op: backends.OpTypeConcatenate,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			return one(on.Concatenate(axis, in...))
		},
		gpu: func(to *network, in []string) (string, error) {
			return to.node("Concat", attributes{"axis": axis}, in...), nil
		},
	}, values...)
}

// Slice has the indices from starts on, up to those before limits, in steps, which are 1 where strides is nil.
func (b *Builder) Slice(x backends.Op, starts, limits, strides []int) (backends.Op, error) {
	starts, limits, strides = slices.Clone(starts), slices.Clone(limits), slices.Clone(strides)
	if len(strides) == 0 {
		strides = slices.Repeat([]int{1}, len(starts))
	}
	return b.moving(&node{
		op: backends.OpTypeSlice,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			return one(on.Slice(in[0], starts, limits, strides))
		},
		gpu: func(to *network, in []string) (string, error) {
			return to.sliced(in[0], starts, limits, strides), nil
		},
	}, x)
}

// Reverse has the numbers along axes the other way round.
func (b *Builder) Reverse(x backends.Op, axes ...int) (backends.Op, error) {
	v, err := b.values(x)
	if err != nil {
		return nil, fmt.Errorf("Reverse: %w", err)
	}
	dims := v[0].shape.Dimensions
	for _, axis := range axes {
		if axis < 0 || axis >= len(dims) {
			return nil, fmt.Errorf("Reverse: axis %d of %s, must be from 0 to %d", axis, v[0].shape, len(dims)-1)
		}
	}
	axes = slices.Clone(axes)
	return b.moving(&node{
		op: backends.OpTypeReverse,
		elsewhere: func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
			return one(reversed(on, in[0], dims, axes))
		},
		gpu: func(to *network, in []string) (string, error) { return to.reversed(in[0], dims, axes), nil },
	}, x)
}

// reversed has axes the other way round.
func (n *network) reversed(x string, dims, axes []int) string {
	starts, limits, steps := make([]int, len(dims)), slices.Clone(dims), slices.Repeat([]int{1}, len(dims))
	for _, axis := range axes {
		starts[axis], limits[axis], steps[axis] = dims[axis]-1, -dims[axis]-1, -1
	}
	return n.sliced(x, starts, limits, steps)
}

// reversed gathers along each axis by indices that go down, for simplego has no such operator.
func reversed(on backends.Builder, x backends.Op, dims, axes []int) (backends.Op, error) {
	for _, axis := range axes {
		down := make([]int32, dims[axis])
		for i := range down {
			down[i] = int32(len(down) - 1 - i)
		}
		by, err := on.Constant(down, len(down), 1)
		if err != nil {
			return nil, err
		}
		sizes, others := slices.Clone(dims), slices.Delete(indices(len(dims)), axis, axis+1)
		sizes[axis] = 1
		if x, err = on.Gather(x, by, 1, others, []int{axis}, []int{axis}, sizes, false); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// Pad has numbers of the scalar with around those of x, and between them. It cuts off where Start or End is below 0.
func (b *Builder) Pad(x, with backends.Op, axes ...backends.PadAxis) (backends.Op, error) {
	v, err := b.values(x, with)
	if err != nil {
		return nil, fmt.Errorf("Pad: %w", err)
	}
	dims := v[0].shape.Dimensions
	if err := checkPads(v[0].shape, v[1].shape, axes); err != nil {
		return nil, err
	}
	axes = append(slices.Clone(axes), make([]backends.PadAxis, len(dims)-len(axes))...)
	n := &node{op: backends.OpTypePad}
	n.elsewhere = func(on backends.Builder, in []backends.Op) ([]backends.Op, error) {
		return one(padded(on, in[0], in[1], dims, axes))
	}
	number, known := v[1].node.number()
	switch {
	case !known:
		n.why = "the number to pad with is no constant"
	case !isFloat(v[0].shape.DType):
		n.why = fmt.Sprintf("data type %s", v[0].shape.DType)
	}
	n.gpu = func(to *network, in []string) (string, error) {
		begins, ends, gaps := make([]int, len(axes)), make([]int, len(axes)), make([]int, len(axes))
		for i, a := range axes {
			begins[i], ends[i], gaps[i] = a.Start, a.End, a.Interior
		}
		wide, _ := to.spread(in[0], dims, gaps, number)
		return to.padded(wide, begins, ends, number), nil
	}
	return b.moving(n, x, with)
}

// checkPads reports pads that x cannot have.
func checkPads(x, with shapes.Shape, axes []backends.PadAxis) error {
	if with.Rank() != 0 || with.DType != x.DType || len(axes) > x.Rank() {
		return fmt.Errorf("Pad: %d axes of %s with %s, must be of its axes, with a scalar of its type", len(axes), x,
			with)
	}
	for i, a := range axes {
		size := x.Dimensions[i]
		if now := size + max(size-1, 0)*a.Interior + a.Start + a.End; a.Interior < 0 || now < 1 {
			return fmt.Errorf("Pad: axis %d of %s by %+v, must leave 1 or more, and Interior be 0 or more", i, x, a)
		}
	}
	return nil
}

// padded joins x with numbers, axis by axis, for simplego has no such operator.
func padded(on backends.Builder, x, with backends.Op, dims []int, axes []backends.PadAxis) (
	_ backends.Op, err error) {
	dims = slices.Clone(dims)
	for i, a := range axes {
		if a.Interior > 0 && dims[i] > 1 {
			if x, err = gapped(on, x, with, dims, i, a.Interior); err != nil {
				return nil, err
			}
			dims[i] += (dims[i] - 1) * a.Interior
		}
		if x, err = beside(on, x, with, dims, i, max(a.Start, 0), max(a.End, 0)); err != nil {
			return nil, err
		}
		dims[i] += max(a.Start, 0) + max(a.End, 0)
		if a.Start < 0 || a.End < 0 {
			starts, limits := make([]int, len(dims)), slices.Clone(dims)
			starts[i], limits[i] = max(-a.Start, 0), dims[i]-max(-a.End, 0)
			if x, err = on.Slice(x, starts, limits, slices.Repeat([]int{1}, len(dims))); err != nil {
				return nil, err
			}
			dims[i] = limits[i] - starts[i]
		}
	}
	return x, nil
}

// gapped has so many numbers between those of x along an axis.
func gapped(on backends.Builder, x, with backends.Op, dims []int, axis, gap int) (backends.Op, error) {
	split := slices.Insert(slices.Clone(dims), axis+1, 1)
	x, err := on.Reshape(x, split...)
	if err == nil {
		x, err = beside(on, x, with, split, axis+1, 0, gap)
	}
	if err != nil {
		return nil, err
	}
	joined := slices.Clone(dims)
	joined[axis] *= gap + 1
	if x, err = on.Reshape(x, joined...); err != nil {
		return nil, err
	}
	limits := slices.Clone(joined)
	limits[axis] -= gap
	return on.Slice(x, make([]int, len(dims)), limits, slices.Repeat([]int{1}, len(dims)))
}

// beside has so many numbers before and behind those of x along an axis.
func beside(on backends.Builder, x, with backends.Op, dims []int, axis, before, behind int) (backends.Op, error) {
	var all []backends.Op
	shape, err := on.OpShape(with)
	if err != nil {
		return nil, err
	}
	for i, n := range []int{before, behind} {
		if i == 1 {
			all = append(all, x)
		}
		if n == 0 {
			continue
		}
		size := slices.Clone(dims)
		size[axis] = n
		block, err := on.BroadcastInDim(with, shapes.Make(shape.DType, size...), nil)
		if err != nil {
			return nil, err
		}
		all = append(all, block)
	}
	if len(all) == 1 {
		return x, nil
	}
	return on.Concatenate(axis, all...)
}
