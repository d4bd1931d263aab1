package host_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// ones fills the layer of the CS231n notes: an 11x11x4 input, two filters of 5x5x4.
func ones() (tensor.Volume, tensor.Filters) {
	x, w := must(tensor.NewVolume(1, 11, 11, 4)), must(tensor.NewFilters(2, 5, 5, 4))
	for _, data := range [][]float32{x.Data, w.Data, w.Bias} {
		for i := range data {
			data[i] = 1
		}
	}
	return x, w
}

// The layer of the CS231n notes on the best GPU: open, build, run.
func Example() {
	x, filters := ones()

	dev := must(host.Open(host.Options{}))
	defer dev.Close()
	layer := must(host.NewLayer(dev, must(conv.Square(11, 4, 2, 5, 2, 0)), filters, host.LayerOptions{}))
	defer layer.Close()
	v := must(layer.Run(context.Background(), x))

	fmt.Println("V is", v)
	fmt.Println("V[2,3,1] is", v.At(2, 3, 1))
	// Output:
	// V is 1x4x4x2 (NHWC)
	// V[2,3,1] is 101
}

// Every output is held against the reference, here bit for bit.
func ExampleLayer_Verify() {
	x, filters := ones()
	dev := must(host.Open(host.Options{}))
	defer dev.Close()
	layer := must(host.NewLayer(dev, must(conv.Parse("ic4ih11oc2kh5sh2")), filters, host.LayerOptions{Epilogue: conv.Activate(conv.ReLU)}))
	defer layer.Close()

	_, report, err := layer.Verify(context.Background(), x, host.VerifyOptions{Mode: cpuref.Exact})
	fmt.Println(report, err)
	// Output: exact: all 32 outputs equal <nil>
}
