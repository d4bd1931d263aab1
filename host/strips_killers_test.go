package host_test

import (
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/shaders"
)

// The kernels of strips that are broken: the shortest of each.
var (
	brokenDepthwise  = shaders.Depthwise{Strip: 4, Vector: 4, Threads: 64}
	brokenDepthwise1 = shaders.Depthwise{Strip: 4, Vector: 1, Threads: 64}
	brokenStem       = shaders.Stem{Strip: 4, Rows: 2, Channels: 8, Filter: 3, Stride: 1, Threads: 64}
	brokenSlide      = shaders.Slide{Strip: 4, Rows: 2, Filter: 3, Stride: 1, Threads: 64}
	brokenGrouped    = shaders.Slide{Grouped: true, Strip: 4, Rows: 2, Filter: 3, Stride: 2, Threads: 64}
	brokenSlide2     = shaders.Slide{Strip: 4, Rows: 2, Filter: 3, Stride: 2, Threads: 64}
	brokenSlide5     = shaders.Slide{Strip: 4, Rows: 2, Filter: 5, Stride: 1, Threads: 64}
	brokenSlide5s2   = shaders.Slide{Strip: 4, Rows: 2, Filter: 5, Stride: 2, Threads: 64}
	brokenSlide7     = shaders.Slide{Strip: 8, Rows: 8, Filter: 7, Stride: 1, Threads: 8}
	brokenGrouped1   = shaders.Slide{Grouped: true, Strip: 4, Rows: 2, Filter: 3, Stride: 1, Threads: 64}
	brokenStem3s2    = shaders.Stem{Strip: 16, Rows: 2, Channels: 16, Filter: 3, Stride: 2, Threads: 8}
	brokenStem7s2    = shaders.Stem{Strip: 8, Rows: 1, Channels: 16, Filter: 7, Stride: 2, Threads: 64}
	brokenStem11s4   = shaders.Stem{Strip: 14, Rows: 1, Channels: 16, Filter: 11, Stride: 4, Threads: 8}
)

// brokenStrips are all of them.
func brokenStrips() []shaders.Variant {
	return []shaders.Variant{brokenStem, brokenSlide, brokenGrouped, brokenDepthwise1, brokenDepthwise, brokenSlide2,
		brokenSlide5, brokenSlide5s2, brokenSlide7, brokenGrouped1,
		brokenStem3s2, brokenStem7s2, brokenStem11s4}
}

