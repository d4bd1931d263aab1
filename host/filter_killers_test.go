package host_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// The kernels of dW, of db and of unshared layers that are broken.
var (
	brokenFilterTiles    = shaders.FilterTiles{Outputs: 8, Inputs: 8, Strip: 4, Vector: 4, Threads: 8}
	brokenFilterTiles1   = shaders.FilterTiles{Outputs: 8, Inputs: 8, Strip: 2, Vector: 1, Threads: 8}
	brokenFilterSlide    = shaders.FilterSlide{Strip: 4, Filter: 3, Stride: 1, Threads: 64}
	brokenFilterSlide2   = shaders.FilterSlide{Strip: 4, Filter: 3, Stride: 2, Threads: 64}
	brokenFilterSlide5   = shaders.FilterSlide{Strip: 8, Filter: 5, Stride: 1, Threads: 8}
	brokenFilterSlide5s2 = shaders.FilterSlide{Strip: 8, Filter: 5, Stride: 2, Threads: 8}
	brokenFilterSlide7   = shaders.FilterSlide{Strip: 8, Filter: 7, Stride: 1, Threads: 8}
	brokenFilterGrouped  = shaders.FilterSlide{Grouped: true, Strip: 8, Filter: 3, Stride: 1, Threads: 8}
	brokenFilterGrouped2 = shaders.FilterSlide{Grouped: true, Strip: 8, Filter: 3, Stride: 2, Threads: 8}
	brokenFilterShared   = shaders.FilterShared{Rows: 64, Columns: 32, Depth: 16, Vector: 4}
	brokenFilterShared1  = shaders.FilterShared{Rows: 64, Columns: 64, Depth: 16, Vector: 1}
	brokenUnshared       = shaders.Unshared{Images: 4, Vector: 4, Threads: 64}
	brokenUnshared1      = shaders.Unshared{Images: 4, Vector: 1, Threads: 64}
)

// brokenFilters are all of them. Of kernels whose unrolled lines are alike, those come first in which most of them can
// be told from others: by single channels, and by groups whose inputs and outputs differ.
func brokenFilters() []shaders.Variant {
	return append([]shaders.Variant{brokenFilterTiles1, brokenFilterTiles, brokenFilterGrouped, brokenFilterGrouped2,
		brokenFilterSlide, brokenFilterSlide2, brokenFilterSlide5, brokenFilterSlide5s2, brokenFilterSlide7,
		brokenFilterShared, brokenFilterShared1, shaders.BiasSumsBy(4), shaders.BiasSumsBy(1),
		brokenUnshared, brokenUnshared1,
		shaders.FilterUnsharedBy(4),
		shaders.FilterUnsharedBy(1), shaders.UnsharedInputsBy(4, 4), shaders.UnsharedInputsBy(4, 1),
		shaders.UnsharedGatherBy(4), shaders.UnsharedGatherBy(1),
		shaders.FilterStrided}, rows(shaders.WinogradGradients())...)
}

// ofFilterGradients tells the kernels of the way back from unshared.wgsl, which is forward.
func ofFilterGradients(v shaders.Variant) bool {
	_, forward := v.(shaders.Unshared)
	return !forward && slices.Contains(brokenFilters(), v)
}

