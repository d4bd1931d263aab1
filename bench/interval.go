package bench

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Ratio is the time of A over that of B: above 1 B is faster. The interval holds it with 95% confidence,
// as far as runs and rounds tell: see [Comparison.Notes].
type Ratio struct {
	Value    float64     `json:"ratio"`
	Interval *[2]float64 `json:"interval,omitempty"` // nil where one side has too few samples
}

// Samples of one process that follow each other are alike, and so are all the samples of a round, and of a
// run: a thousand of them know no more about the next run than a few. So only what is independent counts
// as a sample here: a run's median, where a side has several runs, else the medians of its rounds. They
// are taken to be log-normal, and there are so few of them that a bootstrap would draw its intervals too
// narrow (a percentile interval of five holds about 84% instead of 95%): Student's t is made for this.

// estimate is one layer's times of one side.
type estimate struct {
	kind     kind
	location float64   // ms
	logs     []float64 // of the medians of runs, rounds or blocks; NaN where a run lacks the layer
	tick     float64   // the clock's, over location
}

// kind is what an estimate's values are medians of.
type kind int

const (
	runs   kind = iota
	rounds      // of one run
	blocks      // of one run without rounds, or too few of them
)

// blockCount is into how many blocks samples without rounds are cut, and fewestRounds of how few rounds the
// spread is believed.
const (
	blockCount   = 5
	fewestRounds = 3
)

// newEstimate takes the times of a layer in a side's runs, nil where a run lacks it.
func newEstimate(results []*Result, times func(*Result) *Times) estimate {
	var medians, logs []float64
	e := estimate{kind: runs}
	for _, r := range results {
		if r == nil {
			logs = append(logs, math.NaN())
			continue
		}
		t := times(r)
		medians, logs = append(medians, t.Median), append(logs, math.Log(t.Median))
		e.tick = max(e.tick, tick(t.Samples)/t.Median)
	}
	if len(medians) > 1 {
		e.location, e.logs = geometric(medians), logs
		return e
	}
	t := times(first(results))
	e.location = t.Median
	switch n := len(t.Samples); {
	case len(t.Rounds) >= fewestRounds:
		e.kind, e.logs = rounds, logMedians(t.Samples, t.Rounds)
	case n >= Fewest:
		counts := slices.Repeat([]int{n / blockCount}, blockCount)
		counts[blockCount-1] += n % blockCount
		e.kind, e.logs = blocks, logMedians(t.Samples, counts)
	default:
		e.kind = blocks
	}
	return e
}

// tick is the step of the clock that took samples, as far as they show it: their smallest difference.
func tick(samples []float64) float64 {
	sorted := slices.Compact(slices.Sorted(slices.Values(samples)))
	if len(sorted) < 2 {
		return milliseconds(0)
	}
	least := math.Inf(1)
	for i, s := range sorted[1:] {
		least = min(least, s-sorted[i])
	}
	return least
}

// logMedians are the logarithms of the medians of samples that follow each other, so many at a time.
func logMedians(samples []float64, counts []int) (logs []float64) {
	for _, n := range counts {
		logs = append(logs, math.Log(quantile(0.5, slices.Sorted(slices.Values(samples[:n])))))
		samples = samples[n:]
	}
	return logs
}

// dispersion is the variance of a side's location, as a logarithm, with its degrees of freedom: none where
// nothing is known about it.
type dispersion struct{ variance, freedom float64 }

// dispersion of several runs is that of their mean. One run may differ from the next one by more than the
// error of its mean over rounds: placement in memory, other work on the machine and its temperature go on
// from one round to the next. How much more its rounds cannot tell; it is taken to be as much as a round
// differs from the next one, which runs of the same program were seen to keep to.
func (e estimate) dispersion() dispersion {
	logs := slices.DeleteFunc(slices.Clone(e.logs), math.IsNaN)
	n := float64(len(logs))
	if n < 2 {
		return dispersion{}
	}
	variance := stat.Variance(logs, nil) + e.tick*e.tick/12 // that of rounding to ticks
	if e.kind == runs {
		return dispersion{variance / n, n - 1}
	}
	return dispersion{variance * (1 + 1/n), n - 1}
}

// pair is the times of one layer on both sides.
type pair struct{ a, b estimate }

func (p pair) ratio() Ratio {
	return newRatio(p.a.location/p.b.location, p.a.dispersion(), p.b.dispersion())
}

// confidence is what intervals hold the ratio with.
const confidence = 0.95

// newRatio gives a ratio Welch's interval, for the two sides may spread differently (Welch, "The
// generalization of Student's problem when several different population variances are involved", 1947).
func newRatio(value float64, a, b dispersion) Ratio {
	r := Ratio{Value: value}
	if a.freedom == 0 || b.freedom == 0 {
		return r
	}
	variance, freedom := a.variance+b.variance, min(a.freedom, b.freedom)
	if variance > 0 {
		part := a.variance / variance
		freedom = 1 / (part*part/a.freedom + (1-part)*(1-part)/b.freedom)
	}
	t := distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile((1 + confidence) / 2)
	half := t * math.Sqrt(variance)
	r.Interval = &[2]float64{value * math.Exp(-half), value * math.Exp(half)}
	return r
}

// mean is the geometric mean of the layers' ratios, with an interval where every layer has samples.
func mean(pairs []pair) *Ratio {
	if len(pairs) == 0 {
		return nil
	}
	ratios := make([]float64, len(pairs))
	a, b := make([]estimate, len(pairs)), make([]estimate, len(pairs))
	for i, p := range pairs {
		ratios[i], a[i], b[i] = p.a.location/p.b.location, p.a, p.b
	}
	m := newRatio(geometric(ratios), meanDispersion(a), meanDispersion(b))
	return &m
}

// meanDispersion is that of the mean over layers. What disturbs a run disturbs all its layers, so that they
// are averaged run by run. Of one run nobody knows what all of its layers share: that is taken to be no
// less than what half of them spread by, however many layers there are.
func meanDispersion(layers []estimate) dispersion {
	least, alike := len(layers[0].logs), true
	var each []dispersion
	for _, e := range layers {
		one := e.dispersion()
		if one.freedom == 0 {
			return one
		}
		each = append(each, one)
		alike = alike && e.kind == layers[0].kind
		least = min(least, len(e.logs))
	}
	slices.SortFunc(each, func(a, b dispersion) int { return cmp.Compare(a.variance, b.variance) })
	if !alike {
		return each[len(each)-1]
	}
	means := estimate{kind: layers[0].kind, logs: make([]float64, least)}
	for _, e := range layers {
		for i := range means.logs {
			means.logs[i] += e.logs[i] / float64(len(layers))
		}
	}
	mean, half := means.dispersion(), each[len(each)/2]
	if means.kind != runs && half.variance > mean.variance {
		return half
	}
	return mean
}
