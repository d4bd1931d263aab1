package bench_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
)

func layer(t *testing.T, descriptor string) bench.Layer {
	t.Helper()
	p, err := conv.Parse(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	return bench.Layer{Problem: p, Count: 1}
}

const small = `ic4ih8oc8kh3ph1n"small"`

// always opens fakes like f.
func always(f fake) *opener {
	return &opener{new: func(conv.Problem, string) *fake { c := f; return &c }}
}

func TestMeasure(t *testing.T) {
	open := always(fake{gpu: 2 * time.Millisecond})
	evictions := 0
	o := bench.Options{Budget: time.Hour, WarmUp: 2, Seed: 7, Timestamps: true,
		Ceilings:   &bench.Ceilings{GFLOPS: 10, GBs: 1},
		EvictCache: func() error { evictions++; return nil }}
	l := layer(t, small)
	r := measure(t, open, l, "", o)
	if r.Error != "" || !r.Verified || r.BoundUsed == nil || *r.BoundUsed != 0.25 || r.Algorithm != "fast" ||
		r.Variant != "fast_small" || r.Clock != "gpu" {
		t.Fatalf("result %+v", r)
	}
	if r.FLOP != 2*8*8*8*4*9 || r.Name != "small" || r.Problem != small || r.FirstRun <= 0 || open.seeds[0] != 7 {
		t.Errorf("result %+v", r)
	}
	if n := len(r.Time.Samples); n < bench.Fewest || len(r.Wall.Samples) != n || r.Time.Median != 2 ||
		r.Time.P10 != 2 || r.Time.P90 != 2 {
		t.Errorf("times %+v", r.Time)
	}
	if r.Cold == nil || len(r.Cold.Samples) != evictions || r.Cold.Median != 2 || r.Transfers == nil ||
		len(r.Transfers.Whole.Samples) < bench.Fewest {
		t.Errorf("cold %+v after %d evictions, transfers %+v", r.Cold, evictions, r.Transfers)
	}
	gflops := float64(r.FLOP) / 2e-3 / 1e9
	gbs := float64(4*(8*8*4+8*4*9+8+8*8*8)) / 2e-3 / 1e9
	roof := min(10, gflops/gbs)
	for what, pair := range map[string][2]float64{"GFLOP/s": {r.GFLOPS, gflops}, "GB/s": {r.GBs, gbs},
		"percent of peak":      {r.PercentOfPeak, 10 * gflops},
		"percent of bandwidth": {r.PercentOfBandwidth, 100 * gbs}, "roofline": {r.Roofline, roof},
		"percent of roofline": {r.PercentOfRoofline, 100 * gflops / roof}} {
		if math.Abs(pair[0]/pair[1]-1) > 1e-12 {
			t.Errorf("%s is %g, want %g", what, pair[0], pair[1])
		}
	}
	f := open.opened[0]
	if want := []string{"upload", "compute", "verify", "upload", "compute", "compute", "compute",
		"timed"}; !slices.Equal(f.order[:len(want)], want) {
		t.Errorf("calls %v, want %v first", f.order, want)
	}
	if f.calls["close"] != 1 || f.order[len(f.order)-1] != "close" {
		t.Errorf("closed %d times", f.calls["close"])
	}
}

// TestWallClock holds what a device without timestamps and without an eviction gives.
func TestWallClock(t *testing.T) {
	open := always(fake{})
	r := measure(t, open, layer(t, small), "slow", bench.Options{})
	if r.Error != "" || r.Clock != "wall" || r.Time != r.Wall || r.Cold != nil || r.PercentOfPeak != 0 ||
		open.opened[0].calls["timed"] != 0 {
		t.Errorf("result %+v", r)
	}
	if open.asked[0] != "small/slow" {
		t.Errorf("asked for %v", open.asked)
	}
}

// TestFailures holds that what fails has an error, no numbers, the command that shows it again, and is
// closed.
func TestFailures(t *testing.T) {
	for _, call := range []string{"upload", "compute", "verify", "timed", "download", "close"} {
		open := always(fake{fail: call})
		r := measure(t, open, layer(t, small), "", bench.Options{Timestamps: true,
			Repro: func(about bench.Result) string { return "gpuconv bench " + about.Problem }})
		if !strings.Contains(r.Error, "it broke") || !strings.Contains(r.Error, "again: gpuconv bench ic4ih8") {
			t.Errorf("%s: error %q", call, r.Error)
		}
		if r.Verified || r.Time != nil || r.Wall != nil || r.GFLOPS != 0 || r.FirstRun != 0 || r.BoundUsed != nil ||
			r.Transfers != nil {
			t.Errorf("%s: numbers %+v", call, r)
		}
		if n := open.opened[0].calls["close"]; n != 1 {
			t.Errorf("%s: closed %d times", call, n)
		}
	}
	open := &opener{new: func(conv.Problem, string) *fake { return nil }}
	if r := measure(t, open, layer(t, small), "winograd", bench.Options{}); !strings.Contains(r.Error,
		"building: it broke") || r.Algorithm != "winograd" {
		t.Errorf("not built: %+v", r)
	}
	r := measure(t, always(fake{}), layer(t, small), "", bench.Options{EvictCache: func() error { return errFake }})
	if !strings.Contains(r.Error, "cold caches: it broke") {
		t.Errorf("not evicted: %+v", r)
	}
}

// TestSamples holds how many are taken: the fewest where the budget is nothing, one where a run takes
// longer than all patience.
func TestSamples(t *testing.T) {
	r := measure(t, always(fake{}), layer(t, small), "", bench.Options{Budget: time.Nanosecond})
	if n := len(r.Time.Samples); n != 1 {
		t.Errorf("%d samples with a budget that one sample passes, want 1", n)
	}
	r = measure(t, always(fake{slow: 20 * time.Millisecond}), layer(t, small), "",
		bench.Options{Budget: 40 * time.Millisecond})
	if n := len(r.Time.Samples); n > bench.Fewest || n < 1 {
		t.Errorf("%d samples of half a budget each, want %d at most", n, bench.Fewest)
	}
}

func TestRun(t *testing.T) {
	layers := []bench.Layer{layer(t, small), layer(t, `ic1ih3oc1kh1n"bad"`), layer(t, `ic1ih4oc1kh1n"last"`)}
	open := &opener{new: func(p conv.Problem, a string) *fake {
		if p.Name == "bad" {
			return &fake{fail: "verify"}
		}
		return &fake{}
	}}
	told := 0
	o := bench.Options{Budget: time.Millisecond, Done: func(bench.Result) { told++ }}
	subjects := bench.Layers(open, layers, "all", "third")
	results, err := bench.Run(context.Background(), subjects, o)
	if err != nil || len(results) != 9 || told != 9 || o.Turns(len(subjects)) != 9 {
		t.Fatalf("%d results, told of %d, %v", len(results), told, err)
	}
	if want := []string{"small/fast", "small/slow", "small/third", "bad/fast"}; !slices.Equal(open.asked[:4], want) {
		t.Errorf("asked for %v", open.asked)
	}
	for _, r := range results {
		if (r.Error != "") != (r.Name == "bad") {
			t.Errorf("%s: %q", r.Name, r.Error)
		}
	}
}

// TestInterrupted holds that what was measured before is kept, and nothing of what was under way.
func TestInterrupted(t *testing.T) {
	layers := []bench.Layer{layer(t, small), layer(t, `ic1ih3oc1kh1n"second"`), layer(t, `ic1ih4oc1kh1n"third"`)}
	for _, when := range []string{"compute", "verify", "upload"} {
		ctx, stop := context.WithCancel(context.Background())
		open := &opener{new: func(p conv.Problem, a string) *fake {
			f := &fake{}
			if p.Name == "second" {
				f.after = func(call string) {
					if call == when {
						stop()
					}
				}
			}
			return f
		}}
		results, err := bench.Run(ctx, bench.Layers(open, layers), bench.Options{Budget: time.Millisecond})
		if !errors.Is(err, context.Canceled) || len(results) != 1 || results[0].Name != "small" ||
			results[0].Error != "" {
			t.Errorf("stopped at %s: %d results, %v", when, len(results), err)
		}
		if len(open.opened) != 2 || open.opened[1].calls["close"] != 1 {
			t.Errorf("stopped at %s: %d opened", when, len(open.opened))
		}
		stop()
	}
}
