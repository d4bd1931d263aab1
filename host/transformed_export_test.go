package host

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/tensor"
)

// SpoilPacking has l run with filters that spoil changes between space to depth, which gives the layer of stride 1,
// and the transform. What l is judged by stays.
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