func init() {
	killers[brokenStem] = stripKillers("stem/4x2x8_f3s1_t64",
		"mb2ic3id3ih7iw15oc12kd1kh3kw3sd2sh1sw1pd1ph0pw1", "ic3ih5iw7oc20kh3ph1pw0", "ic3ih3oc4kh3", "ic3ih3oc12kh3",
		"mb4ic3ih40iw32oc16kh3ph1",
		"ic3ih3iw3oc8oh3ow5kh3ph1", "ic3ih3iw4oc8oh3ow5kh3ph1", "ic3ih3iw5oc8kh3ph1", "ic3ih3iw6oc8kh3ph1",
		"ic3ih3iw7oc8kh3ph1", "ic3ih3iw8oc8kh3ph1")
	killers[brokenSlide] = stripKillers("depthwise/4x2_f3s1_t64",
		"g8mb2ic8id3ih5iw9oc8kd1kh3kw3sd2sh1sw1pd1ph1pw0", "g4mb2ic4ih4iw6oc4kh3ph0pw1", "g8mb4ic8ih40iw32oc8kh3ph1",
		"g4ic4ih3iw3oc4oh3ow5kh3ph1", "g4ic4ih3iw4oc4oh3ow5kh3ph1", "g4ic4ih3iw5oc4kh3ph1", "g4ic4ih3iw6oc4kh3ph1",
		"g4ic4ih3iw7oc4kh3ph1", "g4ic4ih3iw8oc4kh3ph1")
	killers[brokenGrouped] = stripKillers("grouped/4x2_f3s2_t64",
		"g2mb2ic8id3ih9iw15oc16kd1kh3kw3sd2sh2sw2pd1ph1pw0", "g5mb2ic20ih6iw9oc20kh3sh2ph0pw1",
		"g2mb4ic8ih80iw64oc8kh3sh2ph1",
		"g1ic4ih5iw7oc4oh3ow5kh3sh2ph1", "g1ic4ih5iw8oc4oh3ow5kh3sh2ph1", "g1ic4ih5iw9oc4kh3sh2ph1",
		"g1ic4ih5iw10oc4oh3ow6kh3sh2ph1", "g1ic4ih5iw11oc4kh3sh2ph1",
		"g1ic4ih5iw12oc4oh3ow7kh3sh2ph1", "g1ic4ih5iw13oc4kh3sh2ph1", "g1ic4ih5iw14oc4oh3ow8kh3sh2ph1",
		"g1ic4ih5iw15oc4kh3sh2ph1")
	killers[brokenSlide2] = stripKillers("depthwise/4x2_f3s2_t64",
		"g8mb2ic8id3ih9iw15oc8kd1kh3kw3sd2sh2sw2pd1ph1pw0", "g4mb2ic4ih6iw9oc4kh3sh2ph0pw1",
		"g8mb4ic8ih80iw64oc8kh3sh2ph1",
		"g4ic4ih5iw7oc4oh3ow5kh3sh2ph1", "g4ic4ih5iw8oc4oh3ow5kh3sh2ph1", "g4ic4ih5iw9oc4kh3sh2ph1",
		"g4ic4ih5iw10oc4oh3ow6kh3sh2ph1", "g4ic4ih5iw11oc4kh3sh2ph1",
		"g4ic4ih5iw12oc4oh3ow7kh3sh2ph1", "g4ic4ih5iw13oc4kh3sh2ph1", "g4ic4ih5iw14oc4oh3ow8kh3sh2ph1",
		"g4ic4ih5iw15oc4kh3sh2ph1")
	killers[brokenGrouped1] = stripKillers("grouped/4x2_f3s1_t64",
		"g2mb2ic8id3ih5iw9oc16kd1kh3kw3sd2sh1sw1pd1ph1pw0", "g5mb2ic20ih4iw6oc20kh3ph0pw1",
		"g2mb4ic8ih40iw32oc8kh3ph1",
		"g1ic4ih3iw3oc4oh3ow5kh3ph1", "g1ic4ih3iw4oc4oh3ow5kh3ph1", "g1ic4ih3iw5oc4kh3ph1", "g1ic4ih3iw6oc4kh3ph1",
		"g1ic4ih3iw7oc4kh3ph1", "g1ic4ih3iw8oc4kh3ph1")
	killers[brokenStem3s2] = stripKillers("stem/16x2x16_f3s2_t8",
		"mb2ic3id3ih9iw37oc20kd1kh3kw3sd2sh2sw2pd1ph1pw0", "ic3ih6iw9oc4kh3sh2ph1pw0", "mb8ic3ih40iw64oc16kh3sh2ph1",
		// to the second strip's first columns, and but for its last
		"ic3ih5iw31oc8oh3ow17kh3sh2ph1", "ic3ih5iw32oc8oh3ow17kh3sh2ph1", "ic3ih5iw33oc8kh3sh2ph1",
		"ic3ih5iw63oc8kh3sh2ph1")
	killers[brokenStem7s2] = stripKillers("stem/8x1x16_f7s2_t64",
		"mb2ic3id3ih13iw37oc20kd1kh7kw7sd2sh2sw2pd1ph2pw3", "ic3ih8iw9oc4kh7sh2ph1pw0", "mb8ic3ih40iw64oc32kh7sh2ph3",
		"ic3ih7iw15oc8oh2ow9kh7sh2ph1", "ic3ih7iw16oc8oh2ow9kh7sh2ph1", "ic3ih7iw17oc8oh2ow9kh7sh2ph1",
		"ic3ih7iw35oc8oh2ow17kh7sh2ph1")
	killers[brokenStem11s4] = stripKillers("stem/14x1x16_f11s4_t8",
		"mb2ic3id3ih23iw135oc20kd1kh11kw11sd2sh4sw4pd1ph2pw3", "ic3ih12iw13oc4kh11sh4ph1pw0",
		"mb8ic3ih43iw115oc16kh11sh4ph2",
		"ic3ih11iw55oc8oh2ow15kh11sh4ph1", "ic3ih11iw56oc8oh2ow15kh11sh4ph1", "ic3ih11iw57oc8oh2ow15kh11sh4ph1",
		"ic3ih11iw117oc8oh2ow29kh11sh4ph1")
	killers[brokenDepthwise1] = stripKillers("depthwise/4_v1_t64",
		"g3mb2ic3id5ih5iw24oc6kd3kh2kw4sd1sh2sw3pd2ph1pw0dd1dh0dw1", "g5ic5id3ih5iw5oc5kd2kh3kw2ph1",
		"g8mb4ic8ih20iw32oc8kh3ph1")
	killers[brokenDepthwise] = stripKillers("depthwise/4_v4_t64",
		"g8mb2ic8id5ih5iw24oc8kd3kh2kw4sd1sh2sw3pd2ph1pw0dd1dh0dw1", "g4ic4id3ih3iw5oc4kd2kh3kw2ph1",
		"g8mb4ic8ih20iw32oc8kh3ph1")
}

