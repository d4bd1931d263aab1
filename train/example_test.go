package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/train"
)

// A network learns which half of a picture is the lighter one.
func Example() {
	dev, err := host.Open(host.Options{}) // the best GPU
	if err != nil {
		log.Fatal(err)
	}
	defer dev.Close()
	net, err := train.New(dev, train.Options{
		Input: train.Shape{H: 4, W: 4, C: 1},
		Layers: []train.Layer{
			train.Conv{Filters: 4, Size: 3, Pad: 1, ReLU: true}, train.MaxPool{Size: 2}, train.Linear{Outputs: 2},
		},
		Batch:  2,
		Update: train.SGD{Rate: 0.1, Momentum: 0.9},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer net.Close()
	pictures := []float32{
		1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, // the upper half
		0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, // the lower one
	}
	var loss float64
	for range 30 {
		if loss, err = net.Step(context.Background(), pictures, []int{0, 1}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("learned:", loss < 0.01)
	// Output: learned: true
}
