package host_test

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/shaders"
)

// The killers of Fourier's transforms: whole layers, by the bound, for no number of theirs is exact.
func init() {
	fours := fourierKillers("fourier/registers_4x16_v4_t64",
		"mb2ic4ih5iw7oc8kh3ph1", "g2mb3ic8ih1iw2oc16kh3ph2pw1", "ic4ih3iw5oc4kh3kw2ph2pw4+reflect",
		"mb2ic4ih19iw2oc4kh4ph3pw1+replicate", "ic12ih3iw4oc4kh3ph3pw4+circular",
		"mb2ic4ih17iw20oc4oh3ow22kh3pw2", "mb2ic4ih9iw61oc4kh4kw3ph2pw3dh1dw2",
		"ic4ih7iw8oc4oh2ow7kh3ph5pw6dh5dw4+circular", "mb2ic4ih1iw270oc4kh3ph1",
		// the fewest outputs a tile, one more, and the most
		"ic4ih15iw18oc4kh13", "ic4ih15iw18oc4kh12", "ic8ih30iw43oc8kh2",
		"mb2ic4ih3iw40oc8kh1kw5ph0pw3", "mb2ic8ih40iw3oc4kh5kw1ph3pw0+replicate", "ic4ih3iw29oc4kh1kw2dw2pw1",
		"ic32ih26iw62oc32kh4kw2", "ic32ih10iw124oc32kh1kw5") // fill the folded grid's workgroups
	ones := fourierKillers("fourier/registers_8x4_v1_t64", "mb2ic3ih5iw7oc5kh3ph1", "g3mb2ic3ih21iw18oc6kh4kw2ph2pw1",
		"mb2ic3ih3iw40oc5kh1kw5ph0pw3")
	for _, k := range shaders.Fouriers() {
		if killers[k] = ones; k.Vector == 4 {
			killers[k] = fours
		}
	}
}

// Space to depth is exact before winograd2, where 3x3 taps are left: with several groups, residues of two axes, and
// every padding.
func init() {
	for vector, channels := range map[uint32]int{1: 3, 4: 4} {
		o := host.LayerOptions{Algorithm: "winograd2/registers_8x4_v1_t64"}
		k := shaders.SpaceToDepthBy(vector)
		for _, layer := range []string{
			"g2mb2ic%dih19iw14oc12kh5kw9sh2sw3ph2pw3", "mb2ic%dih9iw13oc4kh6kw7sh2sw3ph1pw2+reflect",
			"g2mb3ic%dih9iw13oc8kh8kw5sh3sw2ph1pw4+replicate",
			"g2ic%dih9iw13oc8kh8kw5sh3sw2ph3pw1+circular", "g2ic%dih20iw9oc8oh7ow4kh5sh2ph1",
			// 20 x 16 places of two rows of residues, which fill the folded grid's workgroups
			"g2ic%dih37iw29oc8kh5sh2ph1",
		} {
			killers[k] = append(killers[k], exact(fmt.Sprintf(layer, 2*channels), o))
		}
	}
}

// fourierKillers are layers without an epilogue, and the first with each that kernels tell apart.
func fourierKillers(algorithm string, descriptors ...string) (all []killer) {
	add := func(descriptor string, e conv.Epilogue) {
		p, err := conv.Parse(descriptor)
		if err != nil {
			panic(err)
		}
		c := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Bounded,
			Options: host.LayerOptions{Algorithm: algorithm, Epilogue: e}}
		all = append(all, killer{descriptor, func(dev *host.Device) error {
			_, err := c.Run(dev)
			return err
		}})
	}
	for _, d := range descriptors {
		add(d, conv.Epilogue{})
	}
	for _, e := range []conv.Epilogue{prelu(conv.BeforeFunction), {Residual: conv.BeforeFunction},
		{Residual: conv.AfterFunction}, conv.Activate(conv.ReLU)} {
		add(descriptors[0], e)
	}
	return all
}
