package hosttest

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
)

// TransposedAlgorithms holds every algorithm to the proof on transposed layers, of whose residues it computes the
// convolutions: of each transform a part, for what it is around is held to it on ordinary layers.
func TransposedAlgorithms(t *testing.T, dev *host.Device) map[string]bool {
	t.Helper()
	some := 0
	return AlgorithmsOn(t, dev, []string{
		"ic4ih7oc8kh3ph1+transposed", "ic3ih6iw5oc5kh4kw3ph1+transposed", // stride 1
		"g2mb2ic8ih5iw4oc16kh5sh2ph2+transposed", "mb2ic4ih5oc3kh9sh3ph4+transposed", // 3x3 taps together
		"mb2ic4ih4iw5oc8kh4sh2ph1+transposed", "ic64ih4oc5oh8kh3sh2ph1+transposed",
		"g4ic4ih6oc4kh3sh2ph1+transposed", "g3ic3ih5oc6kh2kw4sh2sw1+transposed", "g4ic4ih6oc4kh4sh2ph1+transposed",
		"g8ic8ih3oc8kh5sh2ph2+transposed",
		"g2mb2ic8id2ih3iw4oc8kd3kh2kw3sd2sh3sw2pd1ph0pw1dd0dh0dw2+transposed",
	}, func(_ conv.Problem, a host.Algorithm) bool {
		switch {
		case LeftOut(a):
			return false
		case !Transforms(a):
			return true
		}
		some++
		return some%5 == 1
	})
}

// InputGradients computes the gradients of layers of all kinds by the algorithm that is chosen for each.
func InputGradients(t *testing.T, dev *host.Device) {
	for _, rows := range [][]row{shapes, groups, transposed, unshared[:2], padding()[:20]} {
		for _, r := range rows {
			t.Run(r.name, func(t *testing.T) { judgeBackward(t, dev, r.problem, host.LayerOptions{}) })
		}
	}
	for _, d := range []string{ // with transforms, where numbers are real
		"mb2ic16ih14oc8kh3ph1", "g2ic16ih9iw13oc24kh5sh2ph2", "ic8ih12oc16kh6sh2ph2+transposed", "ic16ih15oc8kh4ph1",
	} {
		t.Run(d, func(t *testing.T) {
			for _, e := range []conv.Epilogue{{}, conv.Activate(conv.ReLU)} {
				judgeBackward(t, dev, d, host.LayerOptions{Epilogue: e})
			}
		})
	}
}
