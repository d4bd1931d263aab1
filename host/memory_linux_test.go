//go:build linux && (amd64 || arm64)

package host_test

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/gputest"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// memory is what the device of TestNoMemoryToBuild has, in bytes.
const memory = 24 << 20

// TestNoMemoryToBuild builds layers on a device that has too little memory for them. The error must say how
// many bytes of what, nothing may be left of the layer, and the device must serve a layer that fits.
func TestNoMemoryToBuild(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	dev := hosttest.Open(t)
	for _, c := range []struct {
		name, problem string
		binding       uint64 // largest, 0 for the device's own
		words         []string
	}{
		{"input", "ic8ih1024oc1kh1", 0, []string{`"the input volume X" of 33554944 bytes`}},
		{"filters", "ic1024ih3oc1024kh3", 0, []string{`"the filter bank W" of 37749248 bytes`}},
		{"unshared", "ic8ih34oc128kh3+unshared", 0, []string{`"the filter bank W" of 37749248 bytes`}},
		{"output", "ic1ih512oc32kh1", 0, []string{`"the output volume V" of 33554944 bytes`}},
		{"block", "ic16ih1024oc1kh1", 32 << 20,
			[]string{"block ic16", "one of 3", `"the input volume X" of`, "bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.binding > 0 {
				host.SetBindingLimit(t, dev, c.binding)
			}
			p := problem(t, c.problem)
			filters := zeroFilters(t, p)
			kept := 0 // allocations that the device keeps for later
			for round := range 4 {
				gputest.LimitMemory(t, memory)
				layer, err := host.NewLayer(dev, p, filters, host.LayerOptions{})
				says(t, c.name, err, gpu.ErrOutOfMemory,
					append(c.words, p.String(), "close what is no longer needed")...)
				if layer != nil {
					t.Errorf("%s: a layer and an error", c.name)
				}
				serves(t, dev)
				gputest.Heal()
				if _, now := gputest.Counts(t); round > 1 && now > kept {
					t.Errorf("%s: %d allocations live after attempt %d, before it %d", c.name, now, round, kept)
				} else {
					kept = now
				}
			}
		})
	}
}

// TestNoMemoryToRun lets the memory run out later: in a run, at a block of a layer, and on the way back. The layer
// itself must be right again when there is memory.
func TestNoMemoryToRun(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	dev := hosttest.Open(t)
	for _, c := range []struct {
		name, problem string
		binding       uint64
		backward      bool
		words         []string
	}{
		{"upload", "ic8ih1024oc1kh1sh8", 0, false, []string{"running layer", "33554432 bytes"}},
		{"block", "ic8ih256oc1kh1sh2", 512 << 10, false,
			[]string{"running layer", "block ic8", "one of 3", `"the input volume X" of 352768 bytes`}},
		{"gradients", "ic2ih64oc1kh1", 0, true, []string{"gradients of layer", "making buffer", "bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.binding > 0 {
				host.SetBindingLimit(t, dev, c.binding)
			}
			run := proof.Case{Problem: problem(t, c.problem), Seed: 1, Backward: c.backward}
			data, err := run.Data()
			if err != nil {
				t.Fatal(err)
			}
			layer, err := host.NewLayer(dev, run.Problem, data.W, host.LayerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer layer.Close()
			// of a split layer the last block is on the device now
			if _, err := layer.Run(t.Context(), data.X); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				// even where the device kept some for later
				gputest.Fail(t, gputest.NoMemory, "vkAllocateMemory", "vkCreateBuffer")
				if c.backward {
					_, err = layer.Backward(t.Context(), data.X, data.DV)
				} else {
					_, err = layer.Run(t.Context(), data.X)
				}
				gputest.Heal()
				says(t, c.name, err, gpu.ErrOutOfMemory, append(c.words, "close what is no longer needed")...)
				serves(t, dev)
			}
			if _, report, err := layer.Verify(t.Context(), data.X, host.VerifyOptions{Sample: 1000}); err != nil ||
				!report.OK() {
				t.Errorf("%s, with memory again: %v, %v", c.name, report, err)
			}
			if !c.backward {
				return
			}
			if _, err := layer.Backward(t.Context(), data.X, data.DV); err != nil {
				t.Errorf("%s, with memory again: %v", c.name, err)
			}
		})
	}
}

func zeroFilters(t *testing.T, p conv.Problem) tensor.Filters {
	t.Helper()
	banks := int(p.BiasLen()) / p.OutChannels
	f, err := tensor.NewFilterBanks(banks, p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter, p.InChannels/p.Groups)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// serves fails unless the device computes a small layer.
func serves(t *testing.T, dev *host.Device) {
	t.Helper()
	report, err := proof.Case{Problem: problem(t, "ic4ih11oc2kh5sh2"), Seed: 1}.Run(dev)
	if err != nil || !report.OK() {
		t.Errorf("a small layer: %v, %v", report, err)
	}
}
