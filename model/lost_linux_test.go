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

// TestLostDevice holds that a network whose device is lost says so, and goes on with another one where it may: of two
// stages with one for both.
func TestLostDevice(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	detects, outputs := detector()
	for _, c := range []struct {
		g      *graph
		output string
	}{{body(), "v6"}, {detects, outputs[0]}} {
		opened := 0
		for _, may := range []bool{false, true} {
			o := Options{}
			if may {
				o.Reopen = func() (*host.Device, error) {
					opened++
					gputest.Heal()
					return host.Open(host.Options{})
				}
			}
			losesDevice(t, c.g, c.output, o)
		}
		if opened != 1 {
			t.Errorf("%d devices were opened anew, must be 1", opened)
		}
	}
}

// losesDevice runs a network, loses its device and runs it twice more.
func losesDevice(t *testing.T, g *graph, output string, o Options) {
	ctx, inputs := context.Background(), map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	dev, err := host.Open(host.Options{})
	if err != nil {
		t.Fatal(err)
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
	for range 2 {
		got, err := net.Run(ctx, inputs)
		switch {
		case o.Reopen == nil && (!errors.Is(err, gpu.ErrDeviceLost) || got != nil):
			t.Errorf("error %v, must be ErrDeviceLost", err)
		case o.Reopen != nil && (err != nil || !slices.Equal(got[output].Data, want[output].Data)):
			t.Errorf("on another device: error %v, or other numbers", err)
		}
	}
	gputest.Heal()
	if err := net.Close(); err != nil && o.Reopen != nil && net.stages == nil {
		t.Error(err)
	}
	_ = dev.Close() // it is lost
}
