package conv

import (
	"errors"
	"testing"
)

func TestAdjoint(t *testing.T) {
	for d, want := range map[string]string{
		"ic3ih227oc96kh11sh4":                  "ic96ih55oc3kh11sh4+transposed",
		"g2mb2ic4ih9iw8oc6kh3sh2ph1dh1":        "g2mb2ic6ih4iw3oc4ow8kh3sh2ph1dh1+transposed",
		"ic64ih28oc32kh4sh2ph1+transposed":     "ic32ih56oc64kh4sh2ph1",
		"ic2id3ih4iw5oc3kd2kh3kw2sh2ph1pd0pw0": "",
	} {
		p, err := Parse(d)
		if err != nil {
			t.Fatal(err)
		}
		a, err := p.Adjoint()
		if err != nil || want != "" && a.String() != want {
			t.Errorf("%s: %v, %v, must be %s", d, a, err, want)
		}
		if back, err := a.Adjoint(); err != nil || back != p || a.FLOPs() != p.FLOPs() {
			t.Errorf("%s: the adjoint's is %v, %v", d, back, err)
		}
	}
	for _, d := range []string{"ic2ih5oc2kh3+unshared", "ic2ih5oc2kh3ph1+reflect"} {
		p, err := Parse(d)
		if err != nil {
			t.Fatal(err)
		}
		if a, err := p.Adjoint(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, %v, must wrap ErrInvalid", d, a, err)
		}
	}
}
