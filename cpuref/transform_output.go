package cpuref

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/transform"
)

// TransformOutput is the layer's output Aᵀ M A + b before its epilogue, in float32 and NHWC order. products are M,
// [tiles][positions][K], and bias is b, nil for zeros. Errors are those of [transform.Transform.Check], and [ErrShape]
// where products or bias are not as long as that.
//
// It is the twin of shaders/winograd_output.wgsl and, but for the order of sums, of fourier_inverse_columns.wgsl
// with fourier_inverse_rows.wgsl behind it.
func TransformOutput(by transform.Transform, p conv.Problem, products, bias []float32) ([]float32, error) {
	if err := by.Check(p); err != nil {
		return nil, err
	}
	a, err := tilingOf(by, p)
	if err != nil {
		return nil, err
	}
	area := a.area()
	if want := a.tiles(&p) * area * p.OutChannels; len(products) != want {
		return nil, fmt.Errorf("%w: there are %d products, must be %d for %s", ErrShape, len(products), want, p)
	}
	if bias != nil && len(bias) != p.OutChannels {
		return nil, fmt.Errorf(
			"%w: there are %d biases, must be %d, or none, for %s",
			ErrShape,
			len(bias),
			p.OutChannels,
			p,
		)
	}
	v := make([]float32, p.OutLen())
	d, half, out := make([]float32, area), make([]float32, a.h.Outputs*a.w.Products), make([]float32, a.outputs())
	for t := range a.tiles(&p) {
		for k := range p.OutChannels {
			for i := range d {
				d[i] = products[(t*area+i)*p.OutChannels+k]
			}
			sandwich(a.h.AT, a.w.AT, d, half, out)
			a.scatter(&p, a.tile(&p, t), func(i, first int) {
				v[first+k] = out[i]
				if bias != nil {
					v[first+k] += bias[k]
				}
			})
		}
	}
	return v, nil
}
