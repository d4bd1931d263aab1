package bench_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
)

// noise is a machine under simulation: what disturbs the logarithm of a time, as standard deviations.
type noise struct {
	sample float64 // of samples that follow each other, correlated by memory from one to the next
	memory float64
	round  float64 // of a layer's round: where its operands lie
	drift  float64 // of a step of the random walk that all layers take together from one round to the next
	run    float64 // of a run: what it finds and keeps
}

const simulatedLayers, simulatedSamples = 4, 60

// simulate simulates a run in rounds, or one after the other with rounds of 0. Times are factor ms.
func (n noise) simulate(rng *rand.Rand, rounds int, factor float64) bench.File {
	samples := make([][]float64, simulatedLayers)
	machine, turns := n.run*rng.NormFloat64(), max(rounds, 1)
	for range turns {
		machine += n.drift * rng.NormFloat64()
		for l := range samples {
			level := math.Log(factor*float64(l+1)) + machine + n.round*rng.NormFloat64()
			ar := n.sample * rng.NormFloat64()
			for range simulatedSamples / turns {
				ar = n.memory*ar + n.sample*math.Sqrt(1-n.memory*n.memory)*rng.NormFloat64()
				samples[l] = append(samples[l], math.Exp(level+ar))
			}
		}
	}
	var results []bench.Result
	for l, s := range samples {
		r := result(fmt.Sprintf("ic1ih%doc1kh1", l+4), "", s...)
		r.Time.Median = quantileOf(s, 0.5)
		for range rounds {
			r.Time.Rounds = append(r.Time.Rounds, len(s)/rounds)
		}
		results = append(results, r)
	}
	return file(results...)
}

// side simulates several runs.
func (n noise) side(rng *rand.Rand, runs, rounds int, factor float64) (s bench.Side) {
	for range runs {
		s.Runs = append(s.Runs, n.simulate(rng, rounds, factor))
	}
	return s
}

// called is the part of rows, and of means, that are called different in many comparisons of sides whose
// times are as 1 to factor.
func (n noise) called(trials, runs, rounds int, factor float64) (rows, means float64) {
	rng := rand.New(rand.NewPCG(7, uint64(100*runs+rounds)))
	for range trials {
		c := bench.Compare(n.side(rng, runs, rounds, 1), n.side(rng, runs, rounds, factor))
		for _, r := range c.Rows {
			if r.Verdict != bench.Noise {
				rows += 1 / float64(trials*simulatedLayers)
			}
		}
		if i := c.Mean.Interval; i[0] > 1 || i[1] < 1 {
			means += 1 / float64(trials)
		}
	}
	return rows, means
}

// TestNoiseIsNoDifference holds comparisons to simulated runs of the same program: no more than 5% of rows
// and of means may be called different, and a layer that is 10% slower must be found. The samples are so
// correlated that those of a round know as much as one or two.
func TestNoiseIsNoDifference(t *testing.T) {
	for _, c := range []struct {
		name         string
		noise        noise
		runs, rounds int
		found        float64 // part of the layers 10% slower that must be found
	}{
		{"independent samples", noise{sample: 0.03}, 1, 5, 0.99},
		{"correlated samples", noise{sample: 0.02, memory: 0.95}, 1, 5, 0.85},
		{"rounds that differ", noise{sample: 0.02, memory: 0.95, round: 0.01}, 1, 5, 0.7},
		{"ten rounds", noise{sample: 0.02, memory: 0.95, round: 0.01}, 1, 10, 0.9},
		{"a run that goes another way", noise{sample: 0.01, memory: 0.95, round: 0.01, drift: 0.002, run: 0.01}, 1, 5,
			0.9},
		{"no rounds", noise{sample: 0.02, memory: 0.95}, 1, 0, 0.85},
		{"three runs a side", noise{sample: 0.02, memory: 0.95, drift: 0.005, run: 0.02}, 3, 5, 0.8},
		{"five runs a side", noise{sample: 0.02, memory: 0.95, drift: 0.005, run: 0.02}, 5, 5, 0.95},
		{"runs far apart", noise{sample: 0.01, memory: 0.95, run: 0.1}, 5, 5, 0.2},
	} {
		rows, means := c.noise.called(1000, c.runs, c.rounds, 1)
		if rows > 0.05 || means > 0.05 {
			t.Errorf("%s: %.1f%% of rows and %.1f%% of means of the same program are called different, at most 5%% "+
				"may be", c.name, 100*rows, 100*means)
		}
		found, _ := c.noise.called(200, c.runs, c.rounds, 1.1)
		if found < c.found {
			t.Errorf("%s: %.0f%% of the layers that are 10%% slower were found, want %.0f%%", c.name, 100*found,
				100*c.found)
		}
	}
}
