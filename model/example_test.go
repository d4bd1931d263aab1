package model_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// seven is the network of ../examples/digits and the drawn digit that it is to read, as the network's input.
func seven(dev *host.Device) (*model.Network, map[string]tensor.Array) {
	net := must(model.Load(dev, "../examples/digits/digits.onnx", model.Options{}))
	picture := must(tensor.ReadImageFile("../examples/digits/drawn/7.png")) // of three equal channels
	x := tensor.Array{Shape: []int{1, 1, 28, 28}}
	for i := 0; i < len(picture.Data); i += 3 {
		x.Data = append(x.Data, 255*picture.Data[i])
	}
	return net, map[string]tensor.Array{"picture": x}
}

// A network is loaded and run: it is compiled for the shapes that it is given when it first meets them.
func Example() {
	dev := must(host.Open(host.Options{}))
	defer dev.Close()
	net, inputs := seven(dev)
	defer net.Close()
	fmt.Println(net.Inputs(), net.Outputs())

	outputs := must(net.Run(context.Background(), inputs))
	best := 0
	scores := outputs["scores"].Data
	for class, score := range scores {
		if score > scores[best] {
			best = class
		}
	}
	fmt.Println("class", best)
	// Output:
	// [picture float32 [N 1 28 28]] [scores float32 [N 10]]
	// class 7
}

// Each node is judged by what it really read.
func ExampleNetwork_Check() {
	dev := must(host.Open(host.Options{}))
	defer dev.Close()
	net, inputs := seven(dev)
	defer net.Close()

	_, verdict, err := net.Check(context.Background(), inputs)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verdict.OK(), verdict.Numbers())
	// Output: true 10700
}

// twice is a network that adds its input to itself.
func twice() *onnx.Model {
	port := func(name string) []onnx.ValueInfo {
		return []onnx.ValueInfo{{Name: name, Type: onnx.Float, HasShape: true, Dims: []onnx.Dim{{Size: 3}}}}
	}
	return &onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17}, Graph: onnx.Graph{
		Name:    "twice",
		Nodes:   []onnx.Node{{Op: "Add", Inputs: []string{"x", "x"}, Outputs: []string{"y"}}},
		Inputs:  port("x"),
		Outputs: port("y"),
	}}
}

// What one run gives stays on the device, and is what the next one takes.
func ExampleNetwork_RunResident() {
	ctx := context.Background()
	dev := must(host.Open(host.Options{}))
	defer dev.Close()
	net := must(model.New(dev, twice(), model.Options{}))
	defer net.Close()

	x := tensor.Array{Shape: []int{3}, Data: []float32{1, 2, 3}}
	once := must(net.RunResident(ctx, map[string]model.Input{"x": {Array: x}}))["y"]
	defer once.Close()
	again := must(net.RunResident(ctx, map[string]model.Input{"x": {Resident: once}}))["y"]
	defer again.Close()

	fmt.Println(must(again.Array(ctx)).Data)
	// Output: [4 8 12]
}
