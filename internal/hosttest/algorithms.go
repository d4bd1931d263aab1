package hosttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/transform"
)

// Algorithms holds every algorithm, with all its variants, to the proof: on layers that are one neuron,
// depth slice or input channel around what tiles hold.
func Algorithms(t *testing.T, dev *host.Device) {
	t.Helper()
	layers := []string{
		"ic4ih5oc8kh3ph1", "ic8ih9oc17kh3ph1", "ic8ih9oc20kh3ph1", "ic3ih9oc9kh2",
		"g2mb2ic8ih7iw5oc24kh3kw2ph2+reflect", "mb3ic64ih3oc5kh1", "ic256ih4oc72kh1",
		"ic12ih9iw10oc68kh3sh2ph1dh1",
		"mb2ic16id3ih4iw5oc12kd2kh3kw2pd1ph1pw0+circular", "ic3ih6oc8kh3ph1", "ic5ih9iw10oc65kh3sh2ph1",
		"g8ic8ih9oc8kh3ph1", "g8ic8ih9oc8kh5ph2", "g8ic8ih9oc8kh5sh2ph2", "g8ic8ih9oc8kh7ph3",
		"g4ic4ih10oc4kh3sh2ph1", "g3ic3ih5oc6kh2", "g2ic8ih9oc8kh3sh2ph1",
		"ic3ih10oc8kh3sh2ph1", "ic3ih12oc8kh7sh2ph3", "ic3ih24oc8kh11sh4",
		"g2ic8ih9iw11oc8kh5ph2", "ic4ih9oc8kh7ph3", "ic8ih9iw13oc8kh1kw7ph0pw3", "ic4ih14iw3oc4kh3kw1ph1pw0",
		"ic3ih9oc5kh5ph2", "ic3ih9oc5kh7ph3",
		"mb5ic8ih4iw5oc12kh3kw2ph1+unshared", "g2mb2ic6ih4oc10kh2+unshared+reflect",
		// strides, from space to depth
		"ic4ih12oc8kh4ph1", "ic3ih12oc5kh4ph1", "g2ic8ih15oc8kh5sh2ph2", "mb2ic3ih17oc5kh7kw5sh2sw1ph3+reflect",
	}
	for _, channels := range []string{"ic3oc8", "ic8oc5"} { // one by one on one side, by fours on the other
		for _, taps := range []int{3, 4, 5, 7} {
			layers = append(
				layers,
				fmt.Sprintf("%sih3iw13kh1kw%dph0pw1", channels, taps),
				fmt.Sprintf("%sih13iw3kh%dkw1ph1pw0", channels, taps),
			)
		}
	}
	AlgorithmsOn(t, dev, layers, sampled())
}

// sampled leaves out most of what reads from textures, and where time is short three in four of the products that each
// transform may be around: those are algorithms of their own. The first of each layer stays.
func sampled() func(conv.Problem, host.Algorithm) bool {
	counts := map[string]int{}
	return func(p conv.Problem, a host.Algorithm) bool {
		if LeftOut(a) {
			return false
		}
		if !testing.Short() || !Transforms(a) {
			return true
		}
		key := p.String() + a.Name()
		n, seen := counts[key]
		counts[key] = n + 1
		return !seen || (n+len(counts))%4 == 0
	}
}

// Transforms tells whether an algorithm transforms a layer, around products of which each makes another variant.
func Transforms(a host.Algorithm) bool {
	return strings.HasPrefix(a.Name(), "winograd") || a.Name() == transform.Fourier.String()
}

// AlgorithmsOn holds those algorithms that serve a layer, and that are wanted, to the proof with all
// operands. It gives the names of those that ran.
func AlgorithmsOn(
	t *testing.T,
	dev *host.Device,
	descriptors []string,
	wanted func(conv.Problem, host.Algorithm) bool,
) map[string]bool {
	t.Helper()
	ran := map[string]bool{}
	for _, descriptor := range descriptors {
		p, err := conv.Parse(descriptor)
		if err != nil {
			t.Fatal(err)
		}
		all, err := host.Algorithms(dev, p, host.LayerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			if wanted(p, a) {
				ran[host.AlgorithmName(a)] = true
				algorithm(t, dev, p, a)
			}
		}
	}
	return ran
}

// ReadsTextures tells whether an algorithm is one that reads from textures, of float32 alone.
func ReadsTextures(a host.Algorithm) bool { return strings.Contains(a.Variant(), "_textures") }

// fewTextured are algorithms that read from textures, by kernels of the table that compile quickly.
var fewTextured = []string{
	"registers/8x16_v4_t8_textures", "registers/8x16_v4_t8_across_textures",
	"registers/8x16_v1_t8_textures",
	"winograd4/registers_8x16_v4_t8_textures", "stem/16x2x16_f3s2_t8_textures", "depthwise/8x8_f3s1_t8_textures",
	"grouped/8x8_f3s2_t8_textures", "depthwise/8_v4_t8_textures",
}

// LeftOut tells whether an algorithm is one of many like it: what reads from textures, but for few. TestPlacement runs
// all of them.
func LeftOut(a host.Algorithm) bool {
	name := strings.TrimSuffix(strings.TrimSuffix(host.AlgorithmName(a), "_together"), "_apart")
	return ReadsTextures(a) && !slices.Contains(fewTextured, name)
}

// algorithm holds one of them to both modes of the proof.
func algorithm(t *testing.T, dev *host.Device, p conv.Problem, a host.Algorithm) {
	t.Helper()
	e := conv.Epilogue{Activation: conv.Activation{Function: conv.PReLU}, Residual: conv.BeforeFunction}
	exact := !Transforms(a)
	if unstrided, err := transform.OfStride1(p); a.Name() == "winograd2" && err == nil {
		exact = transform.Winograd2.Exact(unstrided) // all others round
	}
	for _, as := range []struct {
		mode  cpuref.Mode
		dtype host.DType
	}{{cpuref.Exact, host.Float32}, {cpuref.Bounded, host.Float32}, {cpuref.Bounded, host.Float16}} {
		if as.mode == cpuref.Exact && !exact || as.dtype == host.Float16 && ReadsTextures(a) {
			continue
		}
		c := proof.Case{
			Problem: p,
			Seed:    1,
			Mode:    as.mode,
			Options: host.LayerOptions{Algorithm: host.AlgorithmName(a), Epilogue: e, DType: as.dtype},
		}
		if _, err := c.Run(dev); err != nil {
			t.Errorf("%s: %v\n\t%s", host.AlgorithmName(a), err, c.Repro(dev))
		}
	}
}
