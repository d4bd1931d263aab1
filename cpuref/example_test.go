package cpuref_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/tensor"
)

// The layer of the CS231n notes, with whole numbers: a result is judged, right and then spoilt.
func Example() {
	p, err := conv.Square(11, 4, 2, 5, 2, 0)
	if err != nil {
		log.Fatal(err)
	}
	x, err := tensor.NewVolume(1, 11, 11, 4)
	if err != nil {
		log.Fatal(err)
	}
	w, err := tensor.NewFilters(2, 5, 5, 4)
	if err != nil {
		log.Fatal(err)
	}
	limit, err := cpuref.ExactLimit(p)
	if err != nil {
		log.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, data := range [][]float32{x.Data, w.Data, w.Bias} {
		tensor.FillIntegers(data, rng, limit)
	}

	ref, err := cpuref.Conv(p, x, w)
	if err != nil {
		log.Fatal(err)
	}
	got := ref.Volume() // a GPU's output would stand here
	report, err := cpuref.Check(got.Data, ref, cpuref.Exact)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)

	cpuref.Poison(got.Data[31:])
	report, err = cpuref.Check(got.Data, ref, cpuref.Exact)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.OK(), report.Failed, report.Err() != nil)
	// Output:
	// exact: all 32 outputs equal
	// false 1 true
}
