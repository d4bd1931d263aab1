package cpuref

import (
	"fmt"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// The layer of stride 1 computes the same sums, whole numbers bit for bit: the twin of its input goes with the filters
// that what computes packs.
func TestSpaceToDepth(t *testing.T) {
	for d, shape := range map[string]string{
		"ic3ih227oc4kh11sh4ph0": "ic48ih57oc4kh3ph0", "ic3ih23oc2kh7sh2ph3": "ic12ih15oc2kh4ph0",
		"g2mb2ic4ih9iw14oc6kh5kw3sh2sw3ph2pw1": "g2mb2ic24ih7iw5oc6oh5ow5kh3kw1ph0",
		"ic2ih9iw8oc3kh3kw4sh1sw2ph1":          "ic4ih11iw5oc3oh9ow4kh3kw2ph0",
		"ic2ih8oc3kh5sh2ph2+reflect":           "ic8ih6oc3kh3", "ic2ih8oc3kh5sh3ph3+circular": "ic18ih5oc3kh2",
		"mb2ic1ih9iw7oc2kh6sh4ph2+replicate": "mb2ic16ih3iw3oc2oh2ow2kh2",
		"ic1ih9oc1oh3kh2sh3":                 "ic9ih3oc1oh3kh1", "ic2ih5oc2kh3ph1": "ic2ih5oc2kh3ph1",
		"ic2ih9oc2oh7kh5sh2":          "ic8ih9oc2oh7kh3",
		"ic1ih2oc1oh1kh4sh5+circular": "ic25ih1oc1kh1", // residues lie more than one turn behind
	} {
		p := parse(t, d)
		x, w := operands(t, p, integers(newRand(70), 9))
		to := must[conv.Problem](t)(transform.SpaceToDepth(p))
		if want := parse(t, shape); to != want {
			t.Errorf("%s: becomes %v, must be %v", d, to, want)
			continue
		}
		want := must[Reference](t)(Conv(p, x, w))
		between := must[tensor.Volume](t)(SpaceToDepthInput(p, x))
		got := must[Reference](t)(Conv(to, between, must[tensor.Filters](t)(transform.SpaceToDepthFilters(p, w))))
		if fmt.Sprint(got.Value) != fmt.Sprint(want.Value) || fmt.Sprint(got.Magnitude) != fmt.Sprint(want.Magnitude) {
			t.Errorf("%s: %v, must be %v", d, got.Value, want.Value)
		}
	}
}

func TestSpaceToDepthRefuses(t *testing.T) {
	p := parse(t, "ic1ih9oc1kh3sh2dh1")
	x, _ := operands(t, p, integers(newRand(71), 1))
	_, err := SpaceToDepthInput(p, x)
	wantError(t, err, transform.ErrUnsupported, "two axes")
	x, _ = operands(t, parse(t, "ic3ih8oc2kh3"), integers(newRand(72), 1))
	_, err = SpaceToDepthInput(parse(t, "ic2ih9oc1kh3sh2"), x)
	wantError(t, err, ErrShape, "9x9x2")
}
