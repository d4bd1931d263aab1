package algo_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestTrained holds the order of packed filters against the packing itself, and that no plan whose packing computes is
// chosen, be it the quickest.
func TestTrained(t *testing.T) {
	for _, c := range []struct {
		layer string
		first string // a part of the name of the algorithm that layers whose filters stay have
	}{
		{"mb8ic16ih28oc32kh3ph1", "winograd"}, {"mb8ic1ih28oc8kh5", ""}, {"ic16ih4oc10kh4", ""},
		{"g8ic8ih9oc8kh3ph1", "depthwise"}, {"mb2ic3ih33oc16kh3sh2ph1", "stem"}, {"ic5ih7oc3kh2", ""},
		{"g2ic8ih9oc12kh3sh2ph1", ""},
	} {
		p, err := conv.Parse(c.layer)
		if err != nil {
			t.Fatal(err)
		}
		s := algo.Spec{Problem: p, DType: shaders.Float32}
		if list := algo.Candidates(s, anything); !strings.Contains(algo.Name(list[0].Algorithm), c.first) {
			t.Errorf("%s: %s is the quickest, must be %s", c.layer, algo.Name(list[0].Algorithm), c.first)
		}
		by, err := algo.ChooseTrained(s, anything)
		if err != nil {
			t.Errorf("%s: %v", c.layer, err)
			continue
		}
		if name := by.Algorithm.Name(); strings.Contains(name, "winograd") || strings.Contains(name, "fourier") {
			t.Errorf("%s: by %s, which transforms filters", c.layer, name)
		}
		ordered(t, by, p)
		if _, err := algo.ChooseTrainedInputGradient(p, anything); err != nil {
			t.Errorf("dX of %s: %v", c.layer, err)
		}
	}
}

// ordered packs filters by the host and by the order.
func ordered(t *testing.T, by algo.Trained, p conv.Problem) {
	t.Helper()
	f := tensor.Filters{K: p.OutChannels, Z: 1, H: p.H.Filter, W: p.W.Filter, D: p.InChannels / p.Groups,
		Data: make([]float32, p.FilterLen())}
	tensor.FillReals(f.Data, rand.New(rand.NewPCG(1, 2)))
	if by.Pack == nil {
		if by.Order != nil {
			t.Errorf("%s is not packed, and has an order", p)
		}
		return
	}
	want, err := by.Pack(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want {
		got := float32(0)
		if by.Order == nil {
			got = f.Data[i]
		} else if from := by.Order[i]; from > 0 {
			got = f.Data[from-1]
		}
		if got != w {
			t.Fatalf("%s by %s: packed weight %d is %g, must be %g", p, algo.Name(by.Algorithm), i, got, w)
		}
	}
}

func TestTrainedRefuses(t *testing.T) {
	p, err := conv.Parse("ic4096ih1oc4096kh1")
	if err != nil {
		t.Fatal(err)
	}
	s := algo.Spec{Problem: p, DType: shaders.Float32}
	if _, err := algo.ChooseTrained(s, anything); !errors.Is(err, algo.ErrNotServed) ||
		!strings.Contains(err.Error(), "16777216 weights") {
		t.Errorf("error %v, must name the number of weights", err)
	}
}
