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
