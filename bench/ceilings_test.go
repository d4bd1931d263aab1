package bench_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
)

func TestCeilingsOfTheReference(t *testing.T) {
	dev, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bench.MeasureCeilings(context.Background(), dev); !errors.Is(err, host.ErrUnsupported) {
		t.Error(err)
	}
	dev.Close()
	if _, err := bench.MeasureCeilings(context.Background(), dev); !errors.Is(err, gpu.ErrClosed) {
		t.Error(err)
	}
}