func init() {
	for word, other := range map[string]string{"unit": "thread", "fours": "groups", "groups": "taps", "across": "down",
		"planes": "rows", "first_input": "first_output", "first_output": "first_input", "apart": "1u",
		"BLOCK": "IMAGES", "IMAGES": "BLOCK", "OUTPUTS": "STRIP", "INPUTS": "STRIP",
		"first_weight": "first_slice", "first_slice": "first_weight", "x_row": "d_row", "d_row": "x_row",
		"mine": "my_slice", "my_slice": "mine", "STRIDE": "LOADERS"} {
		swaps[word] = []string{other}
	}
	exempt = append(exempt,
		struct{ kind, why, words string }{"functions of gradients", "another one is not tried", "load advance"},
		struct{ kind, why, words string }{"values of gradients by tiles", "another one is not tried, though some " +
			"have one of their type", `
			Neuron df ds n.image n.o n.o.x n.o.y n.o.z neurons quad step.image step.o`})
	for channels, k := range map[int]shaders.FilterTiles{4: brokenFilterTiles, 1: brokenFilterTiles1} {
		killers[k] = filterTileKillers(k.Name()[len("filter_"):], channels)
	}
	for _, k := range brokenFilters() {
		if f, ok := k.(shaders.FilterSlide); ok {
			killers[k] = filterSlideKillers(f)
		}
	}
	killers[brokenFilterShared] = filterSharedKillers("64x32x16_v4", 4)
	killers[brokenFilterShared1] = filterSharedKillers("64x64x16_v1", 1)
	// parts of odd sizes, and one part; as many threads as fill the folded grid, and more
	killers[shaders.BiasSumsBy(4)] = append(byFilters("tiles/8x8x4_v4_t8_k1", "mb3ic4ih5iw37oc12kh1kw1",
		"ic4iw3oc40kw1", "ic4ih32iw32oc40kh1", "ic4ih32iw32oc80kh1"),
		byFilters("unshared/v4_t64", "mb3ic4iw5oc8kw1+unshared", "ic4iw160oc16kw1+unshared")...)
	killers[shaders.BiasSumsBy(1)] = append(byFilters("tiles/8x8x2_v1_t8_k1", "mb3ic2ih5iw37oc11kh1kw1",
		"ic1iw3oc81kw1", "mb2ic1ih40iw16oc19kh1", "ic1ih35iw35oc10kh1", "ic1ih32oc20kh1"),
		byFilters("unshared/v1_t64", "mb3ic1iw5oc3kw1+unshared", "ic1iw128oc5kw1+unshared")...)
	for channels, k := range map[int]shaders.Unshared{4: brokenUnshared, 1: brokenUnshared1} {
		killers[k] = unsharedKillers("unshared/"+k.Name()[len("unshared_"):], channels)
	}
	for _, channels := range []int{4, 1} {
		k := shaders.FilterUnsharedBy(uint32(channels))
		killers[k] = filterUnsharedKillers("unshared/"+k.Name()[len("filter_unshared_"):], channels)
	}
	for _, channels := range []int{4, 1} {
		killers[shaders.UnsharedInputsBy(4, uint32(channels))] = unsharedInputsKillers(channels)
		killers[shaders.UnsharedGatherBy(uint32(channels))] = unsharedInputsKillers(channels)
	}
	killers[shaders.FilterStrided] = byFilters("strided/tiles_8x8x4_v4_t8_k1",
		"g2mb2ic12ih13iw14oc40kh5kw7sh2sw4ph2pw1", "ic4ih5oc4kh3sh2ph1",
		"ic16ih6oc40kh2sh2") // as many threads as fill the folded grid
	for _, k := range shaders.WinogradGradients() {
		killers[k] = winogradGradientKillers(k)
	}
}

// winogradGradientKillers are whole layers, by the bound where tiles have more than four inputs along an axis.
func winogradGradientKillers(k shaders.Winograd) (all []killer) {
	taps := k.Side() + 1 - k.M
	for _, format := range []string{
		"mb2ic8ih9iw13oc12kh%dph1pw2", "g2mb3ic8ih7iw8oc16kh%[1]dph2dh1", "ic4ih6iw20oc8kh%dph2",
		"ic40ih8oc64kh%dph2", "ic4ih8oc160kh%dph1",
	} {
		p, err := conv.Parse(fmt.Sprintf(format, taps))
		if err != nil {
			panic(err)
		}
		c := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Bounded, Backward: true, Options: host.LayerOptions{
			FilterGradient: fmt.Sprintf("winograd%d/tiles_8x8x4_v4_t8_k1", k.M)}}
		if k.Side() == 4 {
			c.Mode = cpuref.Exact
		}
		all = append(all, killer{p.String(), func(dev *host.Device) error {
			_, err := c.Run(dev)
			return err
		}})
		if k.Kernel == "winograd_gradient" && p.H.Dilation == 1 {
			all = append(all, killer{"alone " + p.String(), func(dev *host.Device) error {
				return runWinogradGradient(dev, k, p)
			}})
		}
	}
	return all
}

