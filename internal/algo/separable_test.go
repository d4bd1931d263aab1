package algo

import (
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// TestChooseSeparable holds which two layers one kernel computes, and what is said of others.
func TestChooseSeparable(t *testing.T) {
	l := Limits{Limits: gpu.Limits{MaxWorkgroupInvocations: 256, MaxWorkgroupSizeX: 256, MaxWorkgroupStorage: 16 << 10,
		MaxStorageBinding: 1 << 27, MaxBufferSize: 1 << 28}}
	spec := func(descriptor string, e conv.Epilogue) Spec {
		p, err := conv.Parse(descriptor)
		if err != nil {
			t.Fatal(err)
		}
		return Spec{Problem: p, Epilogue: e, DType: shaders.Float32}
	}
	relu, residual := conv.Activate(conv.ReLU), conv.Epilogue{Residual: conv.AfterFunction}
	const depthwise, pointwise = "g8ic8ih9oc8kh3sh2ph1", "ic8ih5oc12kh1"
	half := spec(pointwise, relu)
	half.DType = shaders.Float16
	apart := spec(depthwise, relu)
	apart.Separate = true
	unaligned, wide := spec(depthwise, relu), spec(depthwise, relu)
	unaligned.X, wide.X = shaders.Placement{Pitch: 12, First: 2}, shaders.Placement{Pitch: 12, First: 4}
	for _, c := range []struct {
		name              string
		depthwise, behind Spec
		chosen, why       string
	}{
		{"", spec(depthwise, relu), spec(pointwise, residual), "separable/64x64x16", ""},
		{"separable", spec(depthwise, conv.Activate(conv.Clip)), spec(pointwise, relu), "separable/64x64x16", ""},
		{"separable/64x64x16", spec(depthwise, relu), spec(pointwise, relu), "separable/64x64x16", ""},
		{"", wide, spec(pointwise, relu), "separable/64x64x16", ""},
		{"", spec("g96mb32ic96ih112oc96kh3sh2ph1", relu), spec("mb32ic96ih56oc24kh1", relu),
			"separable/128x32x16", ""},
		{"", spec("g8ic8ih9oc8kh3sh2ph1+reflect", relu), spec(pointwise, relu), "", "padding must be zero"},
		{"registers", spec(depthwise, relu), spec(pointwise, relu), "", "no such algorithm"},
		{"", unaligned, spec(pointwise, relu), "", "multiples of 4"},
		{"", spec(depthwise, relu), half, "", "float32"},
		{"", apart, spec(pointwise, relu), "", "ReLU or Clip"},
		{"", spec(depthwise, residual), spec(pointwise, relu), "", "ReLU or Clip"},
		{"", spec(depthwise, conv.Activate(conv.Tanh)), spec(pointwise, relu), "", "ReLU or Clip"},
		{"", spec("ic8ih9oc8kh3sh2ph1", relu), spec(pointwise, relu), "", "depthwise"},
		{"", spec("g8ic8ih9oc16kh3sh2ph1", relu), spec("ic16ih5oc12kh1", relu), "", "depthwise"},
		{"", spec("g6ic6ih9oc6kh3sh2ph1", relu), spec("ic6ih5oc12kh1", relu), "", "multiple of 4"},
		{"", spec(depthwise, relu), spec("ic8ih5oc10kh1", relu), "", "1x1"},
		{"", spec(depthwise, relu), spec("ic8ih5oc12kh1sh2", relu), "", "1x1"},
		{"", spec(depthwise, relu), spec("ic8ih5oc12kh1ph1", relu), "", "1x1"},
		{"", spec(depthwise, relu), spec("g2ic8ih5oc12kh1", relu), "", "1x1"},
		{"", spec(depthwise, relu), spec("ic8ih6oc12kh1", relu), "", "does not read"},
		{"", spec(depthwise, relu), spec("ic8ih5oc12kh1+transposed", relu), "", "transposed"},
	} {
		plan, err := ChooseSeparable(c.name, c.depthwise, c.behind, l)
		switch {
		case c.why != "" && (err == nil || !strings.Contains(err.Error(), c.why)):
			t.Errorf("%s and %s: error %v, must say %q", c.depthwise.Problem, c.behind.Problem, err, c.why)
		case c.why == "" && (err != nil || Name(plan.Algorithm) != c.chosen):
			t.Errorf("%s and %s: %v, error %v, must be %s", c.depthwise.Problem, c.behind.Problem, plan.Algorithm, err,
				c.chosen)
		}
	}
	small := l
	small.MaxWorkgroupInvocations = 32
	if _, err := ChooseSeparable("", spec(depthwise, relu), spec(pointwise, relu), small); err == nil {
		t.Error("workgroups of 32 threads are enough")
	}
}
