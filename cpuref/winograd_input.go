package cpuref

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// WinogradInput is the input Bᵀ x B of the layer [WinogradProduct], in float32: [tiles][positions][C], for
// tiles of m x m outputs, image by image and row by row. Of a tile that hangs over V's edge, what only
// the missing outputs would read counts as 0. Errors are those of [CheckWinograd] and [CheckShapes].
//
// It is the twin of shaders/winograd_input.wgsl.
func WinogradInput(p conv.Problem, m int, x tensor.Volume) ([]float32, error) {
	w, err := winogradOf(p, m)
	if err != nil {
		return nil, err
	}
	if err := checkVolume(p, "input volume", x, inputShape(p)); err != nil {
		return nil, err
	}
	area := w.area()
	u := make([]float32, w.tiles(p)*area*p.InChannels)
	d, half, out := make([]float32, area), make([]float32, area), make([]float32, area)
	for t := range w.tiles(p) {
		for c := range p.InChannels {
			clear(d)
			w.gather(&p, w.tile(&p, t), func(i, first int) { d[i] = x.Data[first+c] })
			sandwich(w.h.input, w.w.input, d, half, out)
			for i, v := range out {
				u[(t*area+i)*p.InChannels+c] = v
			}
		}
	}
	return u, nil
}