// runWinogradGradient runs the transform of dV by itself, on whole numbers, of which no sum rounds.
func runWinogradGradient(dev *host.Device, k shaders.Winograd, p conv.Problem) error {
	h, w, err := transform.Transform(k.M).Lines(p)
	if err != nil {
		return err
	}
	dv, rng := make([]float32, p.OutLen()), rand.New(rand.NewPCG(5, 6))
	tensor.FillIntegers(dv, rng, 9)
	m, down, across := int(k.M), p.H.Tiles(int(k.M)), p.W.Tiles(int(k.M))
	var want []float32
	for t := range p.Batch * down * across {
		for i := range h.Products * w.Products {
			for c := range p.OutChannels {
				sum := 0.0
				for j := range m * m {
					y, x := t/across%down*m+j/m, t%across*m+j%m
					if y < p.H.Out && x < p.W.Out {
						at := ((t/across/down*p.H.Out+y)*p.W.Out+x)*p.OutChannels + c
						sum += h.AT[j/m][i/w.Products] * w.AT[j%m][i%w.Products] * float64(dv[at])
					}
				}
				want = append(want, float32(sum))
			}
		}
	}
	got, err := attemptWinograd(dev, k, shaders.WinogradGradient(p, k), [][]float32{dv}, int64(len(want)))
	return sameNumbers(got, want, err)
}

// byFilters are gradients of layers of integers, dW by one algorithm.
func byFilters(algorithm string, descriptors ...string) (all []killer) {
	for _, d := range descriptors {
		all = append(all, gradients(d, host.LayerOptions{FilterGradient: algorithm}))
	}
	return all
}

// everyParameter is a layer in which no two parameters beside each other are alike, of groups with so many channels.
func everyParameter(groups, inputs, outputs int) string {
	return fmt.Sprintf("g%dmb2ic%did3ih4iw5oc%dod4oh3ow2kd2kh3kw4sd1sh2sw3pd2ph3pw1dd1dh0dw0", groups, groups*inputs,
		groups*outputs)
}

// filterTileKillers are those of 8x8 weights a thread, and 8 threads a workgroup, which load so many channels at once.
func filterTileKillers(name string, channels int) []killer {
	algorithm := func(split int) string { return fmt.Sprintf("tiles/%s_k%d", name[len("tiles_"):], split) }
	outputs := 13 - channels/4 // two tiles, the last one not full
	some := func(format string) string { return fmt.Sprintf(format, 16+channels, outputs) }
	all := append(byFilters(algorithm(1),
		everyParameter(2, 16+channels, outputs), some("mb3ic%dih5iw9oc%dkh2kw3ph1"),
		some("ic%dih4iw5oc%dkh3kw4ph2pw3+reflect"), some("ic%dih4iw5oc%dkh3kw4ph2pw3+replicate"),
		some("ic%dih4iw5oc%dkh3kw4ph2pw3+circular"), some("mb2ic%dih3iw4oc%dkh2kw3sh2ph1+transposed"),
		// ten workgroups, which fill the folded grid, and one thread more
		"g10ic80iw9oc80kw8", "g9ic72iw10oc72kw9",
		fmt.Sprintf("g2mb2ic%dih3oc%[1]dkh2", 2*(8+channels))), // as many tiles across as down
		byFilters(algorithm(4), everyParameter(2, 16+channels, outputs), some("ic%dih17iw3oc%dkh1"),
			some("mb2ic%did2ih5iw3oc%dkd1kh1kw2"), "g5ic40ih16iw5oc40kh1kw4")...)
	for _, split := range []int{1, 4} {
		all = append(all,
			foreignGradients(fmt.Sprintf("g2mb2ic%dih8iw9oc%dkh3ph1", 6*channels, 10*channels), algorithm(split)))
	}
	return append(all, unreadGradients(some("mb2ic%dih9iw9oc%doh3ow3kh3"), algorithm(1)))
}

