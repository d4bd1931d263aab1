package model

import (
	"context"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestRunAgain runs the network that is shipped thousands of times: the same bits each time, nothing compiled or made
// on the device, and no more memory of the process, the driver's included, than after the first hundreds.
func TestRunAgain(t *testing.T) {
	runs := 10000
	if testing.Short() {
		runs = 300
	}
	net, err := Load(device(t), "../examples/digits/digits.onnx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	inputs := map[string]tensor.Array{"picture": newGraph().array(1, 1, 28, 28)}
	run := func() []float32 {
		out, err := net.Run(context.Background(), inputs)
		if err != nil {
			t.Fatal(err)
		}
		return out["scores"].Data
	}
	want := run()
	hosttest.Grows(t, net.dev, runs, func() {
		if got := run(); !slices.Equal(got, want) {
			t.Fatalf("a later run gives %v, the first %v", got, want)
		}
	})
}
