package conv

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestActivationNames(t *testing.T) {
	for _, a := range append(Activations(), Activation{Clip, -1, 2.5}, Activation{LeakyReLU, 0.2, 0},
		Activation{HardSigmoid, 1.0 / 6, 0.5}, Activation{ELU, -3, 0}) {
		if got, err := ParseActivation(a.String()); err != nil || got != a {
			t.Errorf("%v parses to %v, %v", a, got, err)
		}
	}
	if got, err := ParseActivation("relu6"); err != nil || (got != Activation{Clip, 0, 6}) {
		t.Errorf("relu6 is %v, %v", got, err)
	}
	if got := (Activation{Clip, -1, 2.5}).String(); got != "clip:-1:2.5" {
		t.Errorf("printed as %s", got)
	}
}

func TestActivationRefused(t *testing.T) {
	for s, word := range map[string]string{
		"": "must be one of", "swish": "must be one of", "relu:1": "takes 0", "clip:1": "takes 2",
		"clip:2:1": "above the upper",
		"leaky:x":  `"x" is no number`, "elu:inf": "finite", "leaky:nan": "finite",
	} {
		if _, err := ParseActivation(s); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), word) {
			t.Errorf("%q: error %v, want ErrInvalid with %q", s, err, word)
		}
	}
	for _, e := range []Epilogue{{Activation{Function: 99}, 0}, {Activation{ReLU, 1, 0}, 0},
		{Activation{Clip, 0, float32(math.NaN())}, 0}, {Activation{}, 3}} {
		if err := e.Validate(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: error %v", e, err)
		}
	}
}
