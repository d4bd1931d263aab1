package training_test

import (
	"fmt"
	"log"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref/training"
	"github.com/gpuconv/gpuconv/tensor"
)

// A step of a linear layer with two weights and two classes, the first of which is right: its weights grow by half of
// the rate times X, for both classes had the same score.
func Example() {
	p, err := conv.Parse("ic1ih1oc2kh1")
	if err != nil {
		log.Fatal(err)
	}
	filters := tensor.Filters{K: 2, Z: 1, H: 1, W: 1, D: 1, Data: []float32{0, 0}, Bias: []float32{0, 0}}
	n, err := training.New([]training.Layer{{Conv: &p}}, []tensor.Filters{filters}, training.SGD{Rate: 0.5})
	if err != nil {
		log.Fatal(err)
	}
	losses, err := n.Step([]float32{2}, []int{0})
	if err != nil {
		log.Fatal(err)
	}
	w := n.Weights()[0].W
	fmt.Printf("a loss of %.4f, weights %.1f, off by no more than %.0e\n", losses.Value[0], w.Value, w.Error[0])
	used, err := training.Check("W", []float32{0.5, -0.5}, w)
	fmt.Println(used, err)
	// Output:
	// a loss of 0.6931, weights [0.5 -0.5], off by no more than 2e-06
	// 0 <nil>
}
