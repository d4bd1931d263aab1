package main

import (
	"bytes"
	"encoding/json"
	"errors"
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
	first, out1, err1 := process(t, "verify", "--count", "6", "--seed", "1")
	second, out2, err2 := process(t, "verify", "--count", "6", "--seed", "2")
	if errs := errors.Join(first.Wait(), second.Wait()); errs != nil {
		t.Errorf("%v\n%s%s%s%s", errs, out1, err1, out2, err2)
	}
	contain(t, out1.String(), "6 of 6 layers passed")
	contain(t, out2.String(), "6 of 6 layers passed")
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
	} {
		file := filepath.Join(t.TempDir(), "r.json")
		c, _, stderr := process(t, append(args, "--output-json", file)...)
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

// crash is how Go, Rust and C say that a program came to an end that nobody wanted.
var crash = regexp.MustCompile(`(?m)^(goroutine \d|panic:|thread '|SIG[A-Z]+:|fatal error:)`)
