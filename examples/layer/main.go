// Command layer runs one convolution layer on the GPU and judges its outputs.
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	problem, err := conv.Parse("ic4ih11oc2kh5sh2") // X of 11x11x4, two filters of 5x5x4, stride 2
	if err != nil {
		return err
	}
	x, err := tensor.NewVolume(1, 11, 11, 4)
	if err != nil {
		return err
	}
	filters, err := tensor.NewFilters(2, 5, 5, 4)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, 2))
	tensor.FillReals(x.Data, rng)
	tensor.FillReals(filters.Data, rng)

	dev, err := host.Open(host.Options{}) // the best GPU
	if err != nil {
		return err
	}
	defer dev.Close()
	layer, err := host.NewLayer(dev, problem, filters, host.LayerOptions{}) // filters stay on the GPU
	if err != nil {
		return err
	}
	defer layer.Close()
	v, report, err := layer.Verify(context.Background(), x, host.VerifyOptions{}) // or Run, without judging
	if err != nil {
		return err
	}
	fmt.Println("V is", v)
	fmt.Println(report)
	return report.Err()
}
