package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/model"
)

// TestInferBisect holds what is said of expected values that are right, of wrong ones, by outputs alone and with the
// tensor before them, and of a GPU that is wrong.
func TestInferBisect(t *testing.T) {
	hosttest.Open(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"infer", brightest(t), "--random", "1", "--dim", "N=1"}
	succeed(t, append(args, "--output", at("right.npy"))...)
	right := floats(t, at("right.npy"), "(1, 3, 1, 1)")
	npy(t, at("wrong.npy"), "<f4", false, []int{1, 3, 1, 1}, []float64{float64(right[0]), 7, float64(right[2])})
	r := receipt(t, append(args, "--bisect", at("right.npy"))...)
	if b := r.Bisect; b == nil || len(b.Tensors) != 1 || b.Tensors[0].Tensor != "scores" ||
		b.Tolerance != model.Tolerance || b.Tensors[0].Between != 0 {
		t.Errorf("%+v", r.Bisect)
	}
	contain(t, succeed(t, append(args, "--bisect", "scores="+at("right.npy"))...),
		"expected values agree with the GPU")
	succeed(t, append(args, "--bisect", at("wrong.npy"), "--bisect-tolerance", "100")...)

	t.Setenv("TMPDIR", t.TempDir())
	wrong := append(args, "--bisect", at("wrong.npy"), "--output", at("y.npy"))
	code, stdout, stderr := hooked(func(*app) {}, wrong...)
	if _, err := os.Stat(at("y.npy")); code != exitFailed || stdout != "" || err == nil {
		t.Errorf("exit %d, want %d, and nothing written: %s", code, exitFailed, stdout)
	}
	contain(t, stderr, "FAILED: the expected values are wrong",
		"first among 2 nodes, the last of them node 1, Conv",
		"again: "+drivers(), "alone: "+drivers()+"gpuconv conformance --backend ")

	npy(t, at("positive.npy"), "<f4", false, []int{1, 3, 4, 4}, make([]float64, 48))
	alone := at("alone")
	_, _, stderr = hooked(func(*app) {}, append(args, "--bisect", "scores="+at("wrong.npy"),
		"--bisect", "positive="+at("positive.npy"), "--failure", alone)...)
	contain(t, stderr, `expected "positive" is off by`, "first at node 0, Relu", "gpuconv conformance --backend ")
	code, stdout, _ = hooked(func(*app) {}, "conformance", alone)
	if code != exitFailed {
		t.Errorf("exit %d, want %d: %s", code, exitFailed, stdout)
	}

	code, _, stderr = hooked(func(a *app) {
		a.spoilVerdict = func(v *model.Verdict) {
			v.Nodes[0].Report.Failed, v.Nodes[0].Report.First = 1, &cpuref.Mismatch{}
		}
	}, append(args, "--bisect", at("right.npy"))...)
	if code != exitFailed {
		t.Errorf("exit %d, want %d", code, exitFailed)
	}
	contain(t, stderr, "FAILED: the GPU is wrong: ", "the expected values agree with the reference", "again: ")
}
