package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// offers are what a shell shows for a command line, without the words beside it, and how it goes on.
func offers(t *testing.T, args ...string) (list []string, directive string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(succeed(t, append([]string{"__complete"}, args...)...)), "\n")
	for _, line := range lines[:len(lines)-1] {
		name, _, _ := strings.Cut(line, "\t")
		list = append(list, name)
	}
	return list, lines[len(lines)-1]
}

// TestCompletion holds what shells offer, as cobra's own scripts ask for it.
func TestCompletion(t *testing.T) {
	dev := hosttest.Open(t)
	const files, noFiles = ":0", ":4"
	for _, c := range []struct {
		args []string
		some []string // of what must be offered
		rest string
	}{
		{[]string{"run", "--backend", ""}, []string{"vulkan", "metal", "dx12", "gl", "cpu"}, noFiles},
		{[]string{"devices", "--backend", "v"}, []string{"vulkan"}, noFiles},
		{[]string{"run", "--algorithm", ""}, host.AlgorithmNames(), noFiles},
		{[]string{"run", "--algorithm", "win"}, []string{"winograd2", "winograd6"}, noFiles},
		{[]string{"bench", "--algorithm", "direct,sh"}, []string{"direct,shared"}, noFiles},
		{[]string{"bench", "--algorithm", "a"}, []string{"all"}, noFiles},
		{[]string{"bench", "--suite", ""}, bench.Suites(), files},
		{[]string{"tune", "--suite", "co"}, []string{"core"}, files},
		{[]string{"run", "--activation", "re"}, []string{"relu", "relu6"}, noFiles},
		{[]string{"run", "--residual", ""}, []string{"none", "before", "after"}, noFiles},
		{[]string{"params", "--padding", ""}, []string{"zero", "circular"}, noFiles},
		{[]string{"run", "--dtype", ""}, []string{"float16", "int8"}, noFiles},
		{[]string{"run", "--filter-layout", ""}, []string{"OHWI", "OIHW"}, noFiles},
		{[]string{"run", "--input", ""}, nil, files},
		{[]string{"run", ""}, nil, noFiles},
		{[]string{"infer", ""}, []string{"onnx"}, ":8"}, // files that end so
		{[]string{"inspect", ""}, []string{"onnx"}, ":8"},
		{[]string{"conformance", ""}, nil, ":16"}, // folders
		{[]string{"infer", "m.onnx", "--input", ""}, nil, files},
		{[]string{"infer", "m.onnx", "--channels", ""}, []string{"rgb", "bgr", "gray"}, noFiles},
		{[]string{"infer", "m.onnx", "--layout", ""}, []string{"NCHW", "NHWC"}, noFiles},
		{[]string{"compare", ""}, nil, files},
	} {
		list, rest := offers(t, c.args...)
		for _, want := range c.some {
			if !slices.Contains(list, want) {
				t.Errorf("%v: %v, %s is missing", c.args, list, want)
			}
		}
		if rest != c.rest || c.some == nil && list != nil {
			t.Errorf("%v: %v, then %s, must be %s", c.args, list, rest, c.rest)
		}
	}
	out := succeed(t, "__complete", "run", "--backend", "vulkan", "--adapter", "")
	contain(t, out, "\t"+dev.GPU().Info().Name)
	if list, _ := offers(t, "run", "--backend", "metal", "--adapter", ""); list != nil {
		t.Errorf("another backend's adapters are offered: %v", list)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		contain(t, succeed(t, "completion", shell), "gpuconv", "__complete")
	}
}
