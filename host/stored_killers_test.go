package host_test

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/shaders"
)

// storedLayers are for each kernel with other loads and stores than of float32 the algorithm that it belongs to, and
// layers. All else of the kernel is that of float32, which has killers of its own.
var storedLayers = map[shaders.Variant]struct {
	algorithm string
	layers    []string
}{
	shaders.Registers{Pixels: 8, Channels: 16, Vector: 4, Threads: 8}: {
		"registers/8x16_v4_t8", []string{"mb2ic8ih5iw7oc20kh3ph1", "g2ic8iw70oc8kw1"}},
	shaders.Registers{Pixels: 8, Channels: 4, Vector: 1, Threads: 64}: {
		"registers/8x4_v1_t64", []string{"ic3ih5oc5kh2", "ic1iw9oc4kw2"}},
	shaders.Shared{Rows: 64, Columns: 64, Depth: 16, Vector: 4}: {
		"shared/64x64x16_v4", []string{"mb2ic8ih5iw7oc20kh3ph1"}},
	brokenStem:              {"stem/4x2x8_f3s1_t64", []string{"mb2ic3ih5iw7oc12kh3ph1"}},
	brokenSlide:             {"depthwise/4x2_f3s1_t64", []string{"g8mb2ic8ih5iw9oc8kh3ph1"}},
	shaders.SpreadRows()[1]: {"depthwise/transposed_4x4_f3s2_t64", []string{"g8mb2ic8ih5iw7oc8kh3sh2ph1+transposed"}},
	brokenDepthwise:         {"depthwise/4_v4_t64", []string{"g8mb2ic8ih5iw9oc8kh4ph1"}},
	brokenDepthwise1:        {"depthwise/4_v1_t64", []string{"g3mb2ic3ih5iw9oc6kh4ph1"}},
	shaders.WinogradInputs(4, 4, 1): {
		"winograd2/registers_8x4_v1_t64", []string{"mb2ic3ih5iw7oc5kh3ph1"}},
	shaders.WinogradInputs(6, 6, 4): {
		"winograd4/registers_4x16_v4_t64", []string{"mb2ic8ih9iw7oc12kh3ph1"}},
	shaders.WinogradOutputs(6, 6, 4, 4): {
		"winograd4/registers_4x16_v4_t64", []string{"mb2ic8ih9iw7oc12kh3ph1"}},
	shaders.FourierRows(4):        {"fourier/registers_4x16_v4_t64", []string{"mb2ic4ih5iw7oc8kh3ph1"}},
	shaders.FourierInverseRows(4): {"fourier/registers_4x16_v4_t64", []string{"mb2ic4ih5iw7oc8kh3ph1"}},
	shaders.SpaceToDepthBy(1): {
		"winograd2/registers_8x4_v1_t64", []string{"mb2ic3ih9iw13oc4kh6kw5sh2ph1"}},
	shaders.DepthToSpaces()[0]: {
		"registers/8x16_v4_t8_together", []string{"mb2ic4ih4iw5oc8kh4sh2ph1+transposed"}},
	shaders.UnsharedRows()[0]: {"unshared/1_v4_t64", []string{"ic8ih4oc8kh2+unshared"}},
}

// Each layer of float16 has no function, and one of each kind that kernels apply before they store.
func init() {
	for _, k := range shaders.Storeds() {
		of := storedLayers[k.Of]
		for _, descriptor := range of.layers {
			if k.X == shaders.Int8 || k.V == shaders.Int32 {
				killers[k] = append(killers[k], wholeKiller(descriptor, of.algorithm, k.V != shaders.Int32))
				continue
			}
			for _, e := range []conv.Epilogue{{}, conv.Activate(conv.ReLU),
				{Activation: conv.Activation{Function: conv.Clip, Alpha: -3, Beta: 5}}} {
				o := host.LayerOptions{Algorithm: of.algorithm, DType: host.Float16, Epilogue: e}
				if k.Clamped {
					o.DType = host.Float32
				}
				killers[k] = append(killers[k], storedKiller(descriptor, o))
			}
		}
	}
	for _, k := range shaders.Singles() {
		descriptor, algorithm := "ic64iw9oc3kw1", "registers/8x16_v1_t8_k4" // where SumSplitK takes part
		if _, ok := k.Of.(shaders.Registers); ok {
			descriptor, algorithm = "mb2ic8ih5iw7oc20kh3ph1", "registers/8x16_v4_t8"
		}
		for _, r := range []conv.Residual{conv.NoResidual, conv.BeforeFunction, conv.AfterFunction} {
			e := conv.Epilogue{Activation: conv.Activate(k.Function).Activation, Residual: r}
			if k.Function == conv.LeakyReLU {
				e.Activation.Alpha = 0.5 // which rounds nothing
			}
			o := host.LayerOptions{Algorithm: algorithm, Epilogue: e}
			killers[k] = append(killers[k], storedKiller(descriptor, o), storedKiller(descriptor, o, cpuref.Bounded))
		}
	}
}

// wholeKiller is a layer of int8, whose biases are so large that steps add them where they have to.
func wholeKiller(descriptor, algorithm string, large bool) killer {
	o := host.QuantizedOptions{XZero: -5, XScale: 0.5, Algorithm: algorithm}
	k := killerOf(descriptor, o)
	if large {
		k = killerOf(descriptor, o, 1<<24)
	}
	k.name += ", " + algorithm
	return k
}

// storedKiller is a layer on kernels that have no more of an epilogue than they need: of integers, where neither the
// algorithm nor the function rounds and no mode is asked for.
func storedKiller(descriptor string, o host.LayerOptions, modes ...cpuref.Mode) killer {
	p, err := conv.Parse(descriptor)
	if err != nil {
		panic(err)
	}
	c := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Exact, Options: o}
	if o.Algorithm[0] == 'f' || o.Algorithm[:9] == "winograd4" || o.Epilogue.Activation.Function > conv.PReLU {
		c.Mode = cpuref.Bounded
	}
	if len(modes) > 0 {
		c.Mode = modes[0]
	}
	return killer{descriptor + ", " + o.Epilogue.Activation.String(), func(dev *host.Device) error {
		defer host.SetGeneral(dev, host.SetGeneral(dev, false))
		_, err := c.Run(dev)
		return err
	}}
}
