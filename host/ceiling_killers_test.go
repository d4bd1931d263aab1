package host_test

import (
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/shaders"
)

func peakKernel(fused bool, lanes uint32) shaders.Peak {
	return shaders.Peak{Threads: 256, Fused: fused, Lanes: lanes}
}

func copyKernel(each uint32) shaders.Copy { return shaders.Copy{Threads: 256, Each: each} }

// The killers of the kernels that measure ceilings: each once with the last workgroup half full, and once
// with as many workgroups as fill the folded grid.
func init() {
	for _, fused := range []bool{true, false} {
		for _, lanes := range []uint32{1, 4} {
			k := peakKernel(fused, lanes)
			killers[k] = []killer{
				{"700 threads", func(dev *host.Device) error { return host.AttemptPeak(dev, k, 700, 3) }},
				{"20 workgroups", func(dev *host.Device) error { return host.AttemptPeak(dev, k, 20*256, 1) }},
			}
		}
	}
	for _, each := range []uint32{1, 4} {
		k := copyKernel(each)
		killers[k] = []killer{
			{"1700 elements", func(dev *host.Device) error { return host.AttemptCopy(dev, k, 1700) }},
			{"20 workgroups", func(dev *host.Device) error { return host.AttemptCopy(dev, k, 20*256*int64(each)) }},
		}
	}
}

// ceilingShapes judges every row of the kernels that measure ceilings.
func ceilingShapes() (all []killer) {
	for _, k := range shaders.Peaks() {
		all = append(all, killer{k.Name(), func(dev *host.Device) error { return host.AttemptPeak(dev, k, 300, 5) }})
	}
	for _, k := range shaders.Copies() {
		all = append(all, killer{k.Name(), func(dev *host.Device) error { return host.AttemptCopy(dev, k, 1500) }})
	}
	return all
}
