package cpuref

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// The layers are of suites/core.txt.
var benchLayers = []string{
	`ic64ih56oc64oh56kh3ph1n"resnet_3x3_56"`,
	`ic256ih56oc512oh28kh1sh2n"resnet_1x1_s2"`,
	`g144ic144ih56oc144oh56kh3ph1n"mobilenet_dw_56"`,
	`ic3ih224oc64oh112kh7sh2ph3n"resnet_stem"`,
	`ic512ih7oc512oh7kh3ph1n"resnet_3x3_7"`,
}

func BenchmarkIm2col(b *testing.B) { benchmark(b, Im2col) }
func BenchmarkConv(b *testing.B)   { benchmark(b, Conv) }

func benchmark(b *testing.B, reference func(conv.Problem, tensor.Volume, tensor.Filters) (Reference, error)) {
	for _, layer := range benchLayers {
		p := parse(b, layer)
		x, w := operands(b, p, reals(newRand(1)))
		b.Run(p.Name, func(b *testing.B) {
			for b.Loop() {
				must[Reference](b)(reference(p, x, w))
			}
			b.ReportMetric(float64(p.FLOPs())*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	p := parse(b, benchLayers[0])
	x, w := operands(b, p, reals(newRand(1)))
	r := must[Reference](b)(Im2col(p, x, w))
	got := r.Volume().Data
	for b.Loop() {
		must[Report](b)(Check(got, r, Bounded))
	}
}
