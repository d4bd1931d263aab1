package cpuref

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// TransformInput is the input Bᵀ d B of the layer of [transform.Transform.Product], in float32: [tiles][positions][C],
// image by image and row by row. Of a tile that hangs over the output volume's edge, what only the missing outputs
// would read counts as 0. Errors are those of [transform.Transform.Check] and [CheckShapes].
//
// It is the twin of shaders/winograd_input.wgsl and, but for the order of sums, of fourier_rows.wgsl with
// fourier_columns.wgsl behind it.
func TransformInput(by transform.Transform, p conv.Problem, x tensor.Volume) ([]float32, error) {
	if err := by.Check(p); err != nil {
		return nil, err
	}
	a, err := tilingOf(by, p)
	if err != nil {
		return nil, err
	}
	if err := checkVolume(p, "input volume", x, inputShape(p)); err != nil {
		return nil, err
	}
	area := a.area()
	transformed := make([]float32, a.tiles(&p)*area*p.InChannels)
	d, half, out := make([]float32, a.inputs()), make([]float32, a.h.Products*a.w.Inputs), make([]float32, area)
	for t := range a.tiles(&p) {
		for c := range p.InChannels {
			clear(d)
			a.gather(&p, a.tile(&p, t), 0, func(i, first int) { d[i] = x.Data[first+c] })
			sandwich(a.h.BT, a.w.BT, d, half, out)
			for i, v := range out {
				transformed[(t*area+i)*p.InChannels+c] = v
			}
		}
	}
	return transformed, nil
}
