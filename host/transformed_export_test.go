package host

import (
	"context"
	"errors"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// AttemptWinograd runs one of Winograd's transforms once on what it reads, in the order of its bindings,
// and gives the numbers that it wrote. The error is also that of guards and of inputs that changed.
func AttemptWinograd(d *Device, k shaders.Winograd, params shaders.Params, reads [][]float32, written int64) (_ []float32, err error) {
	r := newRecorder(d.gpu)
	defer r.close()
	output, err := newGuarded(d.gpu, "the output", written, Float32)
	if err != nil {
		return nil, err
	}
	defer output.close()
	var inputs []*guarded
	for _, data := range reads {
		g, err := newGuarded(d.gpu, "an input", int64(len(data)), Float32)
		if err != nil {
			return nil, err
		}
		defer g.close()
		if err := g.write(data); err != nil {
			return nil, err
		}
		inputs = append(inputs, g)
	}
	if err := poison([]*guarded{output}); err != nil {
		return nil, err
	}
	if err := r.winograd(k, params, inputs, output); err != nil {
		return nil, err
	}
	got := make([]float32, written)
	return got, errors.Join(r.batch.Run(context.Background()), output.read(got), checkMemory(inputs, []*guarded{output}))
}

// winograd records one of the transforms.
func (r *recorder) winograd(k shaders.Winograd, params shaders.Params, inputs []*guarded, output *guarded) error {
	all := []gpu.Binding{}
	for _, g := range inputs {
		all = append(all, g.input())
	}
	threads := uint64(k.Threads)
	return r.record(k, shaders.Encode(params), (uint64(params.Outputs)+threads-1)/threads, append(all, output.output()))
}

// SpoilPacking has l run with filters that spoil changes between space to depth, which gives the layer of stride 1, and
// the transform. What l is judged by stays.
func SpoilPacking(t testing.TB, l *Layer, spoil func(to conv.Problem, f tensor.Filters)) {
	e := engineOf(t, l)
	a, ok := e.algorithm.(transformed)
	if !ok {
		t.Fatalf("%s is no transform", AlgorithmName(e.algorithm))
	}
	f, err := transform.SpaceToDepthFilters(l.problem, l.filters)
	if err != nil {
		t.Fatal(err)
	}
	to := plain(l.problem)
	spoil(to, f)
	if f, err = a.by.Filters(to, f); err != nil {
		t.Fatal(err)
	}
	if err := e.w.write(pack(a.layerOfProducts(l.problem), f.Data, a.product.tiles)); err != nil {
		t.Fatal(err)
	}
}
