package main

import (
	"strings"
	"testing"
)

// bench --backward measures each layer's adjoint behind it, and refuses layers that have none.
func TestBenchBackward(t *testing.T) {
	got := succeed(t, "bench", "--backend", "cpu", "--rounds", "1", "--budget", "1ms", "--no-ceilings", "--backward",
		`ic2ih5oc3kh3sh2n"one"`, "ic4ih3oc2kh2+transposed", "--csv", "-")
	var layers []string
	for _, line := range strings.Split(got, "\n") {
		for _, d := range []string{"ic2ih5oc3kh3sh2", "ic3ih2oc2kh3sh2+transposed", "ic4ih3oc2kh2+transposed",
			"ic2ih4oc4kh2"} {
			if strings.Contains(line, d) {
				layers = append(layers, d)
				break
			}
		}
	}
	want := "ic2ih5oc3kh3sh2 ic3ih2oc2kh3sh2+transposed ic4ih3oc2kh2+transposed ic2ih4oc4kh2"
	if strings.Join(layers, " ") != want || !strings.Contains(got, "one dX") {
		t.Errorf("measured %v, must be %s\n%s", layers, want, got)
	}
	code, _, stderr := gpuconv("bench", "--backend", "cpu", "--backward", "ic2ih5oc3kh3ph1+reflect")
	if code != exitUsage {
		t.Errorf("exit %d, want %d", code, exitUsage)
	}
	contain(t, stderr, "--backward of ic2ih5oc3kh3ph1+reflect", "must pad with zeros")
}
