package algo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/transform"
)

// candidates are the names of what serves a layer of float32.
func candidates(t *testing.T, descriptor string, s algo.Spec) (names []string) {
	t.Helper()
	var err error
	if s.Problem, err = conv.Parse(descriptor); err != nil {
		t.Fatal(err)
	}
	if s.DType == "" {
		s.DType = shaders.Float32
	}
	seen := map[string]bool{}
	for _, plan := range algo.Candidates(s, anything) {
		name := algo.Name(plan.Algorithm)
		if seen[name] {
			t.Errorf("%s: %s twice", descriptor, name)
		}
		seen[name] = true
		names = append(names, name)
	}
	return names
}

// Transposed layers have algorithms of every kind, but where they are none: then only the direct one.
func TestTransposedCandidates(t *testing.T) {
	for _, c := range []struct {
		layer string
		spec  algo.Spec
		has   string // a part of a name, "-" before one that none may have
	}{
		{"ic8ih9oc8kh3ph1+transposed", algo.Spec{}, "winograd4/ registers/ shared/ fourier/ -apart"},
		{"ic8ih9oc8kh3ph1+transposed", algo.Spec{Exact: true}, "registers/ -winograd -fourier"},
		{"ic8ih9oc8kh5sh2ph2+transposed", algo.Spec{}, "winograd4/ apart together"},
		{"ic8ih9oc8kh5sh2ph2+transposed", algo.Spec{Exact: true}, "registers/ apart -together"},
		{"ic8ih9oc8kh4sh2ph1+transposed", algo.Spec{Exact: true}, "apart together"},
		{"ic8ih9oc8kh5sh2ph2+transposed", algo.Spec{Exact: true, Named: true}, "winograd2/ together"},
		{"g8ic8ih9oc8kh3sh2ph1+transposed", algo.Spec{}, "depthwise/"},
		{"ic8ih9oc8kh3ph1+transposed", algo.Spec{Block: true}, "registers/ -winograd"},
		{"ic8ih9oc8kh3ph1+transposed", algo.Spec{DType: shaders.Float16}, "direct registers/ winograd4/ -apart"},
		{"ic8ih9oc8kh2ph3+transposed", algo.Spec{}, "direct -registers"},
		{"ic8ih9oc8kh3ph1", algo.Spec{}, "registers/ -together"},
	} {
		names := candidates(t, c.layer, c.spec)
		for _, part := range strings.Fields(c.has) {
			part, none := strings.CutPrefix(part, "-")
			found := false
			for _, n := range names {
				found = found || strings.Contains(n, part)
			}
			if found == none {
				t.Errorf("%s, %+v: %q among %v: %v", c.layer, c.spec, part, names, found)
			}
		}
	}
}

// A layer that is left to the direct algorithm says why.
func TestTransposedRefuses(t *testing.T) {
	for _, c := range []struct {
		layer, name, words string
		spec               algo.Spec
		wraps              error
	}{
		{"ic8ih9oc8kh2ph3+transposed", "registers", "cuts more", algo.Spec{}, transform.ErrUnsupported},
		{"ic8ih9oc8kh3sh2ph1+transposed", "registers/8x16_v4_t64_apart", "float32",
			algo.Spec{DType: shaders.Int8}, nil},
		{"ic8ih9oc8kh3ph1+transposed", "registers/8x16_v4_t64_apart", "together", algo.Spec{}, nil},
		{"ic8ih9oc8kh3ph1", "registers/8x16_v4_t64_apart", "no such", algo.Spec{}, algo.ErrUnknown},
	} {
		p, err := conv.Parse(c.layer)
		if err != nil {
			t.Fatal(err)
		}
		if c.spec.Problem = p; c.spec.DType == "" {
			c.spec.DType = shaders.Float32
		}
		_, err = algo.Choose(c.name, c.spec, anything)
		if err == nil || !strings.Contains(err.Error(), c.words) || c.wraps != nil && !errors.Is(err, c.wraps) {
			t.Errorf("%s by %s: %v, must say %q", c.layer, c.name, err, c.words)
		}
	}
}

// The gradient with respect to X is the adjoint's wherever there is one, unless the direct algorithm was asked for.
func TestInputGradientBy(t *testing.T) {
	for _, c := range []struct {
		layer, by string
		spec      algo.Spec
	}{
		{"ic64ih28oc64kh3ph1", "winograd", algo.Spec{}},
		{"ic64ih28oc64kh3ph1", "direct", algo.Spec{Direct: true}},
		{"ic64ih28oc64kh3ph1", "direct", algo.Spec{Threads: 64}},
		{"ic64ih28oc64kh3ph1", "registers", algo.Spec{Exact: true}},
		{"ic64ih28oc64kh3ph1", "registers", algo.Spec{Block: true}},
		{"ic64ih28oc64kh3sh2ph1+transposed", "registers", algo.Spec{Exact: true}},
		{"ic64ih28oc64kh3ph1+reflect", "registers", algo.Spec{}},
		{"ic64ih28oc64kh3ph1+circular", "direct", algo.Spec{Direct: true}},
		{"ic8ih9oc8kh3+unshared", "unshared", algo.Spec{}},
	} {
		p, err := conv.Parse(c.layer)
		if err != nil {
			t.Fatal(err)
		}
		c.spec.Problem, c.spec.DType = p, shaders.Float32
		g, err := algo.PlanBackward(c.spec, anything)
		if err != nil {
			t.Fatal(err)
		}
		if name := algo.Name(g.Inputs.Algorithm); !strings.HasPrefix(name, c.by) {
			t.Errorf("%s, %+v: %s, must be %s", c.layer, c.spec, name, c.by)
		}
	}
}
