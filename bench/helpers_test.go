package bench_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/gpu"
)

// times are samples with their quantiles.
func times(samples ...float64) *bench.Times {
	return &bench.Times{Samples: samples, Median: samples[len(samples)/2], P10: samples[0],
		P90: samples[len(samples)-1]}
}

// result is one layer with given samples, by the wall clock.
func result(problem, name string, samples ...float64) bench.Result {
	r := bench.Result{Problem: problem, Name: name, Algorithm: "direct", FLOP: 1e9, Bytes: 1e6, Clock: gpu.ClockWall,
		Verified: true}
	r.Time = times(samples...)
	r.Wall = r.Time
	r.GFLOPS = 1e3 / r.Time.Median
	used := 0.125
	r.BoundUsed = &used
	return r
}

func file(results ...bench.Result) bench.File {
	return bench.File{Schema: bench.Schema, Adapter: bench.Adapter{Name: "a GPU"}, Results: results}
}

// compare holds one run against another, called old and new.
func compare(a, b bench.File) bench.Comparison {
	return bench.Compare(bench.Side{Name: "old", Runs: []bench.File{a}},
		bench.Side{Name: "new", Runs: []bench.File{b}})
}

// measure measures one layer by one algorithm.
func measure(t *testing.T, open bench.Opener, l bench.Layer, algorithm string, o bench.Options) bench.Result {
	t.Helper()
	results, err := bench.Run(context.Background(), bench.Layers(open, []bench.Layer{l}, algorithm), o)
	if err != nil || len(results) != 1 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	return results[0]
}

// quantileOf is the smallest sample that no less than that part of all do not exceed.
func quantileOf(samples []float64, part float64) float64 {
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[int(math.Ceil(part*float64(len(sorted))))-1]
}
