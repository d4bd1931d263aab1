package main

import (
	"image/color"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/onnx"
)

// twoInputs is a network with the inputs a and b of whole numbers, and the outputs y and z.
func twoInputs(t *testing.T) string {
	return modelFile(t, onnx.Graph{
		Inputs:  []onnx.ValueInfo{info("a", onnx.Int32, "N", "M"), info("b", onnx.Int32, -1, "M")},
		Outputs: []onnx.ValueInfo{info("y", onnx.Int32), info("z", onnx.Int32)},
		Nodes: []onnx.Node{
			{Op: "Identity", Inputs: []string{"a"}, Outputs: []string{"y"}},
			{Op: "Identity", Inputs: []string{"b"}, Outputs: []string{"z"}},
		},
	})
}

// TestInferRefused holds that bad usage is refused before any GPU is touched, for there is none here.
func TestInferRefused(t *testing.T) {
	t.Setenv("GPUCONV_GPU", "off")
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	net, two := brightest(t), twoInputs(t)
	flat(t, at("p.png"), color.RGBA{1, 2, 3, 255})
	writeFile(t, at("bad.txt"), []byte("nothing"))
	writeFile(t, at("empty.txt"), nil)
	writeFile(t, at("two.txt"), []byte("one\ntwo\n"))
	npy(t, at("half.npy"), "<f4", false, []int{2}, []float64{1, 0.5})
	npy(t, at("a.npy"), "<f4", false, []int{2, 3}, make([]float64, 6))
	npy(t, at("b.npy"), "<f4", false, []int{4, 4}, make([]float64, 16))
	unknown := modelFile(t, onnx.Graph{
		Inputs:  []onnx.ValueInfo{info("x", onnx.Float, 1)},
		Outputs: []onnx.ValueInfo{info("y", onnx.Float, 1)},
		Nodes: []onnx.Node{
			{Op: "Frobnicate", Inputs: []string{"x"}, Outputs: []string{"h"}},
			{Op: "Transmogrify", Inputs: []string{"h"}, Outputs: []string{"y"}},
		},
	})
	for _, c := range []struct {
		args  []string
		words string
	}{
		{[]string{}, "accepts 1 arg"},
		{[]string{net, "--random", "1", "--dim", "N=1", "--bisect", "photo=" + at("a.npy")}, "of one of these"},
		{[]string{net, "--random", "1", "--dim", "N=1", "--bisect", "scores=" + at("p.png")}, "is a picture"},
		{[]string{net, "--random", "1", "--dim", "N=1", "--bisect", at("bad.txt")}, "neither .npy nor an ONNX tensor"},
		{[]string{net, "--bisect-tolerance", "1"}, "is for --bisect"},
		{[]string{net, "--bisect", at("a.npy"), "--bisect-tolerance", "0"}, "must be more than 0"},
		{[]string{at("none.onnx")}, "none.onnx"},
		{[]string{at("bad.txt")}, "bad.txt"},
		{[]string{unknown}, "Transmogrify"},
		{[]string{unknown}, "Frobnicate"},
		{
			[]string{net},
			"no --input for \"photo\": name files, or fill them with --random SEED; " + net +
				" takes:\n  photo float32 [N 3 4 4]",
		},
		{
			[]string{two, "--input", at("a.npy")},
			"must be NAME=FILE, of one of these:\n  a int32 [N M]\n  b int32 [? M]",
		},
		{[]string{two, "--input", "a=" + at("a.npy")}, `no --input for "b"`},
		{[]string{two, "--input", "a=" + at("a.npy"), "--input", "a=" + at("a.npy")}, "already"},
		{[]string{two, "--input", "a="}, "name a file"},
		{[]string{two, "--input", "a=" + at("half.npy"), "--random", "1"}, "number 1 is 0.5, must be a whole one"},
		{[]string{two, "--input", "a=" + at("a.npy"), "--random", "1"}, "the size of axis 0 is open, and has no name"},
		{
			[]string{two, "--input", "a=" + at("a.npy"), "--input", "b=" + at("b.npy")},
			"input b int32 [? M]: M is 4 here, and 3 by input \"a\"",
		},
		{[]string{two, "--random", "1", "--dim", "N=3"}, "say it with --dim M=N"},
		{[]string{two, "--random", "1", "--dim", "K=3"}, "the symbolic dimensions of the inputs are N, M"},
		{[]string{two, "--random", "1", "--dim", "N=0"}, "--dim N=0"},
		{[]string{two, "--random", "1", "--dim", "N=1", "--dim", "N=2"}, "N is given twice"},
		{[]string{net, "--random", "1", "--dim", "N=999999999"}, "more than 268435456 numbers"},
		{[]string{net, "--random", "x"}, "--random"},
		{[]string{net, "--input", at("none.png")}, "none.png"},
		{[]string{net, "--input", at("bad.txt")}, "neither .npy nor PNG nor JPEG, nor an ONNX tensor"},
		{[]string{net, "--input", at("p.png"), "--mean", "1,2"}, "--mean 1,2"},
		{[]string{net, "--input", at("p.png"), "--channels", "gray"}, "--channels gray: the network has 3 channels"},
		{[]string{net, "--input", at("p.png"), "--size", "5x4"}, "--size 5x4: the input has the size 4x4"},
		{[]string{net, "--input", at("p.png"), "--layout", ""}, "--layout is empty"},
		{[]string{net, "--input", at("p.png"), "--labels", at("empty.txt")}, "nothing in it"},
		{[]string{net, "--input", at("p.png"), "--labels", at("none.txt")}, "none.txt"},
		{
			[]string{net, "--input", at("p.png"), "--output", "scores=" + at("v.txt")},
			"must end in .npy, .pb, .png or .jpg",
		},
		{[]string{net, "--input", at("p.png"), "--output", "/nowhere/at/all/v.npy"}, "no folder /nowhere/at/all"},
		{
			[]string{two, "--random", "1", "--dim", "N=1", "--output", at("v.npy")},
			"must be NAME=FILE, of one of these:\n  y int32",
		},
		{
			[]string{two, "--output", "y=" + at("v.npy"), "--output", "z=" + at("v.npy")},
			"--output y writes that file already",
		},
		{[]string{two, "--output", "y=" + at("v.npy"), "--output", "y=" + at("w.npy")}, "already"},
		{[]string{two, "--output", "y=-", "--output", "z=-"}, "only one of them can go to stdout"},
		{[]string{net, "--output", "-", "--json"}, "only one of them can go to stdout"},
		{[]string{net, "--top", "-1"}, "--top -1"},
		{[]string{net, "--failure", dir}, "only --check and --bisect find one"},
		{[]string{net, "--check-sample", "9"}, "of what --check judges"},
		{[]string{net, "--check", "--check-sample", "0"}, "--check-sample 0: must be 1 or more"},
		{[]string{net, "--check", "--check-seed", "1"}, "chooses what --check-sample judges"},
		{[]string{net, "--repeat", "-1"}, "--repeat -1"},
		{[]string{net, "--random", "1", "--dim", "N=1", "--backend", "cpu"}, "leave out the backend cpu"},
		{
			[]string{echoFile(t, onnx.Float, 1, 3), "--random", "1", "--labels", at("two.txt")},
			`--labels: 2 lines for the 3 classes of output "y"`,
		},
	} {
		code, stdout, stderr := gpuconv(append([]string{"infer"}, c.args...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.words) {
			t.Errorf(
				"gpuconv infer %s: exit %d, want %d and %q\n%s%s",
				strings.Join(c.args, " "),
				code,
				exitUsage,
				c.words,
				stdout,
				stderr,
			)
		}
	}
	if code, _, _ := gpuconv("infer", net, "--input", at("p.png")); code != exitNoAdapter {
		t.Errorf("exit %d without an adapter, want %d", code, exitNoAdapter)
	}
}

// TestInferShapes holds that what only a run can tell is refused, too, and nothing written.
func TestInferShapes(t *testing.T) {
	hosttest.Open(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	npy(t, at("x.npy"), "<f4", false, []int{1, 3}, make([]float64, 3))
	writeFile(t, at("two.txt"), []byte("one\ntwo\n"))
	for _, c := range []struct {
		args  []string
		words string
	}{
		{[]string{echoFile(t, onnx.Float, 1, 4), "--input", at("x.npy")}, "has shape [1 3], must be x float32 [1 4]"},
		{
			[]string{echoFile(t, onnx.Float, 1, "K"), "--input", at("x.npy"), "--labels", at("two.txt"),
				"--output", at("y.npy")},
			"2 lines for the 3 classes",
		},
		{
			[]string{echoFile(t, onnx.Float, 1, "K"), "--input", at("x.npy"), "--output", at("y.png")},
			"not that of one picture",
		},
	} {
		code, stdout, stderr := gpuconv(append([]string{"infer"}, c.args...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.words) {
			t.Errorf(
				"gpuconv infer %s: exit %d, want %d and %q\n%s%s",
				strings.Join(c.args, " "),
				code,
				exitUsage,
				c.words,
				stdout,
				stderr,
			)
		}
	}
	if left, err := filepath.Glob(at("y.*")); err != nil || left != nil {
		t.Errorf("%v were written, error %v", left, err)
	}
}
