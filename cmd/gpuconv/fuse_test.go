package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/onnx"
)

// separableFile is a network of a depthwise layer and a 1x1 layer behind it, which has "and" in its name.
func separableFile(t *testing.T) string {
	t.Helper()
	numbers := func(n int) []float32 {
		all := make([]float32, n)
		for i := range all {
			all[i] = float32(i%7)/4 - 0.5
		}
		return all
	}
	group := map[string]onnx.Attribute{"group": {Kind: onnx.KindInt, Int: 8}}
	return modelFile(t, onnx.Graph{
		Inputs:  []onnx.ValueInfo{info("x", onnx.Float, 1, 8, 7, 7)},
		Outputs: []onnx.ValueInfo{info("y", onnx.Float, 1, 12, 5, 5)},
		Nodes: []onnx.Node{
			{Op: "Conv", Name: "each", Attributes: group, Inputs: []string{"x", "v"}, Outputs: []string{"between"}},
			{Op: "Conv", Name: "all and more", Inputs: []string{"between", "w"}, Outputs: []string{"y"}},
		},
		Initializers: []onnx.Tensor{onnx.FloatTensor("v", []int64{8, 1, 3, 3}, numbers(72)),
			onnx.FloatTensor("w", []int64{12, 8, 1, 1}, numbers(96))},
	})
}

// TestFuse holds that layers are computed as one where that is asked for, that both are named and counted then, and
// that a pair is tuned behind its layers.
func TestFuse(t *testing.T) {
	dev := hosttest.Open(t)
	path, cache := separableFile(t), filepath.Join(t.TempDir(), "t.json")
	layers := func(algorithm string) bool { return strings.Contains(algorithm, "/") }
	for fuse, want := range map[string]int{"always": 1, "never": 2} {
		args := []string{"infer", path, "--random", "1", "--check", "--fuse", fuse, "--json"}
		timed := bench.NewDevice(dev).Timestamps()
		if timed {
			args = append(args, "--profile")
		}
		r := receipt(t, args...)
		first := slices.IndexFunc(r.Nodes, layers)
		if n := len(slices.DeleteFunc(slices.Clone(r.Nodes), func(a string) bool { return !layers(a) })); n != want ||
			strings.HasPrefix(r.Nodes[first], "separable/") != (fuse == "always") {
			t.Errorf("--fuse %s: %v", fuse, r.Nodes)
		}
		if timed && fuse == "always" {
			row := r.Profile[first]
			contain(t, row.Node, "each", "all and more", "g8ic8ih7oc8kh3", "ic8ih5oc12kh1")
			if flops := 1e6 * row.GFLOPs * row.Millis; flops < 8399 || flops > 8401 {
				t.Errorf("%g operations, must be 2 * 25 * (8 * 9 + 8 * 12)", flops)
			}
		}
	}
	contain(t, squeezed(succeed(t, "inspect", path, "--fuse", "always")), "separable/", "between [1 8 5 5]")
	contain(t, succeed(t, "bench", "--no-ceilings", "--budget", "1ms", "--rounds", "1", "--model", path, "--fuse",
		"always"), "right, ")
	out := succeed(t, "tune", "--model", path, "--budget", "50ms", "--cache", cache, "--json")
	var r tuneReport
	if err := json.Unmarshal([]byte(out), &r); err != nil || len(r.Layers) != 3 || r.Layers[2].Behind == "" ||
		r.Layers[2].Default != "apart/each" || r.Layers[2].Tried < 2 {
		t.Fatalf("%v, %s", err, out)
	}
	contain(t, succeed(t, "tune", "--list", "--cache", cache), "g8ic8ih7oc8kh3 and ic8ih5oc12kh1")
	for _, command := range []string{"infer", "inspect", "bench"} {
		args := []string{command, path, "--fuse", "maybe"}
		if command == "bench" {
			args = []string{command, "--model", path, "--fuse", "maybe"}
		}
		code, _, stderr := gpuconv(args...)
		if contain(t, stderr, "--fuse maybe: must be rules, always or never"); code != exitUsage {
			t.Errorf("%s: exit %d", command, code)
		}
	}
}