// filterSharedKillers have weights and depth slices around a tile, neurons around a step that begin new rows, planes
// and images within it, and parts the last of which is shorter or none.
func filterSharedKillers(name string, channels int) []killer {
	some := func(format string) string { return fmt.Sprintf(format, 4+channels) }
	all := append(byFilters("shared/"+name+"_k1",
		everyParameter(2, 4+channels, 12), some("mb3ic%dih5iw9oc68kh2kw3ph1"), some("mb2ic%did3ih3iw2oc4kd2kh1kw1"),
		some("mb40ic%dih1oc8kh1"), some("mb9ic%dih2iw1oc8kh1"), some("mb9ic%dih3iw1oc8kh1"),
		some("mb9ic%did3ih1oc8kd1kh1"), "ic16ih5oc4kh2",
		// whole tiles, with as many workgroups as fill the folded grid, and many
		"ic16ih5oc68kh2", "g10ic160ih5oc640kh2", "ic20ih5oc68kh3", "g2ic40ih5oc136kh3",
		some("mb3ic%diw17oc8kw2"), some("mb9ic%dih5iw3oc36kh1"),
		some("ic%dih4iw5oc8kh3kw4ph2pw3+reflect"), some("ic%dih4iw5oc8kh3kw4ph2pw3+replicate"),
		some("ic%dih4iw5oc8kh3kw4ph2pw3+circular"),
		fmt.Sprintf("ic%dih9oc4kh3", 64/4+channels),
		fmt.Sprintf("g10ic%diw20oc40kw4", 10*channels), // as many workgroups as fill the folded grid, and one more
		fmt.Sprintf("g11ic%diw20oc44kw4", 11*channels)),
		byFilters("shared/"+name+"_k4", some("mb3ic%dih9iw8oc12kh3ph1"), some("g2mb2ic%[1]d0iw65oc8kw2"),
			some("mb2ic%dih8oc68kh3ph1"),
			// parts that end within a step, with its second neuron, its fourth and its last but one
			some("ic%diw129oc12kw1"), "ic40iw140oc12kw1", some("ic%diw188oc12kw1"))...)
	return append(all, foreignGradients(fmt.Sprintf("g2mb2ic%dih8iw9oc24kh3ph1", 6*channels), "shared/"+name+"_k1"))
}

// filterSlideKillers have rows and neurons around a strip, planes whose windows begin anew, parts that begin within a
// plane, strides of z, and padding behind each column of X that a strip loads.
func filterSlideKillers(f shaders.FilterSlide) []killer {
	name, groups := "depthwise", func(fours int) string { return fmt.Sprintf("g%dic%doc%[2]d", 4*fours, 4*fours) }
	if f.Grouped {
		name, groups = "grouped", func(fours int) string { return fmt.Sprintf("g%dic%doc%d", fours, 4*fours, 8*fours) }
	}
	algorithm := fmt.Sprintf("%s/%d_f%ds%d_t%d_k", name, f.Strip, f.Filter, f.Stride, f.Threads)
	size := func(h, w uint32) string { // of inputs, for so many neurons without padding
		return fmt.Sprintf("ih%diw%doh%dow%d", (h-1)*f.Stride+f.Filter, (w-1)*f.Stride+f.Filter, h, w)
	}
	layer := func(start, sizes, more string) string {
		return fmt.Sprintf("%s%skh%dsh%d%s", start, sizes, f.Filter, f.Stride, more)
	}
	fill := 10 * f.Threads
	if f.Grouped {
		fill /= 2
	}
	all := append(byFilters(algorithm+"1",
		layer("mb2"+groups(2), fmt.Sprintf("id3%sod2kd1sd2pd0dd0", size(3, f.Strip+1)), ""),
		layer("mb3"+groups(1), fmt.Sprintf("id3%sod3kd1sd2pd1dd0", size(2, f.Strip-1)), ""),
		layer("mb2"+groups(3), size(3, 2*f.Strip), ""),
		layer(groups(int(fill)), size(2, 1), ""), // ten workgroups, which fill the folded grid
		layer(groups(1), fmt.Sprintf("ih%diw%d", f.Filter+3, f.Filter+2+f.Strip), "ph1pw2"),
		layer("mb2"+groups(1), fmt.Sprintf("ih%diw%d", f.Filter, f.Filter+1), "ph2pw1")),
		byFilters(algorithm+"4", layer("mb3"+groups(2), size(7, f.Strip+1), ""),
			layer(groups(1), size(17, 2), ""))...)
	for behind := range uint32(len(f.Columns())) {
		all = append(all, byFilters(algorithm+"1", layer(groups(1), fmt.Sprintf("ih%diw%doh1ow%d", f.Filter,
			f.Strip*f.Stride+behind-1, f.Strip+1+behind/f.Stride), "ph0pw1"))...)
	}
	return append(all, foreignGradients(layer("mb2"+groups(2), size(3, f.Strip+1), ""), algorithm+"1"))
}

