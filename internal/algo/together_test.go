package algo

import (
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// limits are those of an adapter that runs every kernel of the table.
func limits(software bool) Limits {
	return Limits{Software: software, Limits: gpu.Limits{
		MaxBufferSize: 1 << 32, MaxStorageBinding: 1 << 31, MaxUniformBinding: 1 << 16,
		StorageOffsetAlignment: 64, UniformOffsetAlignment: 64, MaxStorageBuffers: 10, MaxWorkgroupStorage: 1 << 15,
		MaxWorkgroupInvocations: 1024, MaxWorkgroupSizeX: 1024, MaxWorkgroupSizeY: 1024, MaxWorkgroupSizeZ: 64,
		MaxWorkgroupsPerDimension: 65535}}
}

func specs(t *testing.T, problems ...string) (all []Spec) {
	t.Helper()
	for _, text := range problems {
		p, err := conv.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Spec{Problem: p, DType: shaders.Float32})
	}
	return all
}

// squeeze are the layers of a network of many small layers.
var squeeze = []string{
	`ic3ih224oc64kh3sh2n"first"`, `ic64ih55oc16kh1`, `ic16ih55oc64kh1n"a"`, `ic16ih55oc64kh3ph1`,
	`ic16ih55oc64kh1n"b"`, `ic32ih27oc128kh1`, `ic32ih27oc128kh3ph1`, `ic48ih13oc192kh1`, `ic48ih13oc192kh3ph1`,
	`ic64ih13oc256kh3ph1`, `ic512ih13oc1000kh1`,
}

// planned are the plans of algorithms, how many kernels they compile, and what a run of all of them costs.
func planned(t *testing.T, specs []Spec, algorithms []Algorithm, l Limits) (all []Plan, kernels int, cost float64) {
	t.Helper()
	known := map[shaders.Variant]bool{}
	for i, a := range algorithms {
		p, err := a.Plan(specs[i], l)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Steps {
			known[s.Kernel] = true
		}
		all, cost = append(all, p), cost+p.Cost(MachineOf(l))
	}
	return all, len(known), cost
}

// alone are the algorithms that the rules choose for each layer by itself.
func alone(t *testing.T, specs []Spec, l Limits) (all []Algorithm) {
	t.Helper()
	for _, s := range specs {
		p, err := Choose("", s, l)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Algorithm)
	}
	return all
}

func names(algorithms []Algorithm) (all []string) {
	for _, a := range algorithms {
		all = append(all, Name(a))
	}
	return all
}

// TestTogether holds that layers share kernels where compiling takes long, as on SwiftShader, or a while, as on
// llvmpipe, and that each has its own best one where it does not.
func TestTogether(t *testing.T) {
	all := specs(t, squeeze...)
	gpu, llvmpipe, swiftshader := limits(false), limits(true), limits(true)
	swiftshader.SwiftShader = true
	for _, c := range []struct {
		limits  Limits
		kernels float64 // of those that all have alone, at most
		cost    float64 // of a run by them, at most
	}{{gpu, 1, 1}, {llvmpipe, 0.9, 1.1}, {swiftshader, 0.5, 2}} {
		l := c.limits
		own, together := alone(t, all, l), Together(all, nil, l)
		if !l.Software && !slices.Equal(names(own), names(together)) {
			t.Errorf("on a GPU %q, must be %q", names(together), names(own))
		}
		_, most, least := planned(t, all, own, l)
		_, kernels, cost := planned(t, all, together, l)
		if float64(kernels) > c.kernels*float64(most) || cost > c.cost*least {
			t.Errorf("%d kernels that cost %g, must be %g times %d or fewer, and %g times %g or less: %q", kernels,
				cost, c.kernels, most, c.cost, least, names(together))
		}
		if again := Together(all, nil, l); !slices.Equal(names(again), names(together)) {
			t.Errorf("%q, then %q", names(together), names(again))
		}
		if together[2] != together[4] {
			t.Errorf("%q: layers 2 and 4 have but another name", names(together))
		}
	}
}

// TestTogetherSettled holds that kernels which are compiled anyway are chosen where they are best.
func TestTogetherSettled(t *testing.T) {
	all, l := specs(t, squeeze...), limits(true)
	own := alone(t, all, l)
	settled, _, _ := planned(t, all, own, l)
	if got := Together(all, settled, l); !slices.Equal(names(got), names(own)) {
		t.Errorf("%q where all their kernels are there, must be %q", names(got), names(own))
	}
}

// TestTogetherLarge holds that a layer whose runs take longer than compiling has the algorithm that it has alone.
func TestTogetherLarge(t *testing.T) {
	all, l := specs(t, append(squeeze, "ic64ih448oc64kh3ph1")...), limits(true)
	last := len(all) - 1
	if got, want := Together(all, nil, l)[last], alone(t, all[last:], l)[0]; Name(got) != Name(want) {
		t.Errorf("%s, must be %s", Name(got), Name(want))
	}
}

// TestTogetherNone holds that a layer which no algorithm serves is told from the others.
func TestTogetherNone(t *testing.T) {
	all, l := specs(t, squeeze[0], squeeze[0]), limits(true)
	all[1].V = shaders.Placement{Pitch: 1} // narrower than V
	if got := Together(all, nil, l); got[0] == nil || got[1] != nil {
		t.Errorf("%v, must be an algorithm and none", got)
	}
}

// TestTogetherLeavesDirect holds that layers which others serve are not computed by the direct algorithm because its
// kernel is there for a layer that asked for it.
func TestTogetherLeavesDirect(t *testing.T) {
	l := limits(true)
	layers := specs(t, "ic8ih5oc12kh1", "g8ic8ih5oc8kh3ph1")
	settled, err := Choose("direct", layers[1], l)
	if err != nil {
		t.Fatal(err)
	}
	if a := Together(layers[:1], []Plan{settled}, l)[0]; Is(a, "direct") {
		t.Errorf("a small layer by %s", Name(a))
	}
}
