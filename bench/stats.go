package bench

import (
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"
)

// Times are what one thing took again and again, in milliseconds. The quantiles are samples themselves:
// the smallest that no less than that part of all do not exceed.
type Times struct {
	Samples []float64 `json:"samples"`          // in the order in which they were taken
	Rounds  []int     `json:"rounds,omitempty"` // how many of them each round took; none where there were no rounds
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
	return &Times{
		Samples: samples,
		Median:  quantile(0.5, sorted),
		P10:     quantile(0.1, sorted),
		P90:     quantile(0.9, sorted),
	}
}

// timesOf sums up one part of each round, or gives nil where the rounds have none of it.
func timesOf(rounds []samples, part func(samples) []float64) *Times {
	var all []float64
	var counts []int
	for _, r := range rounds {
		all = append(all, part(r)...)
		counts = append(counts, len(part(r)))
	}
	t := newTimes(all)
	if t != nil {
		t.Rounds = counts
	}
	return t
}

// Percentile is the smallest sample that no less than that percentage of all do not exceed, in
// milliseconds: from the smallest at 0 to the largest at 100. Times without samples have their median alone.
func (t Times) Percentile(percent float64) float64 {
	if len(t.Samples) == 0 {
		return t.Median
	}
	return quantile(min(max(percent/100, 0), 1), slices.Sorted(slices.Values(t.Samples)))
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
