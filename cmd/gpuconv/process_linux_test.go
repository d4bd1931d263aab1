package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// process is gpuconv in a process of its own.
func process(t *testing.T, args ...string) (c *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	c = exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	c.Stdout, c.Stderr = stdout, stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, stdout, stderr
}

// TestTwoProcesses holds that two processes on one adapter do not disturb each other.
func TestTwoProcesses(t *testing.T) {
	hosttest.Open(t)
	digits := []string{"infer", filepath.FromSlash("../../examples/digits/digits.onnx"), "--check", "--repeat", "20",
		"--input", filepath.FromSlash("../../examples/digits/drawn/7.png")}
	for _, pair := range []struct {
		args [2][]string
		says [2]string // what each prints when it found all numbers right
	}{
		{[2][]string{{"verify", "--count", "6", "--seed", "1"}, {"verify", "--count", "6", "--seed", "2"}},
			[2]string{"6 of 6 layers passed", "6 of 6 layers passed"}},
		{[2][]string{{"bench", "ic64ih28oc64kh3ph1", "--budget", "200ms", "--no-ceilings"}, digits},
			[2]string{"1 results, 0 failed", "inferences a second"}},
	} {
		first, out1, err1 := process(t, pair.args[0]...)
		second, out2, err2 := process(t, pair.args[1]...)
		if errs := errors.Join(first.Wait(), second.Wait()); errs != nil {
			t.Errorf("%v\n%s%s%s%s", errs, out1, err1, out2, err2)
		}
		contain(t, out1.String(), pair.says[0])
		contain(t, out2.String(), pair.says[1])
	}
}

// TestInterruptedAnywhere sends SIGINT to each command at some moment, which is another one on each machine: it ends,
// without the trace of a crash, and a file of results is whole or not there.
func TestInterruptedAnywhere(t *testing.T) {
	hosttest.Open(t)
	photo := filepath.FromSlash("../../docs/pictures/scene.png")
	net := filepath.FromSlash("../../examples/digits/digits.onnx")
	seven := filepath.FromSlash("../../examples/digits/drawn/7.png")
	for i, args := range [][]string{
		{"run", "ic64ih56oc64kh3ph1", "--algorithm", "direct"},
		{"run", "--alexnet", photo},
		{"verify", "--count", "100000"},
		{"bench", "--suite", "core"},
		{"tune", "--suite", "core", "--cache", filepath.Join(t.TempDir(), "t.json")},
		{"infer", net, "--input", seven, "--check", "--repeat", "1000000"},
		{"params", "--measure"},
		{"inspect", net},
		{"conformance", conformanceTree(t)},
		{"devices"},
		{"doctor"},
		{"compare", results(t), results(t)},
		{"web", "--port", "0", "--folder", pageOf(t)},
		{"version"},
		{"completion", "bash"},
	} {
		file := filepath.Join(t.TempDir(), "r.json")
		switch args[0] {
		case "compare", "web", "version", "completion": // which write no results
		default:
			args = append(args, "--output-json", file)
		}
		c, _, stderr := process(t, args...)
		time.Sleep(time.Duration(50+100*(i%3)) * time.Millisecond)
		_ = c.Process.Signal(os.Interrupt) // it may be over
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = c.Process.Signal(syscall.SIGQUIT)
			<-ended
			t.Errorf("%s: a minute after SIGINT it still ran\n%s", strings.Join(args, " "), stderr)
		}
		if crash.MatchString(stderr.String()) || c.ProcessState.ExitCode() > exitNoAdapter {
			t.Errorf("%s: exit %d\n%s", strings.Join(args, " "), c.ProcessState.ExitCode(), stderr)
		}
		if text, err := os.ReadFile(file); err == nil && !json.Valid(text) {
			t.Errorf("%s: half a file of results: %s", strings.Join(args, " "), text)
		}
	}
}

// results are those of one layer, in a file.
func results(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "results.json")
	succeed(t, "bench", "--backend", "cpu", "--budget", "1ms", "ic1ih4oc1kh1", "--output-json", file)
	return file
}

// pageOf is a folder that looks like that of the page.
func pageOf(t *testing.T) string {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "main.wasm"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestTwoTunings holds that two processes which tune into one file both keep what they measured.
func TestTwoTunings(t *testing.T) {
	hosttest.Open(t)
	dir := t.TempDir()
	cache := filepath.Join(dir, "t.json")
	var all []*exec.Cmd
	for i, layer := range []string{"ic4ih5oc4kh1", "ic4ih6oc4kh1"} {
		suite := filepath.Join(dir, fmt.Sprintf("suite%d.txt", i))
		if err := os.WriteFile(suite, []byte(layer+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		c, _, _ := process(t, "tune", "--suite", suite, "--budget", "1ms", "--cache", cache)
		all = append(all, c)
	}
	for _, c := range all {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	contain(t, succeed(t, "tune", "--list", "--cache", cache), "ic4ih5oc4kh1", "ic4ih6oc4kh1")
}

// crash is how Go, Rust and C say that a program came to an end that nobody wanted.
var crash = regexp.MustCompile(`(?m)^(goroutine \d|panic:|thread '|SIG[A-Z]+:|fatal error:)`)
