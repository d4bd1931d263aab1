package algo_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
)

func int8Spec(t *testing.T, descriptor string, parts int) algo.QuantizedSpec {
	t.Helper()
	p, err := conv.Parse(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	return algo.QuantizedSpec{Problem: p, Parts: parts, Adds: true}
}

// TestExactParts holds the bound: as many terms as reach 2^24 are one part, and one more are two.
func TestExactParts(t *testing.T) {
	for _, c := range []struct {
		layer        string
		weight, zero int
		xZero        int8
		parts        int
	}{
		{"ic1024iw1oc1kw1", 127, -1, 0, 1}, // 1024 times 128 times 128 is 2^24
		{"ic1028iw1oc1kw1", 127, -1, 0, 2},
		{"ic1025iw1oc1kw1", 127, -1, 0, 2}, // no multiple of 4
		{"ic1024iw1oc1kw1", 127, -1, 1, 2}, // x - zero down to -129
		{"ic1024iw1oc1kw1", -128, 1, -1, 2},
		{"ic64iw16oc4kw16", 127, -1, 0, 1},
		{"ic4096iw1oc1kw1", 127, -128, 127, 16}, // 4096 times 255 times 255 takes 15.9
		{"ic4160iw1oc1kw1", 127, -128, 127, 0},
		{"g2ic2048iw1oc2kw1", 127, -1, 0, 1},
		{"g2ic2056iw1oc2kw1", 127, -1, 0, 0}, // groups are not cut
		{"ic3ih32oc1kh32", 127, -1, 0, 3},    // a channel each
		{"ic3ih33oc1kh33", 127, -1, 0, 0},
		{"ic512iw2oc2kw2+unshared", 127, -1, 0, 1},
		{"ic1024iw2oc2kw1+unshared", 127, -1, 0, 1},
		{"ic1028iw2oc2kw1+unshared", 127, -1, 0, 0},
	} {
		p := int8Spec(t, c.layer, 0).Problem
		zeros := slices.Repeat([]int32{int32(c.zero)}, p.OutChannels)
		weights := make([]int8, p.FilterLen())
		for i := range p.TapsPerOutput() { // of the last filter alone
			weights[len(weights)-1-i] = int8(c.weight)
		}
		for i := range weights[:len(weights)-p.TapsPerOutput()] {
			weights[i] = int8(c.zero)
		}
		biases := make([]int32, p.BiasLen())
		got, biased := algo.ExactParts(p, weights, zeros, biases, c.xZero)
		if biased != (got == 1) { // no biases, so that sums alone decide
			t.Errorf("%s in %d parts: with biases %v", c.layer, got, biased)
		}
		if got != c.parts {
			t.Errorf("%s of weights %d - %d and X's zero %d: %d parts, must be %d", c.layer, c.weight, c.zero, c.xZero,
				got, c.parts)
		}
	}
}

// TestExactBiases holds that a sum and its bias may reach 2^24 together, of either sign, and no more.
func TestExactBiases(t *testing.T) {
	p := int8Spec(t, "ic1020iw1oc1kw1", 0).Problem // 4 times 2^14 below 2^24
	weights := slices.Repeat([]int8{127}, int(p.FilterLen()))
	const most = 4 << 14
	for bias, want := range map[int32]bool{0: true, most: true, -most: true, most + 1: false, -most - 1: false} {
		if _, got := algo.ExactParts(p, weights, []int32{-1}, []int32{bias}, 0); got != want {
			t.Errorf("bias %d: %v, must be %v", bias, got, want)
		}
	}
}

// TestQuantizedCandidates holds which algorithms add up whole numbers, and that no transform is among them.
func TestQuantizedCandidates(t *testing.T) {
	for _, c := range []struct {
		spec     algo.QuantizedSpec
		has, not string
	}{
		{int8Spec(t, "ic8ih9oc8kh3ph1", 1), "registers", "winograd2"},
		{int8Spec(t, "ic8ih9oc8kh3ph1", 2), "registers", "winograd2"},
		{int8Spec(t, "ic8ih9oc8kh3ph1", 0), "direct", "registers"},
		{int8Spec(t, "g8ic8ih9oc8kh3ph1", 1), "depthwise", "fourier"},
		{int8Spec(t, "ic8ih9oc8kh3ph1+transposed", 1), "registers", "winograd2"},
	} {
		names := algo.NamesOf(algo.QuantizedCandidates(c.spec, anything))
		if !slices.Contains(names, c.has) || slices.Contains(names, c.not) || names[len(names)-1] != "direct" {
			t.Errorf("%s in %d parts: %v, must have %s, and direct last, and not %s", c.spec.Problem, c.spec.Parts,
				names, c.has, c.not)
		}
	}
}

// TestQuantizedRefuses holds that a name is none, or says why it does not serve.
func TestQuantizedRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts int
		wraps error
	}{{"frobnicate", 1, algo.ErrUnknown}, {"winograd2", 1, algo.ErrNotServed}, {"registers", 0, algo.ErrNotServed}} {
		s := int8Spec(t, "ic8ih9oc8kh3ph1", c.parts)
		s.Algorithm = c.name
		if _, err := algo.PlanQuantized(s, anything); !errors.Is(err, c.wraps) {
			t.Errorf("%s of %d parts: %v, must be %v", c.name, c.parts, err, c.wraps)
		}
	}
	s := int8Spec(t, "ic8ih9oc8kh3ph1", 1)
	if q, err := algo.PlanQuantized(s, anything); err != nil || q.Algorithm().Name() != "registers" {
		t.Errorf("%v, %v", q.Algorithm(), err)
	}
	s.Threads = 64
	if q, err := algo.PlanQuantized(s, anything); err != nil || algo.Name(q.Algorithm()) != "direct/t64" {
		t.Errorf("%v, %v", q.Algorithm(), err)
	}
}
