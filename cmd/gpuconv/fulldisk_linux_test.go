package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
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
	for _, args := range [][]string{
		{"bench", "--backend", "cpu", "--budget", "1ms", "ic1ih4oc1kh1", "--output-json"},
		{"bench", "--backend", "cpu", "--budget", "1ms", "ic1ih4oc1kh1", "--csv"},
		{"bench", "--backend", "cpu", "--budget", "1ms", "ic1ih4oc1kh1", "--html"},
		{"bench", "--backend", "cpu", "--budget", "1ms", "ic1ih4oc1kh1", "--markdown"},
		{"run", "--backend", "cpu", "ic1ih4oc1kh1", "--output-json"},
		{"run", "--backend", "cpu", "ic1ih4oc1kh1", "--output"},
		{"params", "ic1ih4oc1kh1", "--output-json"},
		{"tune", "--cache", filepath.Join(t.TempDir(), "cache.json"), "--export"},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "old.npy")
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
