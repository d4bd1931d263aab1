package transform

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// What becomes of layers: their parts, and how many channels and places those have. That the parts give the layer's
// sums is held against the reference in cpuref.
func TestDepthToSpaceParts(t *testing.T) {
	for _, c := range []struct {
		layer string
		apart bool
		parts []string
		pitch int
	}{
		{"ic8ih5oc3kh3ph1+transposed", false, []string{"ic8ih5oc3kh3ph1"}, 3},
		{"ic8ih5iw4oc3kh4kw3ph1pw2+transposed", false, []string{"ic8ih5iw4oc3oh6ow2kh4kw3ph2pw0"}, 3},
		{"ic8ih5oc3kh4sh2ph1+transposed", false, []string{"ic8ih5oc12oh6kh2ph1"}, 12},
		{"ic8ih5oc8kh4sh2ph1+transposed", true, []string{"ic8ih5oc8oh5kh2ph1", "ic8ih5oc8oh5ow5kh2ph1pw0",
			"ic8ih5oc8oh5ow5kh2ph0pw1", "ic8ih5oc8oh5kh2ph0"}, 32},
		{"ic8ih5oc8oh10kh3sh2ph1+transposed", true, []string{"ic8ih5oc8oh5ow5kh1", "ic8ih5oc8oh5ow5kh1kw2",
			"ic8ih5oc8oh5ow5kh2kw1", "ic8ih5oc8oh5kh2"}, 32},
		{"ic8ih5oc3kh1sh2+transposed", false, []string{"ic8ih5oc4kh1"}, 4}, // filled up
		{"g2ic8ih5oc6kh1sh2+transposed", false, []string{"g2ic8ih5oc6kh1"}, 6},
		{"ic3ih5oc1kh2sh2+transposed", false, []string{"ic3ih5oc4kh1"}, 4},
	} {
		r, err := DepthToSpace(parse(t, c.layer), c.apart)
		if err != nil || len(r.Parts) != len(c.parts) || r.Pitch != c.pitch {
			t.Errorf("%s: %+v, %v, must have %d parts and %d channels", c.layer, r, err, len(c.parts), c.pitch)
			continue
		}
		for i, part := range r.Parts {
			if want := parse(t, c.parts[i]); part.Problem != want {
				t.Errorf("%s: part %d is %v, must be %v", c.layer, i, part.Problem, want)
			}
		}
	}
}

// Padded tells of taps of zero: those of residues with fewer taps than others.
func TestPadded(t *testing.T) {
	for d, want := range map[string]bool{"ic1ih5oc1kh4sh2ph1+transposed": false, "ic1ih5oc1kh3sh2ph1+transposed": true,
		"ic1ih5oc1kh1sh2+transposed": false, "ic1ih5oc1kh5+transposed": false} {
		r, err := DepthToSpace(parse(t, d), false)
		if err != nil || r.Padded() != want {
			t.Errorf("%s: %v, %v, must be %v", d, r.Padded(), err, want)
		}
		if r, err = DepthToSpace(parse(t, d), true); err != nil || r.Padded() {
			t.Errorf("%s: apart %v, %v", d, r.Padded(), err)
		}
	}
}

func TestDepthToSpaceRefuses(t *testing.T) {
	for d, words := range map[string]string{
		"ic1ih9oc1kh3": "be transposed", "ic2ih7oc2kh2ph3+transposed": "padding of 3 cuts more",
		"ic1ih9oc1kh3sh100+transposed":         "at most 4096 residues",
		"ic1ih2oc1oh1ow4kh1sh2ph1+transposed":  "a tap reaches",
		"ic1ih2oc1073741824kh2sh2+transposed":  "channels of all residues",
		"ic1ih2oc1073741824kh4sh4+transposed":  "channels of all residues",
		"ic1ih99oc1kh99sh90sw50ph1+transposed": "residues",
	} {
		_, err := DepthToSpace(parse(t, d), false)
		wantError(t, err, ErrUnsupported, words)
	}
	_, err := DepthToSpace(conv.Problem{}, false)
	wantError(t, err, conv.ErrInvalid, "")
	p := parse(t, "ic2ih5oc2kh4sh2+transposed")
	r, err := DepthToSpace(p, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Parts[0].Filters(p, tensor.Filters{})
	wantError(t, err, ErrShape, "must be 64")
}

func TestOfStride1(t *testing.T) {
	for d, want := range map[string]string{"ic2ih9oc1kh6sh2": "ic8ih4oc1kh3", "ic2ih9oc1kh3": "ic2ih9oc1kh3",
		"ic2ih9oc1kh6sh2ph2+transposed": "ic2ih9oc4kh3ph1"} {
		if p, err := OfStride1(parse(t, d)); err != nil || p != parse(t, want) {
			t.Errorf("%s: %v, %v, must be %s", d, p, err, want)
		}
	}
	_, err := OfStride1(parse(t, "ic2ih7oc2kh2ph3+transposed"))
	wantError(t, err, ErrUnsupported, "cuts more")
}
