package cpuref

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// SpaceToDepth is the layer of stride 1 that computes what p does with strides: each S x S inputs become one with
// S*S times the channels, of each group those of the first input first, and each S taps of an axis one. Its input is
// that of [SpaceToDepthInput], which has the padding, and its filters those of [SpaceToDepthFilters]; V is the
// same. Of stride 1 it is p itself. The error wraps [ErrShape] where p has a depth axis, is transposed,
// unshared or dilated, or would have too many channels, or is the problem's own.
func SpaceToDepth(p conv.Problem) (conv.Problem, error) {
	if err := p.Validate(); err != nil {
		return conv.Problem{}, err
	}
	if p.H.Stride == 1 && p.W.Stride == 1 {
		return p, nil
	}
	if p.Transposed || p.Unshared || p.Z.In*p.Z.Filter*p.Z.Out*p.Z.Stride != 1 || p.H.Dilation*p.W.Dilation != 1 {
		return conv.Problem{}, fmt.Errorf("%w: space to depth of %s, must have two axes and neither be transposed, unshared nor dilated", ErrShape, p)
	}
	if phases := p.H.Stride * p.W.Stride; phases > conv.MaxSize/p.InChannels {
		return conv.Problem{}, fmt.Errorf("%w: space to depth of %s has %d times its input channels, must have at most %d in all", ErrShape, p, phases, conv.MaxSize)
	}
	return conv.New(conv.Problem{
		Batch: p.Batch, Groups: p.Groups, InChannels: p.H.Stride * p.W.Stride * p.InChannels, OutChannels: p.OutChannels,
		H: unstrided(p.H), W: unstrided(p.W),
	})
}

// unstrided is the axis of stride 1, with the padding in its inputs.
func unstrided(a conv.Axis) conv.Axis {
	taps := ceilDiv(a.Filter, a.Stride)
	return conv.Axis{In: a.Out + taps - 1, Filter: taps}
}

// SpaceToDepthInput is the input volume of [SpaceToDepth]; for stride 1 it is x itself. Errors are those of
// SpaceToDepth and [CheckShapes].
//
// It is the twin of shaders/space_to_depth.wgsl.
func SpaceToDepthInput(p conv.Problem, x tensor.Volume) (tensor.Volume, error) {
	to, err := SpaceToDepth(p)
	if err != nil || to == p {
		return x, err
	}
	if err := checkVolume(p, "input volume", x, inputShape(p)); err != nil {
		return tensor.Volume{}, err
	}
	out := tensor.Volume{N: p.Batch, H: to.H.In, W: to.W.In, D: to.InChannels, Data: make([]float32, to.InLen())}
	depth, phases := p.InChannels/p.Groups, p.H.Stride*p.W.Stride
	for i := range out.Data {
		at := placeIn(i, 1, to.H.In, to.W.In, to.InChannels)
		group, phase := at.d/depth/phases, at.d/depth%phases
		y, inY := phaseSource(p.H, p.Padding, at.y, phase/p.W.Stride)
		x0, inX := phaseSource(p.W, p.Padding, at.x, phase%p.W.Stride)
		if inY && inX {
			out.Data[i] = x.Data[((at.n*p.H.In+y)*p.W.In+x0)*p.InChannels+group*depth+at.d%depth]
		}
	}
	return out, nil
}

// phaseSource is the input of a phase at place i of the axis of stride 1. Windows end before the last phases, whose
// weights are zero: there may be no input, whatever the padding.
func phaseSource(a conv.Axis, padding conv.Padding, i, phase int) (at int, ok bool) {
	at, ok = source(&a, padding, false, i, phase)
	return at, ok && at >= 0 && at < a.In
}

// SpaceToDepthFilters are the filters of [SpaceToDepth], zero where p's have no tap; for stride 1 they are w
// itself. Errors are those of SpaceToDepth and [CheckFilters].
func SpaceToDepthFilters(p conv.Problem, w tensor.Filters) (tensor.Filters, error) {
	to, err := SpaceToDepth(p)
	if err != nil || to == p {
		return w, err
	}
	if err := CheckFilters(p, w); err != nil {
		return tensor.Filters{}, err
	}
	out := tensor.Filters{K: w.K, H: to.H.Filter, W: to.W.Filter, D: p.H.Stride * p.W.Stride * w.D, Bias: w.Bias}
	out.Data = make([]float32, out.Len())
	for i := range w.K * w.H * w.W {
		k, y, x := i/w.W/w.H, i/w.W%w.H, i%w.W
		phase := y%p.H.Stride*p.W.Stride + x%p.W.Stride
		tap := (k*out.H+y/p.H.Stride)*out.W + x/p.W.Stride
		copy(out.Data[tap*out.D+phase*w.D:], w.Data[i*w.D:(i+1)*w.D])
	}
	return out, nil
}
