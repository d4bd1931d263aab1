package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
)

// bench --backward measures each layer's adjoint behind it, and refuses layers that have none.
func TestBenchBackward(t *testing.T) {
	got := succeed(t, "bench", "--backend", "cpu", "--rounds", "1", "--budget", "1ms", "--no-ceilings", "--backward",
		`ic2ih5oc3kh3sh2n"one"`, "ic4ih3oc2kh2+transposed", "--csv", "-")
	var layers []string
	for _, line := range strings.Split(got, "\n") {
		for _, d := range []string{"ic2ih5oc3kh3sh2", "ic3ih2oc2kh3sh2+transposed", "ic4ih3oc2kh2+transposed",
			"ic2ih4oc4kh2"} {
			if strings.Contains(line, d) {
				layers = append(layers, d)
				break
			}
		}
	}
	want := "ic2ih5oc3kh3sh2 ic3ih2oc2kh3sh2+transposed ic4ih3oc2kh2+transposed ic2ih4oc4kh2"
	if strings.Join(layers, " ") != want || !strings.Contains(got, "one dX") {
		t.Errorf("measured %v, must be %s\n%s", layers, want, got)
	}
	code, _, stderr := gpuconv("bench", "--backend", "cpu", "--backward", "ic2ih5oc3kh3ph1+reflect")
	if code != exitUsage {
		t.Errorf("exit %d, want %d", code, exitUsage)
	}
	contain(t, stderr, "--backward of ic2ih5oc3kh3ph1+reflect", "must pad with zeros")
	code, _, stderr = gpuconv("bench", "--backend", "cpu", "--filter-gradient", "tiles", "ic2ih5oc3kh3")
	if contain(t, stderr, "--filter-gradient tiles: only --backward"); code != exitUsage {
		t.Errorf("exit %d, want %d", code, exitUsage)
	}
}

// On a GPU the gradient with respect to the filters stands behind the other, judged, and is none of the layer's own
// results where files are compared.
func TestBenchFilterGradients(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.json")
	got := succeed(t, "bench", "--rounds", "1", "--budget", "1ms", "--no-ceilings", "--backward",
		"--output-json", file, `ic4ih5oc8kh3n"one"`, "ic2ih5oc3kh2")
	contain(t, got, "one dW", "ic2ih5oc3kh2 dW", "6 results, 0 failed")
	r, err := bench.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if w := r.Results[2]; w.Gradient != bench.GradientW || !w.Verified || w.FLOP != r.Results[0].FLOP {
		t.Errorf("the third result is %+v, must be dW of the first layer, judged", w)
	}
	contain(t, succeed(t, "compare", file, "--", file), "one dX", "one dW", "geometric mean of 6")
	all := succeed(t, "bench", "--rounds", "1", "--budget", "1ms", "--no-ceilings", "--backward", "--filter-gradient",
		"all", "ic4ih5oc8kh3")
	contain(t, all, "tiles/", "winograd", "direct/", "shared/")
}
