package host_test

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
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
			if k.Store == shaders.Scaled || k.V == shaders.Int8 {
				killers[k] = append(killers[k], scaledKillers(k, descriptor, of.algorithm)...)
				continue
			}
			if k.X == shaders.Int8 || k.V == shaders.Int32 {
				killers[k] = append(killers[k], wholeKiller(descriptor, of.algorithm, k.V != shaders.Int32))
				continue
			}
			for _, e := range []conv.Epilogue{{}, conv.Activate(conv.ReLU),
				{Activation: conv.Activation{Function: conv.Clip, Alpha: -3, Beta: 5}}} {
				o := host.LayerOptions{Algorithm: of.algorithm, DType: host.Float16, Epilogue: e}
				if k.Store == shaders.Clamped {
					o.DType = host.Float32
				}
				killers[k] = append(killers[k], storedKiller(descriptor, o))
			}
		}
		if _, ok := k.Of.(shaders.Registers); ok && (k.Store == shaders.Clamped || k.V == shaders.Float16) {
			o := host.LayerOptions{Algorithm: of.algorithm, DType: k.V, Epilogue: conv.Activate(conv.Clip)}
			killers[k] = append(killers[k], killer{"not finite, " + of.algorithm, clippedInfinity(o)})
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

// clippedInfinity is a layer by Clip from 0 to 6 whose sums are an infinity, NaN and 1: V must be 6, NaN and 1.
func clippedInfinity(o host.LayerOptions) func(*host.Device) error {
	return func(dev *host.Device) error {
		defer host.SetGeneral(dev, host.SetGeneral(dev, false))
		p := must(conv.Parse("ic4iw3oc4kw1"))
		x, w := must(tensor.NewVolume(1, 1, 3, 4)), must(tensor.NewFilters(4, 1, 1, 4))
		x.Data[0], x.Data[4], x.Data[8] = float32(math.Inf(1)), float32(math.NaN()), 1
		for i := range w.Data {
			w.Data[i] = 1
		}
		l, err := host.NewLayer(dev, p, w, o)
		if err != nil {
			return err
		}
		defer l.Close()
		v, err := l.Run(context.Background(), x)
		if err != nil {
			return err
		}
		for i, z := range v.Data {
			if want := []float32{6, float32(math.NaN()), 1}[i/4]; z != want && (z == z || want == want) {
				return fmt.Errorf("%w: output %d is %v, must be %v", cpuref.ErrMismatch, i, z, want)
			}
		}
		return nil
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

// scaledKillers are layers of int8 whose kernels make outputs of sums: alone, and as float32 in a wider volume.
func scaledKillers(k shaders.Stored, descriptor, algorithm string) (all []killer) {
	p := must(conv.Parse(descriptor))
	if _, ok := k.Of.(shaders.DepthToSpace); !ok && k.X == shaders.Float32 {
		algorithm += "_converted"
	}
	for _, e := range []conv.Epilogue{{}, conv.Activate(conv.ReLU),
		{Activation: conv.Activation{Function: conv.Clip, Alpha: -3000, Beta: 5000}}} {
		o := host.QuantizedOptions{XZero: -5, XScale: 0.5, Algorithm: algorithm, Epilogue: e}
		run := func(dev *host.Device) error { return runQuantizedPlaced(dev, p, o) }
		if k.V == shaders.Int8 {
			o.VScale, o.VZero = 50, 9
			run = func(dev *host.Device) error { return runQuantized(dev, p, o) }
		}
		name := fmt.Sprintf("outputs of %s, %s", descriptor, e.Activation)
		all = append(all, killer{name, func(dev *host.Device) error {
			defer host.SetGeneral(dev, host.SetGeneral(dev, false))
			return run(dev)
		}})
	}
	return all
}

// runQuantizedPlaced runs a layer of int8 twice, in the midst of a volume and at its end.
func runQuantizedPlaced(dev *host.Device, p conv.Problem, o host.QuantizedOptions) error {
	x, filters := quantized(p, 1)
	b := host.NewProgram(dev)
	in := must(tensor.NewVolume(p.Batch, p.H.In, p.W.In, p.InChannels))
	for i, n := range x {
		in.Data[i] = float32(int(n)-int(o.XZero)) * o.XScale
	}
	bytes := b.Quantize(b.Input(in.N, in.H, in.W, in.D), o.XScale, o.XZero)
	before := b.Input(p.Batch, p.H.Out, p.W.Out, 4)
	v := b.QuantizedConv(bytes, p, filters, o)
	program, err := b.CompileChecked(b.Concat(before, v, b.QuantizedConv(bytes, p, filters, o)))
	if err != nil {
		return err
	}
	defer program.Close()
	_, reports, err := program.Verify(context.Background(), host.VerifyOptions{}, in,
		must(tensor.NewVolume(p.Batch, p.H.Out, p.W.Out, 4)))
	for _, r := range reports {
		err = errors.Join(err, r.Report.Err())
	}
	return err
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
