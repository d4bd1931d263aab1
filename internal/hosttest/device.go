// Package hosttest opens the device that tests run on, and holds the suite that every algorithm must
// pass on every adapter: see [Layer].
package hosttest

import (
	"errors"
	"testing"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
)

// Open opens the device that GPUCONV_BACKEND and GPUCONV_ADAPTER name, or the best there is. Without
// one the test fails: no adapter is no reason to pass. What the test leaves open fails it too.
func Open(t testing.TB) *host.Device {
	t.Helper()
	dev, err := host.Open(host.Options{})
	if errors.Is(err, gpu.ErrNoAdapter) {
		t.Fatalf(
			"%v\nThese tests need a WebGPU adapter; on Debian without a GPU: apt-get install libvulkan1 "+
				"mesa-vulkan-drivers",
			err,
		)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	})
	return dev
}
