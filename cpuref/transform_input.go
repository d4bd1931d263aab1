package cpuref

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Input is the input Bᵀ x B of the layer of Product, in float32: [tiles][positions][C], image by image and row
// by row. Of a tile that hangs over V's edge, what only the missing outputs would read counts as 0. Errors are
// those of Check and [CheckShapes].
//
// It is the twin of shaders/winograd_input.wgsl and, but for the order of sums, of fourier_rows.wgsl with
// fourier_columns.wgsl behind it.
func (f Transform) Input(p conv.Problem, x tensor.Volume) ([]float32, error) {
	w, err := f.of(p)
	if err != nil {
		return nil, err
	}
	if err := checkVolume(p, "input volume", x, inputShape(p)); err != nil {
		return nil, err
	}
	area := w.area()
	u := make([]float32, w.tiles(p)*area*p.InChannels)
	d, half, out := make([]float32, w.inputs()), make([]float32, w.h.n*w.w.t), make([]float32, area)
	for t := range w.tiles(p) {
		for c := range p.InChannels {
			clear(d)
			w.gather(&p, w.tile(&p, t), func(i, first int) { d[i] = x.Data[first+c] })
			sandwich(w.h.input.matrix, w.w.input.matrix, d, half, out)
			for i, v := range out {
				u[(t*area+i)*p.InChannels+c] = v
			}
		}
	}
	return u, nil
}
