//go:build linux && (amd64 || arm64)

package model

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/gputest"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestLostDevice holds that a network whose device is lost says so, and goes on with another one where it may.
func TestLostDevice(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	ctx, g := context.Background(), body()
	inputs := map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	opened := 0
	for _, may := range []bool{false, true} {
		dev, err := host.Open(host.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o := Options{}
		if may {
			o.Reopen = func() (*host.Device, error) {
				opened++
				gputest.Heal()
				return host.Open(host.Options{})
			}
		}
		net, err := New(dev, &g.Model, o)
		if err != nil {
			t.Fatal(err)
		}
		want, err := net.Run(ctx, inputs)
		if err != nil {
			t.Fatal(err)
		}
		gputest.Fail(t, gputest.Gone, "vkQueueSubmit")
		got, err := net.Run(ctx, inputs)
		switch {
		case !may && (!errors.Is(err, gpu.ErrDeviceLost) || got != nil):
			t.Errorf("error %v, must be ErrDeviceLost", err)
		case may && (err != nil || !slices.Equal(got["v6"].Data, want["v6"].Data)):
			t.Errorf("on another device: error %v, or other numbers", err)
		}
		gputest.Heal()
		_ = net.Close()
		_ = dev.Close() // it is lost
	}
	if opened != 1 {
		t.Errorf("%d devices were opened anew, must be 1", opened)
	}
}