// unsharedKillers have fours of depth slices around a block of eight, and images around what a thread takes.
func unsharedKillers(algorithm string, channels int) []killer {
	sums, all := computedBy(algorithm, conv.Epilogue{}), []killer(nil)
	some := func(format string) string { return fmt.Sprintf(format, 3*channels, 5*channels) }
	for _, d := range []string{
		everyParameter(2, 2*channels, 3*channels) + "+unshared", some("mb5ic%dih3iw4oc%dkh2kw3ph1+unshared"),
		fmt.Sprintf("mb4ic4iw3oc%dkw2+unshared", 32+channels), "ic4iw3oc32kw2+unshared", "mb2ic8iw5oc28kw3+unshared",
		some("ic%dih4iw5oc%dkh3kw4ph2pw3+unshared+reflect"),
		"ic4iw80oc32kw1+unshared", "ic4iw160oc32kw1+unshared", // which fill the folded grid, and twice
		"g2mb4ic8iw5oc72kw2+unshared", some("mb5ic%diw40oc%dkw2+unshared"),
	} {
		all = append(all, exact(d, sums))
	}
	finishing := fmt.Sprintf("g2mb3ic%diw9oc%dkw1+unshared", 2*channels, 10*channels)
	return append(all, append(finishes(finishing, algorithm), foreign(
		fmt.Sprintf("g2mb2ic%dih8iw9oc%dkh3ph1+unshared", 6*channels, 10*channels), sums))...)
}

// filterUnsharedKillers have depth slices that leave all remainders by four.
func filterUnsharedKillers(algorithm string, channels int) []killer {
	some := func(format string) string { return fmt.Sprintf(format, 3*channels, 6) }
	all := byFilters(algorithm, everyParameter(2, 2*channels, 5)+"+unshared",
		some("mb3ic%dih3iw4oc%dkh2kw3ph1+unshared"), some("ic%dih4iw5oc%dkh3kw4ph2pw3+unshared+reflect"),
		fmt.Sprintf("mb2ic%diw9oc11kw2pw1+unshared", channels),
		// as many threads as fill the folded grid, and more
		fmt.Sprintf("ic%diw16oc160kw1+unshared", channels), fmt.Sprintf("ic%diw19oc160kw1+unshared", channels))
	return append(all, foreignGradients(fmt.Sprintf("g2mb2ic%dih4iw5oc%dkh3ph1+unshared", 4*channels, 6*channels),
		algorithm))
}

