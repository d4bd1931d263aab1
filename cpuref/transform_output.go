package cpuref

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
)

// Output is the layer's output Aᵀ M A + b before its epilogue, in float32 and V's order. products are M,
// [tiles][positions][K], and bias is b, nil for zeros. Errors are those of Check, and [ErrShape] where products
// or bias are not as long as that.
//
// It is the twin of shaders/winograd_output.wgsl and, but for the order of sums, of fourier_inverse_columns.wgsl
// with fourier_inverse_rows.wgsl behind it.
func (f Transform) Output(p conv.Problem, products, bias []float32) ([]float32, error) {
	w, err := f.of(p)
	if err != nil {
		return nil, err
	}
	area := w.area()
	if want := w.tiles(p) * area * p.OutChannels; len(products) != want {
		return nil, fmt.Errorf("%w: there are %d products, must be %d for %s", ErrShape, len(products), want, p)
	}
	if bias != nil && len(bias) != p.OutChannels {
		return nil, fmt.Errorf("%w: there are %d biases, must be %d, or none, for %s", ErrShape, len(bias), p.OutChannels, p)
	}
	v := make([]float32, p.OutLen())
	d, half, out := make([]float32, area), make([]float32, w.h.m*w.w.n), make([]float32, w.outputs())
	for t := range w.tiles(p) {
		for k := range p.OutChannels {
			for i := range d {
				d[i] = products[(t*area+i)*p.OutChannels+k]
			}
			sandwich(w.h.output.matrix, w.w.output.matrix, d, half, out)
			w.scatter(&p, w.tile(&p, t), func(i, first int) {
				v[first+k] = out[i]
				if bias != nil {
					v[first+k] += bias[k]
				}
			})
		}
	}
	return v, nil
}
