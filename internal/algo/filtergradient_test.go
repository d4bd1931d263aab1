package algo_test

import (
	"errors"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/shaders"
)

// TestFilterGradientChoice holds which algorithm for dW the rules choose for layers of each kind on software adapters,
// and that a layer which is to be computed directly, or by workgroups of a chosen size, has the direct one.
func TestFilterGradientChoice(t *testing.T) {
	for descriptor, want := range map[string]string{
		"ic64ih28oc64kh3ph1": "winograd4", "ic64ih28oc64kh1": "tiles", "ic3ih32oc64kh7sh2ph3": "strided",
		"ic3ih32oc64kh3ph1": "tiles", "g64ic64ih28oc64kh3ph1": "depthwise", "g32ic128ih28oc128kh3ph1": "grouped",
		"ic8ih12oc8kh3+transposed": "tiles", "ic64ih14oc64kh3+unshared": "unshared",
	} {
		p, err := conv.Parse(descriptor)
		if err != nil {
			t.Fatal(err)
		}
		s := algo.Spec{Problem: p, DType: shaders.Float32}
		for _, c := range []struct {
			direct  bool
			threads uint32
			want    string
		}{{false, 0, want}, {true, 0, "direct"}, {false, 64, "direct"}} {
			s.Direct, s.Threads = c.direct, c.threads
			plan, err := algo.ChooseFilterGradient("", s, anything)
			if err != nil || plan.Algorithm.Name() != c.want {
				t.Errorf("%s, %+v: by %s, %v", descriptor, c, algo.Name(plan.Algorithm), err)
			}
		}
	}
}

// TestFilterGradientRefuses holds that algorithms say why a layer is none of theirs.
func TestFilterGradientRefuses(t *testing.T) {
	gpus := anything
	gpus.Software = false
	for _, c := range []struct {
		name, descriptor string
		limits           algo.Limits
		change           func(*algo.Spec)
	}{
		{"tiles", "ic4ih5oc4kh3+unshared", anything, nil},
		{"tiles/16x16x2_v4_t8_k1", "ic3ih5oc4kh3", anything, nil},
		{"tiles/8x8x4_v4_t8_k4", "ic4ih5oc4kh3", anything, nil}, // three rows
		{"depthwise", "ic4ih5oc4kh3", anything, nil},
		{"depthwise", "g4ic4ih5oc4kh3ph1+reflect", anything, nil},
		{"grouped", "g2ic6ih5oc8kh3", anything, nil},
		{"winograd4", "ic4ih9oc4kh4", anything, nil},
		{"winograd6", "ic4ih9oc4kh3", gpus, nil},
		{"winograd4", "ic4ih9oc4kh3", anything, func(s *algo.Spec) { s.Exact = true }},
		{"winograd2", "ic4ih9oc4kh3", anything, func(s *algo.Spec) { s.Block = true }},
		{"shared/64x64x16_v4_k1", "ic4ih9oc4kh3+transposed", anything, nil},
		{"shared/64x64x16_v4_k1_exchanged", "ic4ih9oc4kh3", anything, nil},
		{"shared", "ic6ih9oc4kh3+transposed", anything, nil},
		{"shared", "ic4ih9oc6kh3", anything, nil},
		{"strided", "ic4ih9oc4kh3", anything, nil},
		{"unshared", "ic4ih9oc4kh3", anything, nil},
		{"registers", "ic4ih9oc4kh3", anything, nil},
	} {
		p, err := conv.Parse(c.descriptor)
		if err != nil {
			t.Fatal(err)
		}
		s := algo.Spec{Problem: p, DType: shaders.Float32}
		if c.change != nil {
			c.change(&s)
		}
		if plan, err := algo.ChooseFilterGradient(c.name, s, c.limits); err == nil {
			t.Errorf("%s of %s: by %s", c.name, c.descriptor, algo.Name(plan.Algorithm))
		} else if c.name == "registers" != errors.Is(err, algo.ErrUnknown) {
			t.Errorf("%s of %s: %v", c.name, c.descriptor, err)
		}
	}
}

// TestExactFilterGradients: where what is not finite must stay where it is, tiles in workgroup memory are left out,
// and a GPU takes them else.
func TestExactFilterGradients(t *testing.T) {
	gpus := anything
	gpus.Software = false
	for _, layer := range []string{"mb8ic64ih28oc64kh1", "mb8ic64ih28oc64kh4sh2+transposed"} {
		p, err := conv.Parse(layer)
		if err != nil {
			t.Fatal(err)
		}
		for _, exact := range []bool{false, true} {
			plan, err := algo.ChooseFilterGradient("", algo.Spec{Problem: p, Exact: exact}, gpus)
			if err != nil {
				t.Fatal(err)
			}
			if shared := plan.Algorithm.Name() == "shared"; shared == exact {
				t.Errorf("with Exact %v dW of %s is computed by %s", exact, layer, algo.Name(plan.Algorithm))
			}
		}
	}
}
