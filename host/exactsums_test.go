package host_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// int8Layers are layers of every kind that algorithms for float32 add up whole numbers of, the last in parts.
var int8Layers = []string{
	"mb2ic4ih7iw5oc8kh3ph1", "ic4ih9oc8kh3sh2ph1+reflect", "g2ic8ih5oc8kh3ph1", "g8mb2ic8ih9iw7oc8kh3ph1",
	"g3ic3ih6oc9kh2kw3", "ic3mb2ih9iw12oc12kh3ph1", "ic3ih15oc12kh7sh2ph3", "ic4id3ih4iw5oc4kd2kh3kw2pd1",
	"ic4ih5oc8kh4sh2ph1+transposed", "ic4ih5oc8kh3+unshared", "ic256ih3oc8kh1", "ic4000iw3oc4kw1",
}

// TestInt8Algorithms holds the sums of every algorithm that serves a layer of int8, bit for bit.
func TestInt8Algorithms(t *testing.T) {
	dev := hosttest.Open(t)
	ran := map[string]bool{}
	for _, descriptor := range int8Layers {
		p := problem(t, descriptor)
		x, filters := quantized(p, 1)
		o := host.QuantizedOptions{XZero: 100, XScale: 0.5, VScale: 50}
		list, err := host.QuantizedAlgorithms(dev, p, filters, o)
		if err != nil || len(list) < 2 {
			t.Fatalf("%s: %v, %v", descriptor, list, err)
		}
		for _, a := range list {
			// Steps that convert are the same whatever is between them, and a variant that another layer had is the
			// same again.
			converted, full := strings.HasSuffix(a.Variant(), "_converted"), host.AlgorithmName(a)
			name := fmt.Sprintf("%s of %s, converted %v", a.Name(), descriptor, converted)
			if (testing.Short() || converted || ran[full]) && ran[name] {
				continue
			}
			ran[name], ran[a.Name()], ran[full] = true, true, true
			o.Algorithm = host.AlgorithmName(a)
			l := must(host.NewQuantizedLayer(dev, p, filters, o))
			_, report, err := l.Verify(t.Context(), x)
			if err != nil || report.Err() != nil || host.AlgorithmName(l.Algorithm()) != o.Algorithm {
				t.Errorf("%s by %s: %v, %v", descriptor, o.Algorithm, err, report)
			}
			l.Close()
		}
	}
	for _, name := range []string{"direct", "registers", "shared", "depthwise", "grouped", "stem", "unshared"} {
		if !ran[name] {
			t.Errorf("%s was not run", name)
		}
	}
}

// TestLargestSums holds the largest sum that float32 has, and one more, which is cut into parts.
func TestLargestSums(t *testing.T) {
	dev := hosttest.Open(t)
	for _, channels := range []int{1024, 1028} {
		p := must(conv.New(conv.Problem{Batch: 1, InChannels: channels, OutChannels: 4,
			H: conv.Axis{In: 1, Filter: 1}, W: conv.Axis{In: 3, Filter: 1}}))
		weights := slices.Repeat([]int8{-128}, int(p.FilterLen()))
		filters := host.QuantizedFilters{Weights: weights, Bias: []int32{0, 1, -1, 1 << 30}}
		l := must(host.NewQuantizedLayer(dev, p, filters, host.QuantizedOptions{Algorithm: "registers"}))
		sums, err := l.Sums(t.Context(), slices.Repeat([]int8{-128}, int(p.InLen())))
		sum := int32(channels) << 14
		if err != nil || !slices.Equal(sums[:4], []int32{sum, sum + 1, sum - 1, sum + 1<<30}) {
			t.Errorf("%d channels: %v, %v, must be %d", channels, sums, err, sum)
		}
		l.Close()
	}
}

// TestInt8AlgorithmErrors holds what is said of names.
func TestInt8AlgorithmErrors(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		p := problem(t, "ic4ih9oc8kh3ph1")
		_, filters := quantized(p, 1)
		for name, words := range map[string]string{"frobnicate": "must be one of", "winograd2": "can exceed 2^24"} {
			_, err := host.NewQuantizedLayer(dev, p, filters, host.QuantizedOptions{Algorithm: name})
			if dev.GPU() == nil {
				words = "the CPU reference has none"
			}
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v, must say %q", name, err, words)
			}
		}
		if a := (*host.QuantizedLayer)(nil).Algorithm(); a.Name() != "direct" {
			t.Errorf("no layer is computed by %s", a.Name())
		}
	})
}
