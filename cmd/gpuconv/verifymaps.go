package main

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

// mapOptions are those of the picture of V: image 0, beside the input and the filters that it comes from,
// with what is within the rounding bound of zero drawn as zero.
func (j job) mapOptions() tensor.MapOptions {
	o := tensor.MapOptions{Title: j.title(), Bound: j.mapBound()}
	if j.data.Quantized != nil { // of whole numbers, not of X and W
		return o
	}
	o.Input = j.data.X
	if !j.problem.Transposed && !j.problem.Unshared {
		o.Filters = j.data.W
	}
	return o
}

// mapBound is the bound of each output of image 0's first plane, for sums in any order. Where the reference has
// none, for int8 layers and for what is too large for it, nil.
func (j job) mapBound() []float64 {
	if j.data.Quantized != nil {
		return nil
	}
	p := j.problem
	p.Batch = 1
	ref, err := cpuref.Im2col(p, j.data.X.Image(0), j.data.W)
	if err == nil && j.options.Epilogue != (conv.Epilogue{}) {
		var residual []float32
		for _, r := range j.data.Residual {
			residual = r.Image(0).Data
		}
		ref, err = ref.Epilogue(j.options.Epilogue, j.data.Slopes, residual)
	}
	if err != nil {
		return nil
	}
	if j.options.DType == host.Float16 {
		ref = ref.Half()
	}
	bound := make([]float64, p.H.Out*p.W.Out*p.OutChannels)
	for i := range bound {
		bound[i] = cpuref.Bound(p.TapsPerOutput(), ref.Magnitude[i])
		if ref.Allowed != nil {
			bound[i] = ref.Allowed[i]
		}
	}
	return bound
}
