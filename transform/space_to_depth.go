package transform

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// SpaceToDepth is the layer of stride 1 that computes what p does with strides: each S x S inputs become one with
// S*S times the channels, of each group those of the first input first, and each S taps of an axis one. Its input has
// the padding, and its filters are those of [SpaceToDepthFilters]; the outputs are the same. Of stride 1 it is p
// itself. The error wraps [ErrUnsupported] where p has a depth axis, is transposed, unshared or dilated, or would have
// too many channels, or is the problem's own.
func SpaceToDepth(p conv.Problem) (conv.Problem, error) {
	if err := p.Validate(); err != nil {
		return conv.Problem{}, err
	}
	if p.H.Stride == 1 && p.W.Stride == 1 {
		return p, nil
	}
	if p.Transposed || p.Unshared || p.Z.In*p.Z.Filter*p.Z.Out*p.Z.Stride != 1 || p.H.Dilation*p.W.Dilation != 1 {
		return conv.Problem{}, fmt.Errorf(
			"%w: space to depth of %s, must have two axes and neither be transposed, unshared nor dilated",
			ErrUnsupported,
			p,
		)
	}
	if residues := p.H.Stride * p.W.Stride; residues > conv.MaxSize/p.InChannels {
		return conv.Problem{}, fmt.Errorf(
			"%w: space to depth of %s has %d times its input channels, must have at most %d in all",
			ErrUnsupported,
			p,
			residues,
			conv.MaxSize,
		)
	}
	return conv.New(conv.Problem{
		Batch: p.Batch, Groups: p.Groups, InChannels: p.H.Stride * p.W.Stride * p.InChannels,
		OutChannels: p.OutChannels,
		H:           unstrided(p.H), W: unstrided(p.W),
	})
}

// unstrided is the axis of stride 1, with the padding in its inputs.
func unstrided(a conv.Axis) conv.Axis {
	taps := (a.Filter + a.Stride - 1) / a.Stride
	return conv.Axis{In: a.Out + taps - 1, Filter: taps}
}

// SpaceToDepthFilters are the filters of [SpaceToDepth], zero where p's have no tap; for stride 1 they are w
// itself. Errors are those of SpaceToDepth, and [ErrShape] where the filters are not p's.
func SpaceToDepthFilters(p conv.Problem, w tensor.Filters) (tensor.Filters, error) {
	to, err := SpaceToDepth(p)
	if err != nil || to == p {
		return w, err
	}
	if err := checkFilters(p, w); err != nil {
		return tensor.Filters{}, err
	}
	out := tensor.Filters{K: w.K, H: to.H.Filter, W: to.W.Filter, D: p.H.Stride * p.W.Stride * w.D, Bias: w.Bias}
	out.Data = make([]float32, out.Len())
	for i := range w.K * w.H * w.W {
		k, y, x := i/w.W/w.H, i/w.W%w.H, i%w.W
		residue := y%p.H.Stride*p.W.Stride + x%p.W.Stride
		tap := (k*out.H+y/p.H.Stride)*out.W + x/p.W.Stride
		copy(out.Data[tap*out.D+residue*w.D:], w.Data[i*w.D:(i+1)*w.D])
	}
	return out, nil
}
