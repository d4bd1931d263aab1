package host_test

import (
	"context"
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/shaders"
)

// The tiles that are broken.
var (
	registers4 = shaders.Registers{Pixels: 4, Channels: 16, Vector: 4, Threads: 64}
	registers1 = shaders.Registers{Pixels: 8, Channels: 16, Vector: 1, Threads: 64}
	across     = shaders.Registers{Pixels: 4, Channels: 16, Vector: 4, Threads: 8, Across: true}
	uniform    = shaders.Registers{Pixels: 8, Channels: 16, Vector: 4, Threads: 8, Uniform: true}
	shared4    = shaders.Shared{Rows: 64, Columns: 64, Depth: 16, Vector: 4}
	shared1    = shaders.Shared{Rows: 64, Columns: 64, Depth: 16, Vector: 1}
)

// The killers of tiles have one pixel, depth slice, input channel or step too few or too many for their
// kernel's tiles, and numbers of tiles that fill the folded grid.
func init() {
	killers[registers4] = append(tileKillers("registers/4x16_v4_t64", 4,
		append(rowsAndColumns, "ic8iw257oc20kw1", "mb3ic4ih19iw9oc12kh2")...),
		tileFinishes("registers/4x16_v4_t64", 4)...)
	killers[registers1] = tileKillers("registers/8x16_v1_t64", 1, "ic7iw513oc21kw1", "mb3ic1ih19iw9oc15kh2",
		"ic2iw3oc320kw1")
	killers[across] = tileKillers("registers/4x16_v4_t8_across", 4,
		"ic8iw5oc132kw1", "mb3ic4ih3iw3oc124kh2", "ic4iw3oc16kw1", "ic4iw80oc20kw1", "g2ic8iw9oc280kw1")
	// three columns; two dispatches of columns
	killers[uniform] = byUniform("ic4iw3oc40kw1", "mb2ic4ih5iw7oc20kh2", "ic256iw65oc100kw1",
		"g5ic40ih3iw5oc80kh3ph1", "g2mb2ic8id5ih6iw7oc24od4oh3ow2kd2kh3kw2sd1sh2sw3pd2ph3pw1dd1dh0dw1",
		"ic4ih4iw5oc12kh3kw4ph2pw3+reflect")
	killers[shared4] = append(tileKillers("shared/64x64x16_v4", 4,
		"ic4iw320oc256kw1", "ic16iw65oc68kw1", "ic20iw64oc64kw1", "ic12iw63oc60kw1", "ic52iw30oc28kw2",
		"g2mb2ic40ih6iw7oc136kh2"),
		exact("ic4iw70oc92kw1", computedBy("shared/64x64x16_v4", prelu(conv.BeforeFunction))))
	killers[shared1] = append(tileKillers("shared/64x64x16_v1", 1,
		"ic1iw320oc256kw1", "ic16iw65oc65kw1", "ic17iw64oc64kw1", "ic15iw63oc63kw1", "ic53iw30oc30kw2",
		"g2mb2ic38ih6iw7oc132kh2"),
		exact("ic4iw70oc90kw1", computedBy("shared/64x64x16_v1", prelu(conv.BeforeFunction))))
	killers[shaders.SumSplitK] = append([]killer{
		exact("ic64iw5oc3kw1", computedBy("registers/8x16_v1_t8_k4", conv.Epilogue{})), // no epilogue
		// the last workgroup half full, and some left over
		exact("mb2ic64iw700oc1kw1", computedBy("registers/8x16_v1_t8_k4", leaky)),
		// 20 workgroups, which fill the folded grid
		exact("ic64iw2560oc2kw1", computedBy("registers/8x16_v1_t8_k4", conv.Epilogue{})),
	}, finishes("ic64iw9oc3kw1", "registers/8x16_v1_t8_k4")...)
}

// rowsAndColumns are layers whose tiles of 256 neurons of 16 depth slices fill the folded grid with nothing
// left over, so that a kernel that counts too many of them leaves out the last ones.
var rowsAndColumns = []string{
	"ic4iw256oc160kw1", "ic4iw255oc160kw1", // one full row of tiles, and one neuron less
	"mb3ic4id5ih9iw23oc160kd1kh1", // 13 rows, ten columns
	"g10ic40iw3oc160kw1",          // one column for each group
}

