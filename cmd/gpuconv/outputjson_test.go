package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// TestJSONEverywhere holds that on every command with results --json prints them and takes no file, and
// that --output-json writes the same to a file, beside what is printed.
func TestJSONEverywhere(t *testing.T) {
	hosttest.Open(t)
	results := filepath.Join(t.TempDir(), "results.json")
	succeed(t, "bench", "--backend", "cpu", "--budget", "1ms", "--output-json", results, "ic1ih4oc1kh1")
	for _, args := range [][]string{
		{"run"},
		{"run", "ic2ih5oc3kh3"},
		{"params", "ic2ih5oc3kh3"},
		{"params", "--measure", "ic2ih5oc3kh3"},
		{"verify", "--count", "2"},
		{"bench", "--backend", "cpu", "--budget", "1ms", "ic2ih5oc3kh3"},
		{"compare", results, results},
		{"tune", "--list"},
		{"devices"},
		{"doctor"},
		{"version"},
	} {
		file := filepath.Join(t.TempDir(), "out.json")
		args := append(args[:1:1], append([]string{"--output-json", file}, args[1:]...)...)
		if out := succeed(t, args...); json.Valid([]byte(out)) || out == "" {
			t.Errorf("gpuconv %v: must print for people, not\n%s", args, out)
		}
		if written, err := os.ReadFile(file); err != nil || !json.Valid(written) {
			t.Errorf("gpuconv %v: %v, no JSON in the file\n%s", args, err, written)
		}
		// A word behind --json is not its value.
		var printed, written any
		out := succeed(t, append(args[:1:1], append([]string{"--json"}, args[1:]...)...)...)
		if err := json.Unmarshal([]byte(out), &printed); err != nil {
			t.Errorf("gpuconv %v --json: %v\n%s", args, err, out)
		}
		data, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(data, &written)
		}
		if err != nil || !reflect.DeepEqual(printed, written) {
			t.Errorf("gpuconv %v --json: %v, the file has\n%s\nprinted was\n%s", args, err, data, out)
		}
	}
}

// TestOutputJSONRefused holds that a file that cannot be is refused before anything is computed.
func TestOutputJSONRefused(t *testing.T) {
	for value, words := range map[string]string{
		"":                     "--output-json is empty",
		"-":                    "--output-json -: must be a file; --json prints",
		"--all":                "--output-json --all: must be a file",
		"/nowhere/at/all.json": "--output-json /nowhere/at/all.json: there is no folder /nowhere/at",
	} {
		for _, command := range []string{"run", "verify", "bench", "devices", "doctor", "tune"} {
			code, stdout, stderr := gpuconv(command, "--output-json", value)
			if code != exitUsage || stdout != "" || !strings.Contains(stderr, words) {
				t.Errorf("%s: exit %d, want %d and %q\n%s%s", command, code, exitUsage, words, stdout, stderr)
			}
		}
	}
	if code, _, stderr := gpuconv("params", "ic1ih1oc1kh1", "--output-json", "/dev/full"); code != exitFailed ||
		!strings.Contains(stderr, "--output-json: ") {
		t.Errorf("a full disk: exit %d, want %d\n%s", code, exitFailed, stderr)
	}
}
