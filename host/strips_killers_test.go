package host_test

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/shaders"
)

// The kernels of strips that are broken: the shortest of each.
var (
	brokenDepthwise  = shaders.Depthwise{Strip: 4, Vector: 4, Threads: 64}
	brokenDepthwise1 = shaders.Depthwise{Strip: 4, Vector: 1, Threads: 64}
	brokenStem       = shaders.Stem{Strip: 4, Rows: 2, Channels: 8, Filter: 3, Stride: 1, Threads: 64}
	brokenSlide      = shaders.Slide{Strip: 4, Rows: 2, Filter: 3, Stride: 1, Threads: 64}
	brokenGrouped    = shaders.Slide{Grouped: true, Strip: 4, Rows: 2, Filter: 3, Stride: 2, Threads: 64}
)

func init() {
	killers[brokenStem] = stripKillers("stem/4x2x8_f3s1_t64",
		"mb2ic3id3ih7iw15oc9kd1kh3kw3sd2sh1sw1pd1ph0pw1", "ic3ih5iw7oc17kh3ph1pw0", "mb4ic3ih40iw32oc16kh3ph1")
	killers[brokenSlide] = stripKillers("depthwise/4x2_f3s1_t64",
		"g8mb2ic8id3ih5iw9oc8kd1kh3kw3sd2sh1sw1pd1ph1pw0", "g4mb2ic4ih4iw6oc4kh3ph0pw1", "g8mb4ic8ih40iw32oc8kh3ph1")
	killers[brokenGrouped] = stripKillers("grouped/4x2_f3s2_t64",
		"g2mb2ic8id3ih9iw15oc16kd1kh3kw3sd2sh2sw2pd1ph1pw0", "g3mb2ic12ih6iw9oc12kh3sh2ph0pw1", "g2mb4ic8ih80iw64oc8kh3sh2ph1")
	killers[brokenDepthwise1] = stripKillers("depthwise/4_v1_t64",
		"g3mb2ic3id5ih5iw24oc6kd3kh2kw4sd1sh2sw3pd2ph1pw0dd1dh0dw1", "g5ic5id3ih5iw5oc5kd2kh3kw2ph1", "g8mb4ic8ih20iw32oc8kh3ph1")
	killers[brokenDepthwise] = stripKillers("depthwise/4_v4_t64",
		"g8mb2ic8id5ih5iw24oc8kd3kh2kw4sd1sh2sw3pd2ph1pw0dd1dh0dw1", "g4ic4id3ih3iw5oc4kd2kh3kw2ph1", "g8mb4ic8ih20iw32oc8kh3ph1")
}

// stripKillers are layers of integers of one algorithm, the last of which fills the folded grid to
// its last thread. The epilogue has all operands in one more, and one operand in each of two.
func stripKillers(algorithm string, descriptors ...string) []killer {
	plain := fusedBy(algorithm, conv.Epilogue{})
	finished := fusedBy(algorithm, prelu(conv.BeforeFunction))
	all := []killer{exact(descriptors[0], finished), exact(descriptors[1], fusedBy(algorithm, leaky)),
		exact(descriptors[1], fusedBy(algorithm, conv.Epilogue{Residual: conv.AfterFunction}))}
	for _, d := range descriptors {
		all = append(all, exact(d, plain))
	}
	return all
}

func fusedBy(algorithm string, e conv.Epilogue) host.LayerOptions {
	return host.LayerOptions{Algorithm: algorithm, Epilogue: e}
}
