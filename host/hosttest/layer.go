package hosttest

import (
	"fmt"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/shaders"
)

// rows name what a layer may be beside plain: each is small, and odd in one way or a few.
var rows = []struct{ name, problem string }{
	{"one number", "ic1ih1oc1kh1"},
	{"the notes' example", "ic4ih11oc2kh5sh2"},
	{"1x1", "ic5ih4oc3kh1"},
	{"1x1, strided", "ic5ih7oc3kh1sh3"},
	{"1x1, padded", "ic2ih3oc3kh1ph2"},
	{"1D", "ic3iw13oc4kw5pw2"},
	{"1D along the height", "ic3ih13iw1oc4kh5kw1ph2pw0"},
	{"the filter is the input", "ic3ih5iw4oc7kh5kw4"},
	{"one filter", "ic3ih6oc1kh3"},
	{"batch", "mb3ic2ih5oc3kh3ph1"},
	{"batch of 1x1 inputs", "mb7ic5ih1oc3kh1"},
	{"rectangular input, wide", "ic2ih3iw9oc3kh3"},
	{"rectangular input, high", "ic2ih9iw3oc3kh3"},
	{"rectangular filter, wide", "ic2ih7oc3kh1kw5ph0pw2"},
	{"rectangular filter, high", "ic2ih7oc3kh5kw1ph2pw0"},
	{"rectangular stride", "ic2ih9oc3kh3sh2sw3"},
	{"rectangular padding", "ic2ih5oc3kh3ph0pw2"},
	{"stride that does not fit", "ic2ih8oc3kh3sh2"},
	{"stride larger than the filter", "ic2ih11oc3kh2sh5"},
	{"stride larger than the input", "ic2ih3oc3kh2sh7ph1"},
	{"padding", "ic2ih5oc3kh3ph1"},
	{"padding behind only", "ic2ih6oc3oh3kh3sh2"},
	{"padding before only", "ic2ih6oc3oh6kh3ph2"},
	{"padding asymmetric in each axis", "ic2ih5iw6oc3oh7ow5kh3ph1pw2"},
	{"fewer outputs than fit", "ic2ih9oc3oh2ow3kh3ph1"},
	{"padding as large as the filter", "ic2ih4oc2kh3ph3"},
	{"padding larger than the filter", "ic2ih3oc2kh2ph5"},
	{"filter larger than the input", "ic2ih3oc2kh7ph3"},
	{"dilation", "ic2ih7oc3kh3ph2dh1"},
	{"dilation larger than the input", "ic2ih4oc3kh3ph5dh4"},
	{"rectangular dilation", "ic2ih9oc3kh3ph2pw1dh2dw0"},
	{"dilation and stride", "ic2ih11oc3kh3sh2ph1dh2"},
	{"groups", "g3ic6ih5oc9kh3ph1"},
	{"groups of one filter", "g3ic6ih5oc3kh3"},
	{"depthwise", "g7ic7ih5oc7kh3ph1"},
	{"depthwise, batch and stride", "mb2g5ic5ih8oc5kh3sh2ph1"},
	{"depth multiplier", "g4ic4ih5oc12kh3ph1"},
	{"everything at once", "g2mb2ic6ih9iw8oc10oh4ow3kh3kw2sh2sw3ph3pw1dh1dw2"},
}

// Layer runs every kind of layer on dev, with each activation, in each mode and with each size of a
// workgroup, and holds every output against the reference. Every algorithm on every adapter has to pass.
func Layer(t *testing.T, dev *host.Device) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for _, o := range options() {
				judge(t, dev, row.problem, o)
			}
		})
	}
	t.Run("sizes", func(t *testing.T) { sizes(t, dev) })
}

// options are their combinations. A separate ReLU does not know what wrote its volume: once is enough.
func options() []host.LayerOptions {
	all := []host.LayerOptions{{Activation: host.SeparateReLU}}
	for _, a := range []host.Activation{host.NoActivation, host.ReLU} {
		for _, threads := range append([]uint32{0}, shaders.ConvThreads...) {
			all = append(all, host.LayerOptions{Activation: a, Threads: threads})
		}
	}
	return all
}

// sizes puts the taps of an output around each size of a workgroup, as channels and as a filter's
// width, for one output, two and a prime number of them. The smallest workgroup then goes round many
// times.
func sizes(t *testing.T, dev *host.Device) {
	for _, size := range shaders.ConvThreads {
		for taps := int(size) - 1; taps <= int(size)+1; taps++ {
			for i, outputs := range []int{1, 2, 13} {
				o := host.LayerOptions{Activation: host.Activation((taps + i) % 3)}
				for _, o.Threads = range []uint32{0, shaders.ConvThreads[0], size} {
					judge(t, dev, fmt.Sprintf("ic%diw%doc1kw1", taps, outputs), o)
					judge(t, dev, fmt.Sprintf("ic1iw%doc%dkw%d", taps, outputs, taps), o)
				}
			}
		}
	}
}

// judge runs one layer in each mode.
func judge(t *testing.T, dev *host.Device, problem string, o host.LayerOptions) {
	t.Helper()
	p, err := conv.Parse(problem)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []cpuref.Mode{cpuref.Exact, cpuref.Bounded} {
		c := proof.Case{Problem: p, Seed: 1, Mode: mode, Options: o}
		if _, err := c.Run(dev); err != nil {
			t.Errorf("%v\n\t%s", err, c.Repro(dev))
		}
	}
}
