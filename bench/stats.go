package bench

import (
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"
)

// Times are what one thing took again and again, in milliseconds. The quantiles are samples themselves:
// the smallest that no less than that part of all do not exceed.
type Times struct {
	Samples []float64 `json:"samples"` // in the order in which they were taken
	Median  float64   `json:"median"`
	P10     float64   `json:"p10"`
	P90     float64   `json:"p90"`
}

// newTimes sums samples up, or gives nil where there are none.
func newTimes(samples []float64) *Times {
	if len(samples) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(samples))
	return &Times{Samples: samples, Median: quantile(0.5, sorted), P10: quantile(0.1, sorted), P90: quantile(0.9, sorted)}
}

func quantile(part float64, sorted []float64) float64 {
	return stat.Quantile(part, stat.Empirical, sorted, nil)
}

// milliseconds is d as results have it. What is too short for the clock is one nanosecond: no time is zero.
func milliseconds(d time.Duration) float64 { return float64(max(d, 1)) / 1e6 }

// geometric is the geometric mean of positive numbers.
func geometric(values []float64) float64 {
	return stat.GeometricMean(values, nil)
}
