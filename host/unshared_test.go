package host_test

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// TestUnsharedAlgorithms holds every algorithm for unshared layers to the proof: with channels that are multiples of
// four and that are not, images around what a thread takes, and each kind of padding.
func TestUnsharedAlgorithms(t *testing.T) {
	ran := hosttest.AlgorithmsOn(t, hosttest.Open(t), []string{
		"ic4ih5oc8kh3ph1+unshared", "mb5ic8ih4iw5oc12kh3kw2ph1+unshared",
		"mb3g2ic8ih7iw6oc24kh3kw2sh2sw1ph1dh1+unshared",
		"mb4ic3ih4oc5kh3+unshared", "mb6g2ic6ih4iw5oc10kh2ph1+unshared+reflect", "g3ic3ih5oc3kh3+unshared",
		"mb2ic4id3ih4iw3oc4kd2kh3kw2pd1ph1pw0+unshared+circular", "mb2ic2ih4iw5oc3kh3ph2+unshared+replicate",
		"ic16iw9oc16kw1+unshared",
	}, func(_ conv.Problem, a host.Algorithm) bool { return a.Name() == "unshared" })
	if len(ran) != 4 {
		t.Errorf("ran %v, must be all four", ran)
	}
}
