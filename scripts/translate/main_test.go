package main

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// spirv is a module of these instructions, of one word each but for those that have a remainder's operation.
func spirv(operations ...uint32) (module []byte) {
	words := []uint32{spirvMagic, 0x10000, 0, 9, 0}
	for _, op := range operations {
		words = append(words, 5<<16|op, 1, 2, opSRem, opSMod) // operands are no operations
	}
	for _, w := range words {
		module = binary.LittleEndian.AppendUint32(module, w)
	}
	return module
}

func TestNoSignedRemainder(t *testing.T) {
	const opUMod, opSDiv = 137, 135
	if err := noSignedRemainder(spirv(opUMod, opSDiv)); err != nil {
		t.Error(err)
	}
	for name, module := range map[string][]byte{"OpSRem": spirv(opUMod, opSRem), "OpSMod": spirv(opSMod, opUMod)} {
		var refused *refusal
		if err := noSignedRemainder(module); !errors.As(err, &refused) || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, module := range map[string][]byte{
		"empty": nil, "other": make([]byte, 40), "endless": append(spirv(opUMod), 0, 0, 0, 0),
	} {
		var refused *refusal
		if err := noSignedRemainder(module); err == nil || errors.As(err, &refused) {
			t.Errorf("%s: %v, want an error that is no refusal", name, err)
		}
	}
}

func TestReport(t *testing.T) {
	defer func(l []listing) { listed = l }(listed)
	c := column{naga: "1", variants: 9, failures: []failure{{"MSL", "a", "no x: 1"}, {"MSL", "b", "no x: 1"}}}
	known := listing{"1", "MSL", "no x", "x is new"}
	for _, tc := range []struct {
		name   string
		listed []listing
		bad    int
		prints string
	}{
		{"not listed", nil, 2, "not listed"},
		{"listed", []listing{known}, 0, "listed: x is new"},
		{"of another naga", []listing{{"2", "MSL", "no x", ""}}, 2, "not listed"},
		{"of another target", []listing{known, {"1", "SPIR-V", "no x", ""}}, 1, "did not fail"},
	} {
		listed = tc.listed
		var out strings.Builder
		if bad := report(&out, []column{c}); bad != tc.bad || !strings.Contains(out.String(), tc.prints) {
			t.Errorf("%s: %d are bad, want %d and %q in\n%s", tc.name, bad, tc.bad, tc.prints, out.String())
		}
		for _, want := range []string{"7 passed, 2 failed", "2 variants, such as a"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in\n%s", tc.name, want, out.String())
			}
		}
	}
}

// TestCall holds that a program that ends with an error is a refusal, and one that is not there is an error.
func TestCall(t *testing.T) {
	var refused *refusal
	err := call("go", "no-such-command")
	if !errors.As(err, &refused) || !strings.Contains(refused.reason, "no-such-command") {
		t.Errorf("go no-such-command: %v", err)
	}
	if err := call(filepath.Join(t.TempDir(), "absent")); err == nil || errors.As(err, &refused) {
		t.Errorf("a program that is not there: %v", err)
	}
}

// TestReasonIn holds that a place is no part of a reason.
func TestReasonIn(t *testing.T) {
	exit := &exec.ExitError{ProcessState: &os.ProcessState{}}
	for said, want := range map[string]string{
		"Could not parse WGSL:\nerror: expected ';'\n  at b1.wgsl:1:53\n":        "expected ';'",
		"error: \n'f' is invalid: \n\tits type\n\tis wrong\nGenerating needs it": "is wrong",
		"/tmp/shader.comp\nERROR: 0:2: 'x' : undeclared\nERROR: 2 errors\n":      "'x' : undeclared",
		"/tmp/shader.hlsl\nERROR: /tmp/shader.hlsl:318: 'x' : few\n":             "'x' : few",
		"error: line 65: OpStore's types differ\n":                               "OpStore's types differ",
		"thread 'main' panicked at a.rs:5\nnote: run with RUST_BACKTRACE=1\n":    "thread 'main' panicked at a.rs:5",
		"": exit.String(),
	} {
		if got := reasonIn(said, exit); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}

// TestZeroed holds that only the zeroing of arrays is left out.
func TestZeroed(t *testing.T) {
	const kept = "    float x = (float)0;\n    a[0] = (float)0;\n"
	if got := zeroed.ReplaceAllString("    parts = (float4[16][64])0;\n"+kept, "$1;"); got != "    ;\n"+kept {
		t.Errorf("%q", got)
	}
}

// TestWritten holds that a translation that is missing or empty is no success.
func TestWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shader.metal")
	if err := written(path); err == nil {
		t.Error("a file that is not there passed")
	}
	for text, passes := range map[string]bool{"": false, "kernel": true} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := written(path); (err == nil) != passes {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestTargetsDiffer holds that no name is there twice: failures are counted by it.
func TestTargetsDiffer(t *testing.T) {
	var names []string
	for _, x := range targets {
		if slices.Contains(names, x.name) {
			t.Errorf("%s is there twice", x.name)
		}
		names = append(names, x.name)
	}
}
