package bench_test

import (
	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/host"
)

// times are samples with their quantiles.
func times(samples ...float64) *bench.Times {
	return &bench.Times{Samples: samples, Median: samples[len(samples)/2], P10: samples[0], P90: samples[len(samples)-1]}
}

// result is one layer with given samples, by the wall clock.
func result(problem, name string, samples ...float64) bench.Result {
	r := bench.Result{Problem: problem, Name: name, Algorithm: "direct", FLOP: 1e9, Bytes: 1e6, Clock: host.ClockWall, Verified: true}
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
