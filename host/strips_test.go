package host_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// TestStrips holds the algorithms of depthwise layers of groups of few channels and of stems to the proof, around
// the strips of their threads.
func TestStrips(t *testing.T) {
	dev := hosttest.Open(t)
	ran := hosttest.AlgorithmsOn(t, dev, []string{
		"g4ic4ih7iw3oc4kh3ph1", "g4ic4ih8iw4oc4kh3ph1", "g4ic4ih9iw5oc4kh3ph1", "g8mb2ic8ih13iw15oc8kh3ph1",
		"g4ic4ih15iw14oc4kh3", "g12ic12ih8iw9oc12kh3ph2pw0",
		"g4ic4ih15iw15oc4kh3sh2ph1", "g4ic4ih16iw17oc4kh3sh2ph1", "g8mb2ic8ih29iw31oc8kh3sh2ph1",
		"g4ic4ih6iw8oc4kh3sh2",
		"g4mb2ic4id3ih5iw9oc4kd1kh3sd2sh1pd1ph1", // planes that lie in the padding
		"g2mb2ic8ih9iw7oc8kh3ph1", "g3ic12ih29iw9oc24kh3ph1", "g2ic8ih17iw15oc8kh3sh2ph1",
		"g1ic1ih5oc1kh3ph1", "g3ic3ih5iw4oc3kh3ph1", "g5mb2ic5ih5iw9oc5kh3ph1", "g4ic4ih5oc8kh3ph1",
		"g3ic3ih6oc9kh2kw3sh2sw1", "g8ic8ih9iw7oc8kh5ph2", "g4ic4ih12iw9oc4kh3ph2dh1",
		"g4mb2ic4id3ih4iw5oc4kd2kh3kw2pd1ph1pw0", "g4ic4ih6iw5oc4kh3ph1+reflect", "g3ic3ih6iw5oc6kh3ph1+replicate",
		"g8mb2ic8ih6iw5oc8kh3ph2+circular",
		"g8mb2ic8ih15iw9oc8kh5ph2", "g4ic4ih17iw30oc4kh5sh2ph2", "g4mb2ic4ih15iw16oc4kh7ph3",
		"ic3mb2ih7iw29oc20kh3ph1", "ic3ih6iw10oc12kh3ph0", "ic3mb2id3ih3iw9oc4kd1kh3sd2sh1pd1ph1",
		"ic3ih9iw33oc20kh3sh2ph1", "ic3mb2ih17iw19oc20kh7sh2ph3", "ic3ih23iw67oc20kh11sh4",
	}, func(_ conv.Problem, a host.Algorithm) bool {
		return slices.Contains(host.StripAlgorithms(), host.AlgorithmName(a))
	})
	for _, name := range host.StripAlgorithms() {
		if !ran[name] && !wideOnGPU(dev, name) {
			t.Errorf("%s was not run", name)
		}
	}
}

// wideOnGPU tells strips of filters of 7x7, which no GPU runs.
func wideOnGPU(dev *host.Device, name string) bool {
	return dev.GPU().Info().Type != gpu.Software && strings.Contains(name, "_f7s1_t8")
}
