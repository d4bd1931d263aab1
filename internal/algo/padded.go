package algo

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// A layer that pads by copies of its input, mirrored or otherwise, has no adjoint. But it is a layer without padding
// over a padded input, which has one, and each input's gradient is the sum of those of its copies.

// unpadded are that layer, and one of a tap whose neurons are the padded input and read what they copy.
func unpadded(p conv.Problem) (layer, copying conv.Problem) {
	layer, copying = p, conv.Problem{Batch: p.Batch, Groups: 1, InChannels: p.InChannels, OutChannels: p.InChannels,
		Padding: p.Padding}
	layer.Padding = conv.Zero
	for _, axis := range []struct{ of, layer, copying *conv.Axis }{
		{&p.Z, &layer.Z, &copying.Z}, {&p.H, &layer.H, &copying.H}, {&p.W, &layer.W, &copying.W},
	} {
		a := *axis.of
		padded := max(a.Pad+a.In, (a.Out-1)*a.Stride+a.Extent())
		axis.layer.In, axis.layer.Pad = padded, 0
		*axis.copying = conv.Axis{In: a.In, Out: padded, Filter: 1, Stride: 1, Pad: a.Pad, Dilation: 1}
	}
	return layer, copying
}

// paddedInputs adds dX of a layer that pads by copies, or says why the direct algorithm is to compute it. What adds up
// copies knows no transform's errors: only plain sums are taken.
func (g *Backward) paddedInputs(l Limits) (whyDirect string) {
	p := g.Spec.Problem
	layer, copying := unpadded(p)
	adjoint, err := layer.Adjoint()
	if err != nil {
		return err.Error()
	}
	exact := g.Spec
	exact.Exact = true
	plan, why := quickest(exact, "", adjoint, conv.Epilogue{}, l)
	if why != "" {
		return why
	}
	of := exec.Operand{Name: "the gradient with respect to the padded input", Role: exec.Scratch,
		Count: adjoint.OutLen(), DType: shaders.Float32}
	if !l.holds(of) {
		return fmt.Sprintf("%v: %s takes %d bytes", ErrLimits, of.Name, of.Bytes())
	}
	padded := g.Add(of)
	g.includeAdjoint(plan, padded)
	k := shaders.UnsharedGatherBy(by4(uint32(p.InChannels)))
	params := shaders.UnsharedGathering(copying, k)
	g.Threads(k, shaders.Encode(params), int64(params.Outputs), int64(k.Threads), exec.Whole(padded),
		exec.Whole(g.DX))
	return ""
}
