//go:build !js

// Package gputest runs tests in processes of their own, whose Vulkan calls fail on demand on Linux.
package gputest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// InChild runs the calling test again in a process of its own, with more environment, and reports whether
// this is that process. What would abort a process is a failure of the test then, not of all tests.
func InChild(t *testing.T, env ...string) bool {
	t.Helper()
	const marker = "GPUCONV_TEST_CHILD"
	if os.Getenv(marker) == t.Name() {
		return true
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1", "-test.timeout=120s")
	c.Env = append(append(os.Environ(), marker+"="+t.Name()), env...)
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a process of its own: %v\n%s", err, out)
	}
	return false
}
