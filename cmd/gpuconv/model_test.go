package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/onnx"
)

// TestBenchModel holds that networks are measured beside layers, judged, and told apart by their shapes.
func TestBenchModel(t *testing.T) {
	dev := hosttest.Open(t)
	path := brightest(t)
	file := filepath.Join(t.TempDir(), "r.json")
	out := succeed(t, "bench", "--no-ceilings", "--budget", "1ms", "--rounds", "2", "--model", path, "--dim", "N=2",
		"--output-json", file, benchLayer)
	contain(t, out, "layer", "tiny", "GPU", "right, ", "whole runs with their transfers", "2 results, 0 failed")
	r, err := bench.ReadFile(file)
	if err != nil || len(r.Results) != 2 || len(r.Settings.Models) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	net := r.Results[1]
	if net.Network != "tiny 2x3x4x4" || !net.Verified || net.FLOP != 2*2*3*3*16 || len(net.Time.Rounds) != 2 ||
		net.FirstRun <= 0 || net.ImagesPerSecond <= 0 || !strings.HasSuffix(net.Algorithm, " nodes") ||
		(net.GPU != nil) != bench.NewDevice(dev).Timestamps() {
		t.Errorf("%+v", net)
	}
	if strings.Contains(succeed(t, "bench", "--no-ceilings", "--budget", "1ms", "--rounds", "1", "--model", path),
		"alexnet") {
		t.Error("networks alone are measured beside a suite that nobody named")
	}
}

// TestModelFlags holds how open sizes are bound, and what is refused before a GPU is touched.
func TestModelFlags(t *testing.T) {
	a := newApp(os.Stdout, os.Stderr)
	path := brightest(t)
	for flag, want := range map[string]string{"": "tiny 1x3x4x4", "N=3": "tiny 3x3x4x4"} {
		f := modelFlags{models: []string{path}}
		if flag != "" {
			f.dims = []string{flag}
		}
		all, err := f.read(a, 1)
		if err != nil || len(all) != 1 || all[0].id() != want {
			t.Errorf("--dim %s: %+v, %v, must be %s", flag, all, err, want)
		}
	}
	unnamed := echoFile(t, onnx.Float, -1, 3)
	if all, err := (&modelFlags{models: []string{unnamed}}).read(a, 1); err != nil || all[0].id() != "tiny 1x3" {
		t.Errorf("%+v, %v", all, err)
	}
	for _, c := range []struct {
		args  []string
		words string
	}{
		{[]string{"bench", "--dim", "N=2"}, "--dim N=2 is about a network"},
		{[]string{"bench", "--model", path, "--dim", "M=2"}, "the symbolic dimensions of the inputs are N"},
		{[]string{"bench", "--model", path, "--dim", "N=0"}, "--dim N=0: must be NAME=N"},
		{[]string{"bench", "--model", path + "," + path}, `there is a network "tiny 1x3x4x4" already`},
		{[]string{"bench", "--model", "-"}, `--model "-": must be a file`},
		{[]string{"bench", "--model", "nowhere.onnx"}, "nowhere.onnx"},
		{[]string{"bench", "--model", echoFile(t, onnx.Float, 1, "side")}, "say it with --dim side=N"},
		{[]string{"bench", "--model", path, "--algorithm", "direct"}, "--match and --algorithm are about layers"},
		{[]string{"bench", "--model", path, "--backend", "cpu"}, "networks run on a GPU"},
		{[]string{"tune", "--model", path, "--match", "("}, "--match ("},
		{[]string{"tune", "--model", ""}, "--model is empty"},
		{[]string{"tune", "--match", "x", "--list"}, "--suite or a --model"},
	} {
		code, stdout, stderr := gpuconv(c.args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.words) {
			t.Errorf("gpuconv %s: exit %d, want %d and %q\n%s%s", strings.Join(c.args, " "), code, exitUsage, c.words,
				stdout, stderr)
		}
	}
}

// TestBenchModelFails holds that the command which measures a network again is given.
func TestBenchModelFails(t *testing.T) {
	hosttest.Open(t)
	path := modelFile(t, onnx.Graph{
		Inputs:  []onnx.ValueInfo{info("x", onnx.Float, "N", 3), info("shape", onnx.Int64, 2)},
		Outputs: []onnx.ValueInfo{info("y", onnx.Float, "a", "b")},
		Nodes:   []onnx.Node{{Op: "Reshape", Inputs: []string{"x", "shape"}, Outputs: []string{"y"}}},
	})
	code, stdout, _ := gpuconv("bench", "--no-ceilings", "--budget", "1ms", "--model", path, "--dim", "N=7")
	if code != exitFailed {
		t.Errorf("exit %d, want %d", code, exitFailed)
	}
	contain(t, stdout, "FAILED", "building: ", " --seed 1 --model '"+path+"' --dim 'N=7'")
}

// TestTuneModel holds that a network's layers are tuned, once each, and that the network then uses what was chosen.
func TestTuneModel(t *testing.T) {
	hosttest.Open(t)
	path, cache := brightest(t), filepath.Join(t.TempDir(), "t.json")
	code, stdout, stderr := hooked(tuneWith(nil), "tune", "--model", path, "--cache", cache, "--json")
	var r tuneReport
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitFine || len(r.Layers) != 1 {
		t.Fatalf("exit %d, %v, %s%s", code, err, stdout, stderr)
	}
	chosen := r.Layers[0]
	if !strings.Contains(chosen.Name, "'sums'") || chosen.Algorithm == "" || chosen.Algorithm == chosen.Default {
		t.Errorf("%+v, must be the layer of node sums, by another algorithm than the default", chosen)
	}
	inferred := succeed(t, "infer", path, "--dim", "N=1", "--random", "1", "--cache", cache, "--json")
	contain(t, inferred, `"`+chosen.Algorithm+`"`)
	code, stdout, _ = hooked(tuneWith(nil), "tune", "--model", path, "--suite", suite(t), "--cache", cache, "--match",
		"sums|second")
	if code != exitFine || strings.Count(stdout, "kept from") != 1 || strings.Contains(stdout, "third") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	contain(t, stdout, "second")
}