// unsharedInputsKillers have images around four, filters around what threads beside each other take, and every
// padding.
func unsharedInputsKillers(channels int) []killer {
	all := byFilters("unshared",
		strings.Replace(everyParameter(2, 2*channels, 3*channels), "mb2", "mb5", 1)+"+unshared")
	for _, format := range []string{
		"g2mb6ic%[2]dih4iw9oc6kh3kw7ph1", "mb7ic%[3]diw9oc2kw7", // of three blocks, and of one and a vector
		"mb4ic%[4]diw82oc3kw3",  // of one, as many threads as fill the folded grid
		"g2mb4ic%[5]diw9oc4kw7", // as many blocks as groups
		"mb4ic%[1]diw160oc3kw1", "mb9ic%[1]dih7iw6oc5kh3kw2sh2sw3ph1dh1", "mb4ic%[2]dih3iw4oc3kh2kw3ph1",
		"mb4ic%[1]did3ih5iw4oc3kd2kh3kw4sh1sw2pd1ph3pw2+reflect",
		"mb4ic%[1]did3ih5iw4oc3kd2kh3kw4sh1sw2pd1ph3pw2+replicate",
		"mb4ic%[1]did3ih5iw4oc3kd2kh3kw4sh1sw2pd1ph3pw2+circular",
	} {
		descriptor := fmt.Sprintf(format, channels, 10*channels, 7*channels, 16*channels, 20*channels)
		all = append(all, byFilters("unshared", descriptor+"+unshared")...)
	}
	return all
}

// foreignGradients is a layer of two groups in which all numbers of one are NaN: dW and db of the other must not
// notice.
func foreignGradients(descriptor, algorithm string) killer {
	return spoiledGradients("foreign", descriptor, algorithm, func(p conv.Problem, data proof.Operands) {
		for i := range data.X.Data {
			if i%p.InChannels < p.InChannels/2 {
				data.X.Data[i] = float32(math.NaN())
			}
		}
		for i := range data.DV.Data {
			if i%p.OutChannels < p.OutChannels/2 {
				data.DV.Data[i] = float32(math.NaN())
			}
		}
	}, func(p conv.Problem, k int) bool { return k < p.OutChannels/2 })
}

// unreadGradients is a layer whose windows end before the middle of X along both axes, behind which all is NaN.
func unreadGradients(descriptor, algorithm string) killer {
	return spoiledGradients("unread", descriptor, algorithm, func(p conv.Problem, data proof.Operands) {
		for i := range data.X.Data {
			if pixel := i / p.InChannels; pixel%p.W.In > p.W.In/2 || pixel/p.W.In%p.H.In > p.H.In/2 {
				data.X.Data[i] = float32(math.NaN())
			}
		}
	}, func(conv.Problem, int) bool { return false })
}

// spoiledGradients is a layer of whose operands some numbers become NaN: dW and db must be right but for the depth
// slices that take part in those, whose db must be NaN.
func spoiledGradients(
	name, descriptor, algorithm string,
	spoil func(conv.Problem, proof.Operands),
	spoiled func(p conv.Problem, k int) bool,
) killer {
	p, err := conv.Parse(descriptor)
	if err != nil {
		panic(err)
	}
	return killer{name + " gradients " + descriptor, func(dev *host.Device) error {
		o := host.LayerOptions{FilterGradient: algorithm}
		data, err := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Exact, Options: o, Backward: true}.Data()
		if err != nil {
			return err
		}
		want, err := cpuref.FilterGradient(p, data.X, data.DV)
		if err != nil {
			return err
		}
		spoil(p, data)
		l, err := host.NewLayer(dev, p, data.W, o)
		if err != nil {
			return err
		}
		defer l.Close()
		got, err := l.Backward(context.Background(), data.X, data.DV)
		if err != nil {
			return err
		}
		for i, v := range got.W.Data {
			if k := i / p.TapsPerOutput() % p.OutChannels; !spoiled(p, k) && float64(v) != want.Value[i] {
				return fmt.Errorf("%w: %v at %d of dW, must be %v", cpuref.ErrMismatch, v, i, want.Value[i])
			}
		}
		for i, v := range got.W.Bias {
			if (v != v) != spoiled(p, i%p.OutChannels) {
				return fmt.Errorf("%w: %v at %d of db", cpuref.ErrMismatch, v, i)
			}
		}
		return nil
	}}
}
