package cpuref

import (
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Conv computes every output of p with the loops of the CS231n notes' formula, in float64:
//
//	V[x,y,k] = sum(X[xS-P : xS-P+F, yS-P : yS-P+F, :] * W_k) + b_k
//
// x is N x H x W x D (NHWC), w is K x Fh x Fw x D/Groups (OHWI). With groups, W_k sees only the depth
// slices of its own group; with dilation, taps lie that far apart. Errors are those of [CheckShapes],
// and a layer of more than [MaxOutputs] outputs is refused with [ErrShape].
func Conv(p conv.Problem, x tensor.Volume, w tensor.Filters) (Reference, error) {
	if err := checkHeld(p, x, w); err != nil {
		return Reference{}, err
	}
	r := newReference(p)
	for i := range r.Value {
		r.Value[i], r.Magnitude[i] = convAt(p, x, w, i)
	}
	return r, nil
}

// ConvAt computes one output, by its NHWC index over all images: its value and sum|x||w| + |b|. Both
// are NaN where x and w do not fit p (see [CheckShapes]) or p has no such output.
func ConvAt(p conv.Problem, x tensor.Volume, w tensor.Filters, index int) (value, magnitude float64) {
	if CheckShapes(p, x, w) != nil || index < 0 || int64(index) >= p.OutLen() {
		return math.NaN(), math.NaN()
	}
	return convAt(p, x, w, index)
}

// convAt is ConvAt for operands that are known to fit.
func convAt(p conv.Problem, x tensor.Volume, w tensor.Filters, index int) (value, magnitude float64) {
	at := placeOf(p, index)
	depth := p.InChannels / p.Groups
	first := at.d / (p.OutChannels / p.Groups) * depth // of the depth slices that this filter sees
	filter := w.Filter(at.d)
	for fy := range p.H.Filter {
		for fx := range p.W.Filter {
			iy := at.y*p.H.Stride - p.H.Pad + fy*p.H.Dilation
			ix := at.x*p.W.Stride - p.W.Pad + fx*p.W.Dilation
			for d := range depth {
				// Padding is multiplied like any other zero, so that an infinite weight shows there too.
				product := padded(x, at.n, iy, ix, first+d) * float64(filter[(fy*p.W.Filter+fx)*depth+d])
				value += product
				magnitude += math.Abs(product)
			}
		}
	}
	bias := float64(w.BiasAt(at.d))
	return value + bias, magnitude + math.Abs(bias)
}

// padded is X[x,y,d] of image n, zero outside the image.
func padded(v tensor.Volume, n, y, x, d int) float64 {
	if y < 0 || y >= v.H || x < 0 || x >= v.W {
		return 0
	}
	return float64(v.Data[v.Index(n, y, x, d)])
}
