package main

import (
	"encoding/json"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
)

func TestMeasure(t *testing.T) {
	hosttest.Open(t)
	contain(t, succeed(t, "params", "--measure"), measuredLayer, "shared", "unshared", "5,824", "1,310,400",
		"225 times", "22.75 KiB", "4.999 MiB",
		" ms ", "median of 9 runs", "bound: all 3600 outputs hold")

	// 3x3 positions of 2 filters of 3x3x2 and a bias; one image's parameters serve both.
	var r measureReport
	if err := json.Unmarshal([]byte(succeed(t, "params", "--measure", "--json", "--input", "5x5x2", "--filter", "3",
		"--depth", "2", "--batch", "2")), &r); err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct {
		name       string
		m          measurement
		parameters int64
	}{{"shared", r.Shared, 2*18 + 2}, {"unshared", r.Unshared, 9 * (2*18 + 2)}} {
		if m.m.Parameters != m.parameters || m.m.Bytes != 4*m.parameters ||
			m.m.AllBytes != 4*(m.parameters+2*50+2*18) || !m.m.Verified || m.m.Median <= 0 ||
			len(m.m.Samples) != measuredRuns {
			t.Errorf("%s: %+v, must have %d parameters, be verified and timed %d times", m.name, m.m, m.parameters,
				measuredRuns)
		}
	}
	if r.Neurons != 18 || r.Unshared.Problem != "mb2ic2ih5oc2kh3+unshared" || r.Clock != "wall" {
		t.Errorf("%+v, must be of 18 neurons", r)
	}
	contain(t, succeed(t, "params", "--measure", "ic2ih5oc2kh3+unshared", "--backend", "cpu"), "ic2ih5oc2kh3\n", "342")
}

// TestMeasureLimit holds that what takes too much is refused before anything is made.
func TestMeasureLimit(t *testing.T) {
	for limit, want := range map[int64]int{1367: exitUsage, 1368: exitFine} {
		code, stdout, stderr := hooked(func(a *app) { a.measureLimit = limit }, "params", "--measure", "ic2ih5oc2kh3",
			"--backend", "cpu")
		if code != want {
			t.Errorf("limit %d: exit %d, must be %d\n%s%s", limit, code, want, stdout, stderr)
		}
		if want == exitUsage {
			contain(t, stderr, "ic2ih5oc2kh3", "take 1368 bytes", "at most 1367")
		}
	}
}
