package algo_test

import (
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/shaders"
)

// TestWhyDirect holds the reasons of layers that the direct algorithm computes.
func TestWhyDirect(t *testing.T) {
	small := anything
	small.MaxWorkgroupInvocations = 1
	for _, c := range []struct {
		layer  string
		spec   algo.Spec
		limits algo.Limits
		why    string
	}{
		{"ic1ih4oc1kh4", algo.Spec{Direct: true}, anything, "it was asked for"},
		{"ic1ih4oc1kh4", algo.Spec{Threads: 32}, anything, "the number of threads was given"},
		{"ic8ih9oc8kh3", algo.Spec{}, small, "no other serves, most for this reason: this adapter's workgroups"},
	} {
		p, err := conv.Parse(c.layer)
		if err != nil {
			t.Fatal(err)
		}
		c.spec.Problem, c.spec.DType = p, shaders.Float32
		if why := algo.WhyDirect(c.spec, c.limits); !strings.Contains(why, c.why) {
			t.Errorf("%+v: %q, want %q", c.spec, why, c.why)
		}
	}
}

// TestWhyDirectBackward holds the reasons of gradients.
func TestWhyDirectBackward(t *testing.T) {
	for _, c := range []struct {
		layer, inputs, filters string
		spec                   algo.Spec
	}{
		{"ic8ih9oc8kh3", "", "", algo.Spec{}},
		{"ic8ih9oc8kh3", "it was asked for", "it was asked for", algo.Spec{Direct: true}},
		{"ic8ih9oc8kh3", "", "it was asked for", algo.Spec{FilterGradient: "direct"}},
		{"ic8ih9oc8kh3+unshared", "", "", algo.Spec{}},
	} {
		p, err := conv.Parse(c.layer)
		if err != nil {
			t.Fatal(err)
		}
		c.spec.Problem, c.spec.DType = p, shaders.Float32
		g, err := algo.PlanBackward(c.spec, anything)
		if err != nil || g.Inputs.WhyDirect != c.inputs || g.Filters.WhyDirect != c.filters {
			t.Errorf("%s, %+v: %q and %q, %v", c.layer, c.spec, g.Inputs.WhyDirect, g.Filters.WhyDirect, err)
		}
	}
}

// TestGradientsThatDoNotFit holds that a way back which no kernel of a device computes is an error, and that where the
// padded input does not fit a binding the direct algorithm computes dX.
func TestGradientsThatDoNotFit(t *testing.T) {
	single, narrow := anything, anything
	single.MaxWorkgroupInvocations, narrow.MaxStorageBinding = 1, 40_000
	for _, layer := range []string{"ic8ih9oc8kh3", "ic8ih9oc8kh3ph1+reflect", "ic8ih9oc8kh3sh2+transposed"} {
		if _, err := planBackward(t, layer, single); err == nil {
			t.Errorf("%s is computed by workgroups of one thread", layer)
		}
	}
	g, err := planBackward(t, "ic8ih20oc8kh3ph8+reflect", narrow)
	if err != nil || g.Inputs.Algorithm.Name() != "direct" || !strings.Contains(g.Inputs.WhyDirect, "padded input") {
		t.Errorf("%+v, %v", g.Inputs, err)
	}
}

func planBackward(t *testing.T, layer string, l algo.Limits) (algo.Backward, error) {
	t.Helper()
	p, err := conv.Parse(layer)
	if err != nil {
		t.Fatal(err)
	}
	return algo.PlanBackward(algo.Spec{Problem: p, DType: shaders.Float32}, l)
}
