package model_test

import (
	"flag"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
)

var benchModel = flag.String("model", "../examples/digits/digits.onnx", "the network that BenchmarkRun runs")

// BenchmarkRun measures whole runs of a network with their transfers, and reports what of that the device's own clock
// sees, where it has one.
func BenchmarkRun(b *testing.B) {
	dev := hosttest.Open(b)
	net, err := model.Load(dev, *benchModel, model.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer net.Close()
	inputs := map[string]tensor.Array{}
	for _, in := range net.Inputs() {
		shape, count := make([]int, len(in.Shape)), 1
		for i, d := range in.Shape {
			shape[i] = max(d, 1)
			count *= shape[i]
		}
		inputs[in.Name] = tensor.Array{Shape: shape, Data: make([]float32, count)}
	}
	for range 3 {
		if _, err := net.Run(b.Context(), inputs); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := net.Run(b.Context(), inputs); err != nil {
			b.Fatal(err)
		}
	}
	if took, err := net.Time(b.Context(), 1, inputs); err == nil {
		b.ReportMetric(float64(took.Nanoseconds()), "device-ns/op")
	}
}
