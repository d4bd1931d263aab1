package host_test

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/shaders"
)

// texturedLayers are for each kernel that has a form which reads from textures the algorithm that it belongs to, and
// layers. What they read takes more than one row of a texture, of 1024 texels of four numbers. All else of the kernel
// has killers of its own.
var texturedLayers = map[shaders.Variant]struct {
	algorithm string
	layers    []string
}{
	shaders.Registers{Pixels: 8, Channels: 16, Vector: 4, Threads: 64}: {
		"registers/8x16_v4_t64", []string{"mb2ic8ih5iw7oc20kh3ph1", "ic64iw70oc128kw1"}},
	shaders.Registers{Pixels: 8, Channels: 16, Vector: 4, Threads: 8}: {
		"registers/8x16_v4_t8", []string{"mb2ic8ih5iw7oc20kh3ph1", "ic64iw70oc128kw1"}},
	shaders.Registers{Pixels: 8, Channels: 16, Vector: 4, Threads: 8, Across: true}: {
		"registers/8x16_v4_t8_across", []string{"mb2ic8ih5iw7oc20kh3ph1", "ic64iw70oc144kw1"}},
	shaders.Registers{Pixels: 8, Channels: 16, Vector: 1, Threads: 8}: {
		"registers/8x16_v1_t8", []string{"mb4ic3ih5iw7oc20kh3ph1", "ic33iw128oc130kw1"}},
	shaders.Stem{Strip: 16, Rows: 2, Channels: 16, Filter: 3, Stride: 2, Threads: 8}: {
		"stem/16x2x16_f3s2_t8", []string{"mb4ic3ih9iw37oc20kh3sh2ph1pw0", "ic3ih37iw40oc160kh3sh2ph1"}},
	shaders.Slide{Strip: 8, Rows: 8, Filter: 3, Stride: 1, Threads: 8}: {
		"depthwise/8x8_f3s1_t8", []string{"g8mb2ic8ih23iw25oc8kh3ph1"}},
	shaders.Slide{Grouped: true, Strip: 8, Rows: 8, Filter: 3, Stride: 2, Threads: 8}: {
		"grouped/8x8_f3s2_t8", []string{"g2mb2ic8ih23iw25oc16kh3sh2ph1"}},
	shaders.Depthwise{Strip: 8, Vector: 4, Threads: 8}: {
		"depthwise/8_v4_t8", []string{"g8mb2ic8ih23iw25oc8kh4ph1"}},
	shaders.WinogradInputs(6, 6, 4): {
		"winograd4/registers_8x16_v4_t8_across", []string{"mb2ic8ih23iw25oc12kh3ph1"}},
	shaders.WinogradOutputs(6, 6, 4, 4): {
		"winograd4/registers_8x16_v4_t8_across", []string{"mb2ic8ih23iw25oc12kh3ph1"}},
}

func init() {
	for _, k := range shaders.Textureds() {
		row, e := k.Of, conv.Epilogue{}
		switch of := k.Of.(type) {
		case shaders.Stored:
			row, e = of.Of, conv.Activate(conv.ReLU)
		case shaders.Single: // which a residual asks for
			row, e = of.Of, conv.Epilogue{Activation: conv.Activate(of.Function).Activation,
				Residual: conv.BeforeFunction}
		}
		if tiles, ok := row.(shaders.FilterTiles); ok {
			killers[k] = texturedFilterKillers(tiles)
			continue
		}
		of := texturedLayers[row]
		for _, descriptor := range of.layers {
			o := host.LayerOptions{Algorithm: of.algorithm + "_textures", Epilogue: e}
			killers[k] = append(killers[k], storedKiller(descriptor, o))
		}
	}
}

// texturedFilterKillers are those of dW, alone and with sums that are split.
func texturedFilterKillers(k shaders.FilterTiles) (all []killer) {
	for _, splitK := range []string{"1", "4"} {
		name := "tiles/" + k.Name()[len("filter_tiles_"):] + "_k" + splitK + "_textures"
		o := host.LayerOptions{FilterGradient: name}
		all = append(all, gradients("mb2ic8ih40iw9oc20kh3ph1", o))
	}
	return all
}
