package cpuref

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Conv computes every output of p with the loops of the CS231n notes' formula, in float64:
//
//	V[x,y,k] = sum(X[xS-P : xS-P+F, yS-P : yS-P+F, :] * W_k) + b_k
//
// x is N x H x W x D (NHWC), w is K x Fh x Fw x D/Groups (OHWI); a 3D layer's have Z after N and Fz
// after K, and sum over z alike. With groups, W_k sees only the depth slices of its own group; with
// dilation, taps lie that far apart. What windows read outside of the input is the problem's Padding. An
// unshared layer's W_k and b_k are those of the output's own position (z*H.Out + y)*W.Out + x. A
// transposed layer is PyTorch's ConvTranspose, its weights in the same order, K outermost:
//
//	V[o,k] = b_k + sum of X[i,:] * W_k[f,:] over all i, f with i*S - P + f*dilation = o
//
// Errors are those of [CheckShapes], and a layer of more than [MaxOutputs] outputs is refused with
// [ErrShape].
func Conv(p conv.Problem, x tensor.Volume, w tensor.Filters) (Reference, error) {
	if err := checkHeld(p, x, w); err != nil {
		return Reference{}, err
	}
	r := newReference(p)
	for i := range r.Value {
		r.Value[i], r.Magnitude[i] = convAt(&p, x, w, i)
	}
	return r, nil
}

// ConvAt computes one output, by its NHWC index over all images: its value and sum|x||w| + |b|. Both
// are NaN where x and w do not fit p (see [CheckShapes]) or p has no such output.
func ConvAt(p conv.Problem, x tensor.Volume, w tensor.Filters, index int) (value, magnitude float64) {
	if CheckShapes(p, x, w) != nil || index < 0 || int64(index) >= p.OutLen() {
		return math.NaN(), math.NaN()
	}
	return convAt(&p, x, w, index)
}

// convAt is ConvAt for operands that are known to fit.
func convAt(p *conv.Problem, x tensor.Volume, w tensor.Filters, index int) (value, magnitude float64) {
	at := placeOf(p, index)
	depth := p.InChannels / p.Groups
	first := firstDepth(p, at.d)
	k := filterIndex(p, at)
	weights := w.Data[k*p.TapsPerOutput():]
	for fz := range p.Z.Filter {
		for fy := range p.H.Filter {
			for fx := range p.W.Filter {
				column, inside := reads(p, at, tap{fz, fy, fx})
				column += at.n * columns(p)
				for d := range depth {
					// Padding is multiplied like any other zero, so that an infinite weight shows there too.
					var input float64
					if inside {
						input = float64(x.Data[column*p.InChannels+first+d])
					}
					product := input * float64(weights[((fz*p.H.Filter+fy)*p.W.Filter+fx)*depth+d])
					value += product
					magnitude += math.Abs(product)
				}
			}
		}
	}
	bias := biasOf(w, k)
	return value + bias, magnitude + math.Abs(bias)
}

// biasOf is the bias of filter k, counted over all banks.
func biasOf(w tensor.Filters, k int) float64 {
	if w.Bias == nil {
		return 0
	}
	return float64(w.Bias[k])
}

// parallel calls do with every number below n, in any order, on all processors.
func parallel(n int, worker func() (do func(i int))) {
	var next atomic.Int64 // the first number that nobody has taken
	var working sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		working.Add(1)
		go func() {
			defer working.Done()
			do := worker()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		}()
	}
	working.Wait()
}
