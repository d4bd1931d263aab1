package cpuref

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// SpaceToDepthInput is the input volume of [transform.SpaceToDepth]; for stride 1 it is x itself. Errors are those of
// that and [CheckShapes].
//
// It is the twin of shaders/space_to_depth.wgsl.
func SpaceToDepthInput(p conv.Problem, x tensor.Volume) (tensor.Volume, error) {
	to, err := transform.SpaceToDepth(p)
	if err != nil || to == p {
		return x, err
	}
	if err := checkVolume(p, "input volume", x, inputShape(p)); err != nil {
		return tensor.Volume{}, err
	}
	out := tensor.Volume{N: p.Batch, H: to.H.In, W: to.W.In, D: to.InChannels, Data: make([]float32, to.InLen())}
	depth := p.InChannels / p.Groups
	for i := range out.Data {
		at := placeIn(i, 1, to.H.In, to.W.In, to.InChannels)
		group, residue := at.d/depth/residues(&p), at.d/depth%residues(&p)
		y, inY := residueSource(p.H, p.Padding, at.y, residue/p.W.Stride)
		x0, inX := residueSource(p.W, p.Padding, at.x, residue%p.W.Stride)
		if inY && inX {
			out.Data[i] = x.Data[((at.n*p.H.In+y)*p.W.In+x0)*p.InChannels+group*depth+at.d%depth]
		}
	}
	return out, nil
}

// residueSource is the input of a residue at place i of the axis of stride 1. Windows end before the last residues,
// whose weights are zero: there may be no input, whatever the padding.
func residueSource(a conv.Axis, padding conv.Padding, i, residue int) (at int, ok bool) {
	at, ok = source(&a, padding, false, i, residue)
	return at, ok && at >= 0 && at < a.In
}
