//go:build linux && (amd64 || arm64)

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/gputest"
	"github.com/gpuconv/gpuconv/tuning"
)

// lose takes the device away: what is submitted from now on fails as it does where a driver resets the GPU.
func lose(t *testing.T) { gputest.Fail(t, gputest.Gone, "vkQueueSubmit") }

// TestBenchLostDevice holds that results from before the device was lost are kept, and that no row is made of it.
func TestBenchLostDevice(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	defer gputest.Heal()
	file := filepath.Join(t.TempDir(), "r.json")
	code, stdout, stderr := hooked(func(a *app) {
		a.turn = func(_ context.Context, turn bench.Turn) {
			if turn.Number == 1 { // the second layer's first
				lose(t)
			}
		}
	}, "bench", "--no-ceilings", "--budget", "1ms", "--rounds", "1", "--output-json", file, `ic1ih4oc1kh1n"first"`,
		`ic1ih5oc1kh1n"second"`, `ic1ih6oc1kh1n"third"`)
	r, err := bench.ReadFile(file)
	if err != nil || code != exitFailed || len(r.Results) == 0 || !r.Results[0].Verified ||
		r.Results[0].Name != "first" {
		t.Errorf("exit %d, file %+v, %v", code, r, err)
	}
	for _, row := range r.Results[min(1, len(r.Results)):] {
		if row.Error == "" || row.Verified {
			t.Errorf("a result without an error from a lost device: %+v", row)
		}
	}
	contain(t, stdout+stderr, "lost")
}

// TestTuneLostDevice holds that what was tuned before the device was lost is kept, and nothing else.
func TestTuneLostDevice(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	defer gputest.Heal()
	cache := filepath.Join(t.TempDir(), "t.json")
	code, stdout, stderr := hooked(func(a *app) {
		real := a.tuneLayer
		a.tuneLayer = func(ctx context.Context, dev *host.Device, p conv.Problem, o host.LayerOptions,
			options host.TuneOptions) (tuning.Result, error) {
			if p.Name == "second" {
				lose(t)
			}
			return real(ctx, dev, p, o, options)
		}
	}, "tune", "--suite", suite(t), "--cache", cache, "--budget", "50ms")
	if code != exitFailed {
		t.Errorf("exit %d, want %d\n%s", code, exitFailed, stdout)
	}
	contain(t, stdout+stderr, "lost", "second")
	if kept, err := os.ReadFile(cache); err != nil || strings.Count(string(kept), `"problem"`) != 1 {
		t.Errorf("kept %s, %v: must be the first layer's choice alone", kept, err)
	}
}

// TestInferLostDevice holds that no scores come from a device that was lost in the middle.
func TestInferLostDevice(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	defer gputest.Heal()
	for _, stage := range []string{"compiling and running", "running again", "checking", "timing", "repeating"} {
		code, stdout, stderr := hooked(func(a *app) {
			a.begin = func(_ context.Context, now string) {
				if strings.HasPrefix(now, stage) {
					lose(t)
				}
			}
		}, "infer", brightest(t), "--random", "1", "--dim", "N=1", "--deterministic", "--check", "--profile",
			"--repeat", "2")
		gputest.Heal()
		if code != exitFailed || strings.Contains(stdout, "class") || !strings.Contains(stderr, "lost") {
			t.Errorf("lost while %s: exit %d, want %d\n%s%s", stage, code, exitFailed, stdout, stderr)
		}
	}
}
