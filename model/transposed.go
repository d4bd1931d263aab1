package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/tensor"
)

// A transposed convolution is a convolution, with its filters turned round, over an input with zeros between its
// numbers
// (Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, section 4). The zeros cost
// products,
// but any algorithm serves the layer, where a transposed one is computed output by output.

// untransposed is a ConvTranspose's layer as such a convolution. ok is false where its padding cuts more than a filter
// reaches.
func untransposed(p conv.Problem) (to conv.Problem, ok bool) {
	to = p
	to.Transposed = false
	for _, a := range []*conv.Axis{&to.Z, &to.H, &to.W} {
		cut := a.Pad
		a.In, a.Pad, a.Stride = a.In*a.Stride, a.Extent()-1-cut, 1
		if a.Pad < 0 {
			return p, false
		}
	}
	to, err := conv.New(to)
	return to, err == nil
}

// turnedRound are filters whose taps stand in the opposite order.
func turnedRound(f tensor.Filters) tensor.Filters {
	taps := f.Z * f.H * f.W
	data := make([]float32, len(f.Data))
	for k := range f.K {
		for tap := range taps {
			from := f.Data[(k*taps+taps-1-tap)*f.D:][:f.D]
			copy(data[(k*taps+tap)*f.D:], from)
		}
	}
	f.Data = data
	return f
}

// spaced is a value with zeros between its numbers, and behind the last ones: each place of an axis becomes as many as
// the stride of its axis, of which the first one has the number.
func (c *compiler) spaced(n *node, x *value, strides []int) (*value, error) {
	if slices.Max(strides) == 1 {
		return x, nil
	}
	shape, split := slices.Clone(x.shape()), []int{x.shape()[0], x.shape()[1]}
	for i, s := range strides {
		split = append(split, shape[2+i], s)
		shape[2+i] *= s
	}
	to := result(x.dtype, shape, channelsLast(len(shape)))
	return to, c.apply(fmt.Sprintf("%s, zeros between its numbers", n), call{
		reads:  []*value{x},
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			zero := op.View{Shape: shape, Strides: make([]int, len(shape))}
			if err := op.Copy(p, out[0], zero.Of(constant(p, "zero", 0))); err != nil {
				return err
			}
			view, err := out[0].Reshape(split...)
			for i := range strides {
				if err == nil {
					view, err = view.Slice(3+2*i, 0, 1, 1)
				}
			}
			if err != nil {
				return err
			}
			return op.Copy(p, squeezed(view, x.shape()).Of(out[0].Operand), in[0])
		},
		judge: func(in, out []*array) (cpuref.Report, error) { return spacedOut(in[0], out[0], strides) },
	})
}

// squeezed is a view without the axes of size 1 behind each place.
func squeezed(v op.View, shape []int) op.View {
	to := op.View{Shape: shape, Strides: slices.Clone(v.Strides[:2]), Offset: v.Offset}
	for i := 2; i < v.Rank(); i += 2 {
		to.Strides = append(to.Strides, v.Strides[i])
	}
	return to
}

// spacedOut judges what spaced writes.
func spacedOut(in, out *array, strides []int) (cpuref.Report, error) {
	want := operators.Result{Array: *out}
	want.Data = make([]float64, len(out.Data))
	from, to := op.Contiguous(in.Shape...), op.Contiguous(out.Shape...)
	for i, x := range in.Data {
		at, rest := 0, i
		for axis, step := range from.Strides {
			coordinate := rest / step
			rest %= step
			if axis >= 2 {
				coordinate *= strides[axis-2]
			}
			at += coordinate * to.Strides[axis]
		}
		want.Data[at] = x
	}
	return operators.Check(*out, want)
}
