package bench_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
)

func threeLayers(t *testing.T) []bench.Layer {
	return []bench.Layer{layer(t, small), layer(t, `ic1ih3oc1kh1n"second"`), layer(t, `ic1ih4oc1kh1n"third"`)}
}

// TestRounds holds that layers take turns, that each turn has a layer of its own, and that samples know
// their round.
func TestRounds(t *testing.T) {
	open := always(fake{gpu: time.Millisecond})
	var begun []string
	o := bench.Options{Rounds: 3, WarmUp: 1, Timestamps: true, Budget: time.Hour,
		EvictCache: func() error { return nil },
		Begin: func(turn bench.Turn) {
			begun = append(begun, fmt.Sprintf("%s%d%d", turn.About.Name, turn.Round, turn.Number))
		}}
	layers := threeLayers(t)
	results, err := bench.Run(context.Background(), bench.Layers(open, layers), o)
	if err != nil || len(results) != 3 || o.Turns(3) != 9 {
		t.Fatalf("%d results of %d turns, %v", len(results), o.Turns(3), err)
	}
	if want := []string{"small/", "second/", "third/", "small/", "second/", "third/", "small/", "second/",
		"third/"}; !slices.Equal(open.asked, want) {
		t.Errorf("opened %v, want %v", open.asked, want)
	}
	if want := []string{"small00", "second01", "third02", "small13", "second14", "third15", "small26", "second27",
		"third28"}; !slices.Equal(begun, want) {
		t.Errorf("told of %v, want %v", begun, want)
	}
	for i, f := range open.opened {
		if f.calls["close"] != 1 || f.calls["verify"] != map[bool]int{true: 1}[i < 3] {
			t.Errorf("turn %d: %v, must be closed once, and judged in the first round", i, f.calls)
		}
	}
	for _, r := range results {
		for what, times := range map[string]*bench.Times{"warm": r.Time, "wall": r.Wall, "cold": r.Cold,
			"upload": r.Transfers.Upload, "whole": r.Transfers.Whole} {
			if len(times.Rounds) != 3 || len(times.Samples) != times.Rounds[0]+times.Rounds[1]+times.Rounds[2] ||
				slices.Min(times.Rounds) < 2 {
				t.Errorf("%s, %s: rounds %v of %d samples", r.Name, what, times.Rounds, len(times.Samples))
			}
		}
		if r.FirstRun <= 0 || !r.Verified {
			t.Errorf("%+v", r)
		}
	}
}

// TestFewestRounds holds that rounds share the fewest samples out.
func TestFewestRounds(t *testing.T) {
	r := measure(t, always(fake{slow: 5 * time.Millisecond}), layer(t, small), "",
		bench.Options{Rounds: 5, Budget: 10 * time.Millisecond})
	if want := []int{1, 1, 1, 1, 1}; !slices.Equal(r.Time.Rounds, want) {
		t.Errorf("samples %v of rounds that one sample fills, want %v", r.Time.Rounds, want)
	}
}

// TestColdIsNotLater holds that where everything gets faster with time cold samples gain no more from it
// than warm ones do.
func TestColdIsNotLater(t *testing.T) {
	runs := 0
	f := fake{}
	f.after = func(call string) {
		if call == "compute" || call == "timed" {
			runs++
		}
	}
	open := &opener{new: func(conv.Problem, string) *fake {
		c := f
		c.clock = func() time.Duration { return time.Second - time.Duration(runs)*100*time.Microsecond }
		return &c
	}}
	r := measure(t, open, layer(t, small), "",
		bench.Options{Rounds: 6, Budget: time.Hour, Timestamps: true, EvictCache: func() error { return nil }})
	if ratio := stat.Mean(r.Cold.Samples, nil) / stat.Mean(r.Time.Samples, nil); ratio < 0.99 || ratio > 1.01 {
		t.Errorf("cold samples take %.3f of warm ones, where only time tells them apart", ratio)
	}
}

// TestInterruptedRound holds that rounds that are over are kept.
func TestInterruptedRound(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	o := bench.Options{Rounds: 3, Budget: time.Millisecond, Begin: func(turn bench.Turn) {
		if turn.About.Name == "second" && turn.Round == 1 {
			stop()
		}
	}}
	told := 0
	o.Done = func(bench.Result) { told++ }
	results, err := bench.Run(ctx, bench.Layers(always(fake{}), threeLayers(t)), o)
	if !errors.Is(err, context.Canceled) || len(results) != 3 || told != 0 {
		t.Fatalf("%d results, told of %d, %v", len(results), told, err)
	}
	for i, want := range []int{2, 1, 1} {
		if r := results[i]; r.Error != "" || len(r.Time.Rounds) != want || r.GFLOPS <= 0 {
			t.Errorf("%s: %d rounds, want %d: %+v", r.Name, len(r.Time.Rounds), want, r)
		}
	}
}

// TestFailsLater holds that a layer that fails in a later round has no numbers, and no more turns.
func TestFailsLater(t *testing.T) {
	for words, second := range map[string]fake{"a run: it broke": {fail: "timed"},
		"got algorithm fast/other, the first one fast/fast_small": {variant: "other"}} {
		turns := 0
		open := &opener{new: func(conv.Problem, string) *fake {
			turns++
			if turns == 2 {
				f := second
				return &f
			}
			return &fake{}
		}}
		told := 0
		r := measure(t, open, layer(t, small), "",
			bench.Options{Rounds: 4, Budget: time.Millisecond, Timestamps: true, Done: func(bench.Result) { told++ }})
		if !strings.Contains(r.Error, words) || r.Time != nil || r.Verified || turns != 2 || told != 1 {
			t.Errorf("%q after %d turns, told %d times: %+v, want %q", r.Error, turns, told, r, words)
		}
		for i, f := range open.opened {
			if f.calls["close"] != 1 {
				t.Errorf("turn %d: closed %d times", i, f.calls["close"])
			}
		}
	}
}
