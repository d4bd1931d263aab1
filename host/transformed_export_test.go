package host

import (
	"context"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// AttemptWinograd runs one of Winograd's transforms once on what it reads, in the order of its bindings,
// and gives the numbers that it wrote. The error is also that of guards and of inputs that changed.
func AttemptWinograd(d *Device, k shaders.Winograd, params shaders.Params, reads [][]float32, written int64) ([]float32, error) {
	var p exec.Plan
	var uses []exec.Use
	for _, data := range reads {
		fill := func() ([]uint32, error) { return exec.Bits(data), nil }
		uses = append(uses, exec.Whole(p.Add(exec.Operand{Name: "an input", Role: exec.Constant, Count: int64(len(data)), Type: shaders.Float32, Fill: fill})))
	}
	output := p.Add(exec.Operand{Name: "the output", Role: exec.Output, Count: written, Type: shaders.Float32})
	p.Threads(k, shaders.Encode(params), int64(params.Outputs), int64(k.Threads), append(uses, exec.Whole(output))...)
	s, err := exec.Open(d.exec, p, exec.Guarded)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	got := make([]float32, written)
	return got, s.Process(context.Background(), nil, true, exec.Result{Operand: output, Numbers: got})
}

// SpoilPacking has l run with filters that spoil changes between space to depth, which gives the layer of stride 1, and
// the transform. What l is judged by stays.
func SpoilPacking(t testing.TB, l *Layer, spoil func(to conv.Problem, f tensor.Filters)) {
	e := engineOf(t, l)
	packed, err := algo.PackSpoiled(e.plan, l.filters, spoil)
	if err == nil {
		err = e.session.WriteNumbers(algo.W, packed)
	}
	if err != nil {
		t.Fatal(err)
	}
}
