package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// onFullDisk runs a command while no file can become longer than a few bytes, as on a disk that is nearly full.
func onFullDisk(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // the write fails then
	defer signal.Reset(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	few := was
	few.Cur = 8
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &few); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Fatal(err)
		}
	}()
	code, _, stderr = gpuconv(args...)
	return code, stderr
}

// TestFilesOnFullDisk holds that what cannot be written to its end leaves the old file whole, and nothing beside it.
func TestFilesOnFullDisk(t *testing.T) {
	hosttest.Open(t)
	net := filepath.FromSlash("../../examples/digits/digits.onnx")
	scene := filepath.FromSlash("../../docs/pictures/scene.png")
	seven := filepath.FromSlash("../../examples/digits/drawn/7.png")
	for _, args := range [][]string{
		{"bench", "--backend", "cpu", "--budget", "1ms", "ic1ih4oc1kh1", "--output-json"},
		{"bench", "--backend", "cpu", "--budget", "1ms", "ic1ih4oc1kh1", "--csv"},
		{"bench", "--backend", "cpu", "--budget", "1ms", "ic1ih4oc1kh1", "--html"},
		{"bench", "--backend", "cpu", "--budget", "1ms", "ic1ih4oc1kh1", "--markdown"},
		{"run", "--backend", "cpu", "ic1ih4oc1kh1", "--output-json"},
		{"run", "--backend", "cpu", "ic1ih4oc1kh1", "--output"},
		{"run", "--backend", "cpu", "ic1ih4oc1kh1", "--backward", "--dw"},
		{"run", "--alexnet", scene, "--maps"},
		{"params", "ic1ih4oc1kh1", "--output-json"},
		{"verify", "--backend", "cpu", "--count", "2", "--output-json"},
		{"devices", "--output-json"},
		{"doctor", "--output-json"},
		{"inspect", net, "--output-json"},
		{"infer", net, "--input", seven, "--output-json"},
		{"infer", net, "--input", seven, "--output"},
		{"conformance", conformanceTree(t), "--output-json"},
		{"tune", "--cache", filepath.Join(t.TempDir(), "cache.json"), "--export"},
		{"tune", "--list", "--cache", filepath.Join(t.TempDir(), "cache.json"), "--output-json"},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "old.npy")
		if args[len(args)-1] == "--maps" {
			file = filepath.Join(dir, "old.png")
		}
		const old = "all of the old results"
		if err := os.WriteFile(file, []byte(old), 0o644); err != nil {
			t.Fatal(err)
		}
		code, stderr := onFullDisk(t, append(args, file)...)
		if code != exitFailed || !strings.Contains(stderr, "file too large") || !strings.Contains(stderr, file) {
			t.Errorf("gpuconv %v: exit %d, want %d\n%s", args, code, exitFailed, stderr)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != old {
			t.Errorf("gpuconv %v: left %q, %v, must leave %q", args, got, err, old)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("gpuconv %v: left %v", args, left)
		}
	}
}

// TestCacheOnFullDisk holds that a tuning file that cannot be written to its end is said, that what was measured is
// printed all the same, and that nothing is left of it.
func TestCacheOnFullDisk(t *testing.T) {
	hosttest.Open(t)
	dir := t.TempDir()
	suite, cache := filepath.Join(dir, "suite.txt"), filepath.Join(dir, "cache", "t.json")
	if err := os.WriteFile(suite, []byte("ic4ih5oc4kh1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, stderr := onFullDisk(t, "tune", "--suite", suite, "--budget", "1ms", "--cache", cache)
	if code != exitFailed || !strings.Contains(stderr, filepath.Dir(cache)) ||
		!strings.Contains(stderr, "file too large") {
		t.Errorf("exit %d, want %d\n%s", code, exitFailed, stderr)
	}
	if _, err := os.Stat(cache); err == nil {
		t.Error("half a file of tunings is left")
	}
}

// TestReadOnlyCache holds that a folder of tunings that nobody can write to is said by tune alone: other commands only
// read it. /proc is a file system on which nobody makes folders, root neither.
func TestReadOnlyCache(t *testing.T) {
	hosttest.Open(t)
	suite := filepath.Join(t.TempDir(), "suite.txt")
	if err := os.WriteFile(suite, []byte("ic4ih5oc4kh1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const cache = "/proc/gpuconv/t.json"
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"run", "ic4ih5oc4kh1"}, exitFine},
		{[]string{"bench", "ic4ih5oc4kh1", "--budget", "1ms", "--no-ceilings"}, exitFine},
		{[]string{"tune", "--suite", suite, "--budget", "1ms"}, exitFailed},
	} {
		code, stdout, stderr := gpuconv(append(c.args, "--cache", cache)...)
		if code != c.code || (code != exitFine) != strings.Contains(stderr, "/proc/gpuconv") ||
			!strings.Contains(stdout, "ic4ih5oc4kh1") {
			t.Errorf("gpuconv %v: exit %d, want %d\n%s\n%s", c.args, code, c.code, stdout, stderr)
		}
	}
}
