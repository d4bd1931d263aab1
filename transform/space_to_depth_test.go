package transform

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Each weight lies in the residue and the tap that its own tap falls into, and nothing else does. With the inputs,
// this is held against the reference in cpuref.
func TestSpaceToDepthFilters(t *testing.T) {
	p := parse(t, "g2ic4ih9iw14oc2kh5kw3sh2sw3ph2pw1")
	to, err := SpaceToDepth(p)
	if want := parse(t, "g2ic24ih7iw5oc2oh5ow5kh3kw1"); err != nil || to != want {
		t.Fatalf("%v, %v, must be %v", to, err, want)
	}
	for k := range 2 {
		for y := range 5 {
			for x := range 3 {
				for c := range 2 {
					w := filtersOf(t, p)
					w.Set(k, x, y, c, 1)
					got, err := SpaceToDepthFilters(p, w)
					if err != nil {
						t.Fatal(err)
					}
					sum := float32(0)
					for _, v := range got.Data {
						sum += v
					}
					if residue := y%2*3 + x; sum != 1 || got.At(k, 0, y/2, residue*2+c) != 1 {
						t.Errorf("k %d, y %d, x %d, channel %d: %v", k, y, x, c, got.Data)
					}
				}
			}
		}
	}
}

func TestSpaceToDepthRefuses(t *testing.T) {
	for _, d := range []string{"ic1ih9oc1kh3sh2dh1", "ic1ih9oc1kh3sh2+transposed", "ic1ih9oc1kh3sh2+unshared",
		"ic1id3ih9oc1kd1kh3sd1sh2", "ic1id3ih9oc1kd3kh3sd1sh2"} {
		p := parse(t, d)
		_, err := SpaceToDepth(p)
		wantError(t, err, ErrUnsupported, "two axes")
		_, err = SpaceToDepthFilters(p, filtersOf(t, p))
		wantError(t, err, ErrUnsupported, "two axes")
	}
	_, err := SpaceToDepth(parse(t, "ic5ih9oc1kh3sh1073741824"))
	wantError(t, err, ErrUnsupported, "1152921504606846976 times its input channels")
	_, err = SpaceToDepth(conv.Problem{})
	wantError(t, err, conv.ErrInvalid, "")
	_, err = SpaceToDepthFilters(parse(t, "ic2ih9oc1kh3sh2"), tensor.Filters{})
	wantError(t, err, ErrShape, "must be [1 1 1 3 3 2]")
}