// tileKillers are those of every tile, and the given ones of one kind. Groups have so many input channels
// at least.
func tileKillers(algorithm string, channels int, descriptors ...string) []killer {
	sums := computedBy(algorithm, conv.Epilogue{})
	all := []killer{
		// each edge of each image is read over; images begin at every place in eight
		exact(fmt.Sprintf("mb8ic%dih3iw5oc4kh3ph1", channels), sums),
		// no two parameters beside each other are alike
		exact(fmt.Sprintf("g2mb2ic%did5ih6iw7oc%dod4oh3ow2kd2kh3kw2sd1sh2sw3pd2ph3pw1dd1dh0dw1", 6*channels,
			10*channels), sums),
		// padding that is not zero
		exact(fmt.Sprintf("mb2ic%dih4iw5oc%dkh3kw4ph2pw3+reflect", channels, 5*channels), sums),
		// splits of different lengths
		exact(fmt.Sprintf("g2mb2ic136ih3iw2oc%dkh2", 10*channels), computedBy(algorithm+"_k4", conv.Epilogue{})),
		// as many tiles as the folded grid
		exact("g5ic320iw3oc20kw1", computedBy(algorithm+"_k4", conv.Epilogue{})),
		// all operands
		exact(fmt.Sprintf("g2mb2ic%diw9oc%dkw1", 2*channels, 10*channels),
			computedBy(algorithm, prelu(conv.BeforeFunction))),
		// full rows of a tile, and a last step that is not full
		foreign(fmt.Sprintf("g2mb2ic%dih8iw9oc%dkh3ph1", 2*(16+channels), 10*channels), sums),
	}
	for _, d := range descriptors {
		all = append(all, exact(d, sums))
	}
	return all
}

// tileFinishes are the epilogues, of whole sums and of split-K.
func tileFinishes(algorithm string, channels int) []killer {
	all := append(finishes(fmt.Sprintf("g2mb2ic%diw9oc%dkw1", 2*channels, 10*channels), algorithm),
		finishes(fmt.Sprintf("ic64iw9oc%dkw1", 5*channels), algorithm+"_k4")...)
	// a full tile: no thread behind the last one
	return append(all, exact("ic4iw256oc20kw1", computedBy(algorithm, leaky)))
}

// finishes are a layer with every kind of epilogue.
func finishes(descriptor, algorithm string) (all []killer) {
	for _, e := range []conv.Epilogue{conv.Activate(conv.ReLU), prelu(conv.BeforeFunction), prelu(conv.AfterFunction),
		{Residual: conv.BeforeFunction}, {Residual: conv.AfterFunction}} {
		all = append(all, exact(descriptor, computedBy(algorithm, e)))
	}
	return all
}

func computedBy(algorithm string, e conv.Epilogue) host.LayerOptions {
	return host.LayerOptions{Algorithm: algorithm, Epilogue: e}
}

// foreign is a layer of two groups and two images in which all numbers are NaN but those of one group in
// one image: its neurons must not notice. Nothing else tells whether a kernel multiplies what is not its
// neuron's by zero.
func foreign(descriptor string, o host.LayerOptions) killer {
	p, err := conv.Parse(descriptor)
	if err != nil {
		panic(err)
	}
	return killer{"foreign " + descriptor, func(dev *host.Device) error { return runForeign(dev, p, o) }}
}

func runForeign(dev *host.Device, p conv.Problem, o host.LayerOptions) error {
	data, err := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Exact, Options: o}.Data()
	if err != nil {
		return err
	}
	l, err := host.NewLayer(dev, p, data.W, o)
	if err != nil {
		return err
	}
	defer l.Close()
	want, err := cpuref.Conv(p, data.X, data.W)
	if err != nil {
		return err
	}
	for i := range data.X.Data {
		if i >= len(data.X.Data)/2 || i%p.InChannels >= p.InChannels/2 {
			data.X.Data[i] = float32(math.NaN())
		}
	}
	v, err := l.Run(context.Background(), data.X)
	if err != nil {
		return err
	}
	for i, got := range v.Data[:len(v.Data)/2] {
		if i%p.OutChannels < p.OutChannels/2 && float64(got) != want.Value[i] {
			return fmt.Errorf("%w: output %d is %v, must be %v", cpuref.ErrMismatch, i, got, want.Value[i])
		}
	}
	return nil
}

// byUniform has layers computed with weights from a uniform buffer, the last one with an epilogue too.
func byUniform(descriptors ...string) (all []killer) {
	const algorithm = "registers/8x16_v4_t8_uniform"
	for _, d := range descriptors {
		all = append(all, exact(d, computedBy(algorithm, conv.Epilogue{})))
	}
	return append(all, exact(descriptors[0], computedBy(algorithm, prelu(conv.BeforeFunction))))
}
