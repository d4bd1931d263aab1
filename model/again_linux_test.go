package model

import (
	"context"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestRunAgain runs a network thousands of times: the same bits each time, nothing compiled or made on the device, and
// no more memory of the process, the driver's included, than after the first hundreds.
func TestRunAgain(t *testing.T) {
	runs := 10000
	if testing.Short() {
		runs = 300
	}
	g := body()
	net := g.network(t, Options{})
	inputs := map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	run := func() []float32 {
		out, err := net.Run(context.Background(), inputs)
		if err != nil {
			t.Fatal(err)
		}
		return out["v6"].Data
	}
	want := run()
	hosttest.Grows(t, net.dev, runs, func() {
		if got := run(); !slices.Equal(got, want) {
			t.Fatalf("a later run gives %v, the first %v", got, want)
		}
	})
}
