package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/onnx"
)

// conformanceTree has a case that passes, one whose output is another, and two with operators that nobody knows.
func conformanceTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, c := range map[string]struct {
		op       string
		expected float32
	}{
		"test_good":  {"Relu", 2},
		"test_wrong": {"Relu", 3},
		"test_odd":   {"Frobnicate", 2},
		"test_odder": {"Frobnicate", 2},
	} {
		set := filepath.Join(root, "node", name, "test_data_set_0")
		if err := os.MkdirAll(set, 0o700); err != nil {
			t.Fatal(err)
		}
		net := modelFile(t, onnx.Graph{
			Inputs:  []onnx.ValueInfo{info("x", onnx.Float, 1)},
			Outputs: []onnx.ValueInfo{info("y", onnx.Float, 1)},
			Nodes:   []onnx.Node{{Op: c.op, Inputs: []string{"x"}, Outputs: []string{"y"}}},
		})
		writeFile(t, filepath.Join(filepath.Dir(set), "model.onnx"), []byte(contents(t, net)))
		tensorFile(t, filepath.Join(set, "input_0.pb"), onnx.FloatTensor("x", []int64{1}, []float32{2}))
		tensorFile(t, filepath.Join(set, "output_0.pb"), onnx.FloatTensor("y", []int64{1}, []float32{c.expected}))
	}
	return root
}

// TestConformance holds how cases come out and are counted, and that a failure is one.
func TestConformance(t *testing.T) {
	hosttest.Open(t)
	root := conformanceTree(t)
	code, stdout, stderr := gpuconv("conformance", root, "--verbose")
	if code != exitFailed {
		t.Errorf("exit %d, want %d", code, exitFailed)
	}
	contain(t, stdout, "passed test_good: 1 numbers, bit for bit\n", "unsupported test_odd: ", "failed test_wrong: ",
		"\n2  unsupported: ", "Frobnicate", "\n1 passed, 1 failed, 2 unsupported on ")
	wrong := filepath.Join(root, "node", "test_wrong")
	contain(
		t,
		stderr,
		"FAILED test_wrong: ",
		"number 0 is 2, must be 3",
		"again: "+drivers()+"gpuconv conformance --backend ",
		"'"+wrong+"'",
	)
	if strings.Contains(stderr, "test_odd") ||
		strings.Contains(succeed(t, "conformance", root, "--match", "good|odd"), "test_good") {
		t.Errorf("only a failure is named without --verbose:\n%s", stderr)
	}
	code, stdout, _ = gpuconv("conformance", wrong, "--json")
	var r conformanceReport
	err := json.Unmarshal([]byte(stdout), &r)
	if err != nil || code != exitFailed || r.Failed != 1 || r.Count != 1 || len(r.Cases) != 1 ||
		r.Cases[0].Status != "failed" || r.Cases[0].Reason == "" ||
		!strings.HasSuffix(r.Cases[0].Repro, "'"+wrong+"'") {
		t.Errorf("exit %d, %v: %s", code, err, stdout)
	}
}

// TestConformanceInterrupted sends a real signal in the second case.
func TestConformanceInterrupted(t *testing.T) {
	hosttest.Open(t)
	ran := 0
	code, stdout, stderr := hooked(func(a *app) {
		a.begin = func(ctx context.Context, _ string) {
			if ran++; ran < 2 {
				return
			}
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Signal(syscall.SIGTERM)
			}
			if err != nil {
				t.Error(err)
			}
			<-ctx.Done()
		}
	}, "conformance", conformanceTree(t))
	if code != exitFailed || !strings.Contains(stderr, "interrupted: 1 of 4 cases ran") ||
		!strings.Contains(stdout, "1 passed, 0 failed") {
		t.Errorf("exit %d, want %d\n%s%s", code, exitFailed, stdout, stderr)
	}
}

func TestConformanceRefused(t *testing.T) {
	t.Setenv("GPUCONV_GPU", "off")
	root, empty := conformanceTree(t), t.TempDir()
	for _, c := range []struct {
		args  []string
		words string
	}{
		{nil, "requires at least 1 arg"},
		{[]string{"/nowhere/at/all"}, "/nowhere/at/all"},
		{[]string{empty}, empty},
		{[]string{root, "--match", "("}, "--match ("},
		{[]string{root, "--match", "zebra"}, "none of the 4 cases matches"},
		{[]string{root, "--backend", "cpu"}, "leave out the backend cpu"},
	} {
		code, stdout, stderr := gpuconv(append([]string{"conformance"}, c.args...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.words) {
			t.Errorf(
				"gpuconv conformance %v: exit %d, want %d and %q\n%s%s",
				c.args,
				code,
				exitUsage,
				c.words,
				stdout,
				stderr,
			)
		}
	}
	if code, _, _ := gpuconv("conformance", root); code != exitNoAdapter {
		t.Errorf("exit %d without an adapter, want %d", code, exitNoAdapter)
	}
}
