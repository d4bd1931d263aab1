package host_test

import (
	"fmt"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// The killers of remap.wgsl: slices, flips, paddings by more than there is, and all axes.
func init() {
	step := func(start, step int) op.Axis { return op.Axis{Start: start, Step: step} }
	for _, k := range shaders.Remaps() {
		outside := op.Outside(k.Outside)
		kill := func(in, out []int, axes ...op.Axis) killer {
			return killer{fmt.Sprintf("%v to %v", in, out), func(dev *host.Device) error {
				return remapped(dev, outside, in, out, axes)
			}}
		}
		killers[k] = []killer{
			kill([]int{5}, []int{23}, step(-11, 1)),
			kill([]int{1, 2}, []int{3, 9}, step(-1, 1), step(-4, 1)),
			kill([]int{4, 5}, []int{4, 3}, step(3, -1), step(4, -2)),
			kill([]int{4, 5}, []int{9, 11}, step(-3, 2), step(8, -3)),
			kill([]int{2, 3, 2, 1, 3, 2, 2, 3}, []int{3, 2, 2, 3, 2, 3, 4, 4}, step(-1, 1), step(2, -1), step(1, -1),
				step(-1, 1), step(4, -2), step(-2, 2), step(-1, 1), step(0, 1)),
			kill([]int{30, 512}, []int{40, 512}, step(-5, 1), step(511, -1)),
		}
	}
}

// remapped runs a map between parts of wider tensors, and judges it.
func remapped(dev *host.Device, outside op.Outside, inShape, outShape []int, axes []op.Axis) error {
	in, out := spread(inShape, 1), spread(outShape, 0)
	words := make([]uint32, end(in))
	for i := range words {
		words[i] = uint32(i) * 2654435761 // no two alike
	}
	const value = 0x7fc12345 // NaN that is no other
	got, err := hosttest.RunSteps(host.Exec(dev), []hosttest.Numbers{{DType: shaders.Int32, Words: words}},
		[]hosttest.Numbers{{DType: shaders.Int32, Words: make([]uint32, end(out))}},
		func(p *exec.Plan, ins, outs []int) error {
			return op.Map(p, out.Of(outs[0]), in.Of(ins[0]), axes, outside, value)
		})
	if err != nil {
		return err
	}
	if err := hosttest.Untouched(out, got[0]); err != nil {
		return err
	}
	at := make([]int, len(outShape))
	for i, g := range hosttest.Seen(out, got[0]) {
		rest := i
		for axis := len(at) - 1; axis >= 0; axis-- {
			at[axis] = rest % outShape[axis]
			rest /= outShape[axis]
		}
		want := uint32(value)
		if place, ok := placeIn(outside, in, axes, at); ok {
			want = words[place]
		}
		if g != want {
			return fmt.Errorf("%w: %v of %v, %s: %#x, must be %#x", cpuref.ErrMismatch, at, outShape, outside, g, want)
		}
	}
	return nil
}

// placeIn is where in has the number for some coordinates, if anywhere: it walks step by step as ONNX's Pad says.
func placeIn(outside op.Outside, in op.View, axes []op.Axis, at []int) (place int, ok bool) {
	place = in.Offset
	for axis, c := range at {
		n := in.Shape[axis]
		c = axes[axis].Start + axes[axis].Step*c
		for c < 0 || c >= n {
			switch {
			case outside == op.Constant:
				return 0, false
			case outside == op.Wrap && c < 0:
				c += n
			case outside == op.Wrap:
				c -= n
			case outside == op.Edge || n == 1:
				c = min(max(c, 0), n-1)
			case c < 0:
				c = -c
			default:
				c = 2*(n-1) - c
			}
		}
		place += c * in.Strides[axis]
	}
	return place, true
}
