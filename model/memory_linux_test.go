//go:build linux && (amd64 || arm64)

package model

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/gputest"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestNoMemory runs a network on a device that has too little memory for its plan: the error says so, nothing is left
// of it, other networks go on, and so does this one once there is memory.
func TestNoMemory(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	g := newGraph()
	out := g.node("Conv", nil, g.input("x", 1, 2, -1, -1), g.weights(32, 2, 1, 1))
	out = g.node("Conv", nil, out, g.weights(32, 32, 1, 1))
	net := g.output(out).network(t, Options{})
	small, large := g.array(1, 2, 8, 8), g.array(1, 2, 512, 512) // two volumes of 32 MiB
	run := func(x tensor.Array) ([]float32, error) {
		got, err := net.Run(t.Context(), map[string]tensor.Array{"x": x})
		return got[out].Data, err
	}
	want, err := run(small)
	if err != nil {
		t.Fatal(err)
	}
	kept := 0 // allocations that the device keeps for later
	for round := range 4 {
		live := net.dev.GPU().Live()
		gputest.LimitMemory(t, 48<<20) // one fits
		if _, err := run(large); !errors.Is(err, gpu.ErrOutOfMemory) || !strings.Contains(err.Error(), "bytes") {
			t.Errorf("error %v, must be about memory, and say how much", err)
		}
		if now := net.dev.GPU().Live(); now != live {
			t.Errorf("%+v live after attempt %d, before it %+v", now, round, live)
		}
		if got, err := run(small); err != nil || !slices.Equal(got, want) {
			t.Errorf("a small run behind it: error %v, or other numbers", err)
		}
		gputest.Heal()
		if _, now := gputest.Counts(t); round > 1 && now > kept {
			t.Errorf("%d allocations live after attempt %d, before it %d", now, round, kept)
		} else {
			kept = now
		}
	}
	got, err := run(large)
	if err != nil || len(got) != 32*512*512 || slices.Equal(got[:64], make([]float32, 64)) {
		t.Errorf("with memory again: error %v, %d numbers", err, len(got))
	}
	// its plan stands now, and memory runs out in a run
	gputest.Fail(t, gputest.NoMemory, "vkAllocateMemory", "vkCreateBuffer")
	if _, err := run(large); !errors.Is(err, gpu.ErrOutOfMemory) || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("in a run: error %v, must be about memory, and say how much", err)
	}
	gputest.Heal()
	if again, err := run(large); err != nil || !slices.Equal(again, got) {
		t.Errorf("behind that: error %v, or other numbers", err)
	}
}