// Of wider filters: planes of z, rows and neurons around a strip, a folded grid that is full, and padding behind each
// column of X that a strip loads.
func init() {
	for _, k := range []shaders.Slide{brokenSlide5, brokenSlide5s2, brokenSlide7} {
		layer := func(start, sizes, more string) string {
			return fmt.Sprintf("%s%skh%dsh%d%s", start, sizes, k.Filter, k.Stride, more)
		}
		layers := []string{
			layer("g8mb2ic8oc8", fmt.Sprintf("id3ih%diw%dkd1sd2dd0", k.Filter+k.Rows*k.Stride,
				k.Filter+(k.Strip+1)*k.Stride), "pd1ph1pw0"),
			layer("g4mb2ic4oc4", fmt.Sprintf("ih%diw%d", k.Filter+1, k.Filter+3), "ph0pw1"),
			layer("g8mb4ic8oc8", fmt.Sprintf("ih%diw%d", 40*k.Stride, 32*k.Stride), fmt.Sprintf("ph%d", k.Filter/2)),
		}
		for behind := range uint32(len(k.Columns())) {
			size := fmt.Sprintf("ih%diw%doh1ow%d", k.Filter, k.Strip*k.Stride+behind-1, k.Strip+1+behind/k.Stride)
			layers = append(layers, layer("g4ic4oc4", size, "ph0pw1"))
		}
		killers[k] = stripKillers(strings.Replace(k.Name(), "_", "/", 1), layers...)
	}
}

// stripKillers are layers of integers of one algorithm, of which one fills the folded grid to
// its last thread, and the narrow ones have their padding behind each column of X that a strip loads. The epilogue has
// all operands in one more, and one operand in each of two.
func stripKillers(algorithm string, descriptors ...string) []killer {
	sums := computedBy(algorithm, conv.Epilogue{})
	finished := computedBy(algorithm, prelu(conv.BeforeFunction))
	all := []killer{exact(descriptors[0], finished),
		exact(descriptors[1], computedBy(algorithm, conv.Activate(conv.ReLU))),
		exact(descriptors[1], computedBy(algorithm, conv.Epilogue{Residual: conv.BeforeFunction}))}
	for _, d := range descriptors {
		all = append(all, exact(d, sums))
	}
	return all
}
