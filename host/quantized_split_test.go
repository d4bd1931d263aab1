package host_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/split"
)

// quantizedKinds have every dimension between them, and what is read in padding.
var quantizedKinds = []string{
	"g2mb3ic6id3ih5iw4oc4kd2kh3kw2pd1ph1pw1", "mb2ic5ih7oc6kh3sh2ph2+reflect", "ic3ih6oc4kh3ph2dh1+replicate",
	"ic4ih5iw6oc3kh3kw4ph2+circular",
	"g2mb2ic4ih4iw3oc6kh3kw2sh2sw3ph1+transposed", "mb2ic3ih4iw5oc4kh3ph1+unshared", "g2mb2ic4iw9oc4kw3pw1+unshared",
	"ic9ih6oc5kh1",
}

// blocksOf are the blocks that cut each dimension in two and in single steps, and then all of them at once.
func blocksOf(p conv.Problem) (all [][split.Dimensions]int64) {
	extents := split.Whole(p).Extents()
	for d, n := range extents {
		if n == 1 {
			continue
		}
		var halved, single [split.Dimensions]int64
		halved[d], single[d] = (n+1)/2, 1
		all = append(all, halved, single)
	}
	var everything, added [split.Dimensions]int64
	for d, n := range extents {
		everything[d] = (n + 1) / 2
		if d >= 6 {
			added[d] = (n + 1) / 2
		}
	}
	return append(all, everything, added)
}

// TestQuantizedSplits cuts layers of all kinds along each dimension, and along all: the sums must be those
// of the whole layer bit for bit, and the outputs those that the reference makes of them.
func TestQuantizedSplits(t *testing.T) {
	dev := hosttest.Open(t)
	splits := 0
	for _, descriptor := range quantizedKinds {
		p := problem(t, descriptor)
		x, f := quantized(p, 2)
		o := host.QuantizedOptions{XZero: 77}
		whole := sumsOf(t, dev, p, f, o, x)
		for i, block := range blocksOf(p) {
			if splits++; testing.Short() && splits%8 != 1 {
				continue
			}
			t.Run(fmt.Sprint(descriptor, " in ", block), func(t *testing.T) {
				host.ForceSplit(t, dev, block)
				if got := sumsOf(t, dev, p, f, o, x); !slices.Equal(got, whole) {
					t.Errorf("sums %v, must be %v", got, whole)
				}
				wantBlocks(t, dev, proof.Case{Problem: p, Options: host.LayerOptions{DType: host.Int8}}, 0)
				c := proof.Case{Problem: p, Seed: uint64(i),
					Options: host.LayerOptions{DType: host.Int8, Epilogue: prelu(conv.Residual(i % 3))}}
				if _, err := c.Run(dev); err != nil {
					t.Errorf("%v\n\t%s", err, c.Repro(dev))
				}
			})
		}
	}
	if splits < 80 {
		t.Errorf("%d splits, must be 80 or more", splits)
	}
}

// TestQuantizedBindings holds where splitting begins: four numbers of X and W take the room of one, the
// outputs take as much as those of float32. One number more must be split, and be right.
func TestQuantizedBindings(t *testing.T) {
	dev := hosttest.Open(t)
	const room = 64 // numbers of 4 bytes
	host.SetBindingLimit(t, dev, 256+4*room)
	for descriptor, want := range map[string]bool{
		"ic1iw256oc1kw1sw16": false, "ic1iw257oc1kw1sw16": true, // X
		"ic256iw1oc1kw1": false, "ic257iw1oc1kw1": true, // X and W
		"ic1iw64oc1kw1": false, "ic1iw65oc1kw1": true, // V
	} {
		p := problem(t, descriptor)
		x, f := quantized(p, 1)
		l, err := host.NewQuantizedLayer(dev, p, f, host.QuantizedOptions{XZero: -3})
		if err != nil {
			t.Errorf("%s: %v", descriptor, err)
			continue
		}
		if host.IsSplit(l) != want {
			t.Errorf("%s is split: %v, must be %v", descriptor, !want, want)
		}
		if _, report, err := l.Verify(t.Context(), x); err != nil || !report.OK() {
			t.Errorf("%s: %v, %v", descriptor, report, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if live := dev.GPU().Live(); live.Buffers != 0 || live.BindGroups != 0 {
		t.Errorf("left open: %+v", live)
	}
}

// TestQuantizedSplitForReal runs a layer the input of which is beyond the bindings of most devices.
func TestQuantizedSplitForReal(t *testing.T) {
	dev := hosttest.Open(t)
	host.SetBindingLimit(t, dev, commonBinding)
	p := problem(t, "ic1iw160000000oc1kw3sw8000000")
	pl, err := host.PlanQuantizedOn(dev, p)
	if err != nil {
		t.Fatal(err)
	}
	if t.Logf("%d blocks, split in %v", pl.Blocks(), splitKinds(pl)); pl == split.Whole(p) {
		t.Errorf("%s is left whole, which shows nothing", p)
	}
	c := proof.Case{Problem: p, Seed: 1, Options: host.LayerOptions{DType: host.Int8}}
	wantBlocks(t, dev, c, 0)
	if _, err := c.Run(dev); err != nil {
		t.Errorf("%v\n\t%s", err, c.Repro(dev))
	}
}

// TestQuantizedSplitRefuses holds that what cannot be split is refused when the layer is built.
func TestQuantizedSplitRefuses(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, "ic2ih9oc3kh3")
	_, f := quantized(p, 1)
	host.SetBindingLimit(t, dev, 258)
	if _, err := host.NewQuantizedLayer(dev, p, f, host.QuantizedOptions{}); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("bindings of less than a number: %v, must wrap ErrUnsupported", err)
	}
}
