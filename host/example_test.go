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
	layer := must(host.NewLayer(dev, must(conv.Parse("ic4ih11oc2kh5sh2")), filters,
		host.LayerOptions{Epilogue: conv.Activate(conv.ReLU)}))
	defer layer.Close()

	_, report, err := layer.Verify(context.Background(), x, host.VerifyOptions{Mode: cpuref.Exact})
	fmt.Println(report, err)
	// Output: exact: all 32 outputs equal <nil>
}

// Two layers and a sum, in one submission: nothing but V is read back.
func ExampleNewProgram() {
	x, filters := ones()
	more := must(tensor.NewFilters(2, 3, 3, 2))
	for i := range more.Data {
		more.Data[i] = 1
	}
	dev := must(host.Open(host.Options{}))
	defer dev.Close()
	first, second := must(conv.Parse("ic4ih11oc2kh5sh2")), must(conv.Parse("ic2ih4oc2kh3ph1"))
	options := host.LayerOptions{Epilogue: conv.Activate(conv.ReLU), Algorithm: "direct"}

	b := host.NewProgram(dev)
	y := b.Conv(b.Input(1, 11, 11, 4), first, filters, options)
	z := b.Conv(y, second, more, options)
	program := must(b.Compile(b.Operator("add", y, z)))
	v := must(program.Run(context.Background(), x))
	defer program.Close()

	fmt.Println("V is", v[0])
	fmt.Println("V[1,2,0] is", v[0].At(1, 2, 0))
	fmt.Printf("memory: %+v\n", program.Memory())
	// Output:
	// V is 1x4x4x2 (NHWC)
	// V[1,2,0] is 1919
	// memory: {Planned:2192 Naive:2320 LowerBound:2192 Live:2064 Textures:0}
}
