package host_test

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/shaders"
)

// The kernels that are broken are those of GPUs, where threads share a pixel: in the others lanes do not matter.
var (
	depthToSpace4 = shaders.DepthToSpace{Vector: 4, Lanes: 16, Threads: 64}
	depthToSpace1 = shaders.DepthToSpace{Vector: 1, Lanes: 16, Threads: 64}
)

// The killers of depth to space: transposed layers as a GPU would compute them, with channels for more threads than
// share a pixel and not for all of the last ones.
func init() {
	for k, channels := range map[shaders.Variant]int{depthToSpace4: 68, depthToSpace1: 17} {
		for _, d := range []string{
			"g2mb2ic4ih3iw4oc%dkh3kw2sh2sw3ph1+transposed", "mb3ic2ih2iw3oc%dkh4sh2sw3ph1+transposed",
			// no tap reaches three in four outputs
			"g2ic2ih3iw2oc%dkh1sh2+transposed",
			"mb2ic1id2ih3iw2oc%dkd2kh3kw3sd2sh3sw2pd1ph1pw0+transposed",
			// 80 pixels, which fill the folded grid's workgroups
			"ic1ih4iw5oc%dkh2sh2+transposed",
			// fewer outputs than the stride
			"ic1ih2iw3oc%doh3kh5sh7ph2+transposed",
		} {
			d = fmt.Sprintf(d, 2*channels)
			addDepthToSpace(k, d, conv.Epilogue{}, false)
		}
		// residues with more taps than others, several of some
		several := fmt.Sprintf("g2mb2ic2ih3iw4oc%dkh5kw4sh3sw2ph1+transposed", 2*channels)
		addDepthToSpace(k, several, conv.Epilogue{}, true)
		for _, e := range []conv.Epilogue{prelu(conv.BeforeFunction), {Residual: conv.BeforeFunction},
			{Residual: conv.AfterFunction}, conv.Activate(conv.ReLU)} {
			addDepthToSpace(k, fmt.Sprintf("mb2ic1ih2iw3oc%dkh3sh2ph1+transposed", channels), e, false)
		}
	}
}

// addDepthToSpace adds a layer, with its V and residual in the midst of wider volumes. No plan of a software adapter
// has the kernel.
func addDepthToSpace(k shaders.Variant, descriptor string, e conv.Epilogue, apart bool) {
	p, err := conv.Parse(descriptor)
	if err != nil {
		panic(err)
	}
	s := among(algo.Spec{Problem: p, Epilogue: e, DType: shaders.Float32}, 1, 4)
	name := "registers/8x4_v1_t64_together"
	if apart {
		name = "registers/8x4_v1_t64_apart"
	}
	run := func(dev *host.Device) error {
		plan, err := algo.Choose(name, s, algo.Limits{Limits: dev.GPU().Limits(), General: true})
		if err != nil {
			return err
		}
		if last := plan.Steps[len(plan.Steps)-1].Kernel; last != k {
			return fmt.Errorf("%s: the last kernel is %s, must be %s", descriptor, last.Name(), k.Name())
		}
		return placed{s, plan.Algorithm}.runBy(dev, plan)
	}
	placedAlone[k] = run
	killers[k] = append(killers[k], killer{fmt.Sprintf("%s by %s %v", descriptor, name, e), run})
}
