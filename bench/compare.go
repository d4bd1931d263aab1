package bench

import (
	"math/rand/v2"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
)

// Comparison is two runs beside each other.
type Comparison struct {
	A      string   `json:"a"` // what the runs are called
	B      string   `json:"b"`
	Rows   []Row    `json:"layers"`
	Mean   *Ratio   `json:"geometric_mean,omitempty"` // of the layers' ratios; nil where no layer has one
	OnlyA  []string `json:"only_a,omitempty"`         // layers that the other run lacks
	OnlyB  []string `json:"only_b,omitempty"`
	Failed []string `json:"failed,omitempty"` // layers that failed in one of them, with the reason
}

// Row is one layer.
type Row struct {
	Problem    string  `json:"problem"`
	Name       string  `json:"name"`
	Clock      string  `json:"clock"` // what the times are: gpu, wall, or whole: with transfers, by the wall clock
	A          float64 `json:"a_ms"`  // medians
	B          float64 `json:"b_ms"`
	AlgorithmA string  `json:"a_algorithm"`
	AlgorithmB string  `json:"b_algorithm"`
	Ratio
	Verdict Verdict `json:"verdict"`
}

// Ratio is the time of A over that of B: above 1 B is faster. The interval holds it with 95% confidence,
// as far as the samples tell: what disturbed a whole run alike is not in it.
type Ratio struct {
	Value    float64     `json:"ratio"`
	Interval *[2]float64 `json:"interval,omitempty"` // nil where one side has too few samples
}

// Verdict says what a ratio means.
type Verdict string

// The verdicts.
const (
	Faster  Verdict = "B is faster"
	Slower  Verdict = "B is slower"
	Noise   Verdict = "noise"      // the interval holds 1
	Unknown Verdict = "no samples" // or too few for an interval
)

func (r Ratio) verdict() Verdict {
	switch {
	case r.Interval == nil:
		return Unknown
	case r.Interval[0] > 1:
		return Faster
	case r.Interval[1] < 1:
		return Slower
	}
	return Noise
}

// ClockWhole names times that include the transfers.
const ClockWhole = "whole"

// Compare holds two runs against each other, layer by layer. Layers are the same where their problems are,
// whatever their names; of several results for one problem the fastest counts. Times are those of the same
// clock on both sides; against a peer's, which has transfers in its times, so have ours.
func Compare(a, b File, nameA, nameB string) Comparison {
	c := Comparison{A: nameA, B: nameB}
	inA, inB := fastest(a, &c, nameA), fastest(b, &c, nameB)
	var pairs []pair
	for _, key := range inA.order {
		l, r := inA.results[key], inB.results[key]
		if r == nil {
			c.OnlyA = append(c.OnlyA, l.label())
			continue
		}
		clock, ta, tb := common(*l, *r)
		p := pair{ta, tb}
		row := Row{Problem: l.Problem, Name: l.Name, Clock: clock, A: ta.Median, B: tb.Median, AlgorithmA: l.Algorithm, AlgorithmB: r.Algorithm, Ratio: p.ratio()}
		row.Verdict = row.verdict()
		c.Rows = append(c.Rows, row)
		pairs = append(pairs, p)
	}
	for _, key := range inB.order {
		if inA.results[key] == nil {
			c.OnlyB = append(c.OnlyB, inB.results[key].label())
		}
	}
	c.Mean = mean(pairs)
	return c
}

// label names a result for people.
func (r Result) label() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Problem
}

// layers are the results of a run that have times, by problem.
type layers struct {
	order   []conv.Problem
	results map[conv.Problem]*Result
}

// fastest finds them and notes what failed.
func fastest(f File, c *Comparison, name string) layers {
	all := layers{results: map[conv.Problem]*Result{}}
	for i := range f.Results {
		r := &f.Results[i]
		if r.Error != "" {
			c.Failed = append(c.Failed, r.label()+" in "+name+": "+r.Error)
			continue
		}
		key, err := conv.Parse(r.Problem)
		if err != nil {
			c.Failed = append(c.Failed, r.label()+" in "+name+": "+err.Error())
			continue
		}
		key.Name = ""
		switch has := all.results[key]; {
		case has == nil:
			all.order = append(all.order, key)
			all.results[key] = r
		case r.Time.Median < has.Time.Median:
			all.results[key] = r
		}
	}
	return all
}

// common gives times of both that mean the same.
func common(a, b Result) (clock string, ta, tb *Times) {
	switch {
	case a.Clock == ClockPeer || b.Clock == ClockPeer:
		return ClockWhole, a.whole(), b.whole()
	case a.Clock == b.Clock:
		return a.Clock, a.Time, b.Time
	case a.Wall != nil && b.Wall != nil:
		return "wall", a.Wall, b.Wall
	}
	return a.Clock + "/" + b.Clock, a.Time, b.Time
}

// whole is the time with transfers, as far as it is known.
func (r Result) whole() *Times {
	switch {
	case r.Transfers != nil && r.Transfers.Whole != nil:
		return r.Transfers.Whole
	case r.Wall != nil:
		return r.Wall
	}
	return r.Time
}

// pair is the times of one layer in two runs.
type pair struct{ a, b *Times }

// enough is how many samples an interval needs: of fewer the extremes themselves lie inside it by chance.
const enough = Fewest

func (p pair) sampled() bool { return len(p.a.Samples) >= enough && len(p.b.Samples) >= enough }

// resamples is how often the bootstrap draws anew.
const resamples = 2000

func (p pair) ratio() Ratio {
	r := Ratio{Value: p.a.Median / p.b.Median}
	if p.sampled() {
		r.Interval = bootstrap(func(rng *rand.Rand) float64 { return p.draw(rng) })
	}
	return r
}

// draw is the ratio of the medians of new samples, drawn from the old ones.
func (p pair) draw(rng *rand.Rand) float64 {
	return medianOf(redraw(p.a.Samples, rng)) / medianOf(redraw(p.b.Samples, rng))
}

func redraw(samples []float64, rng *rand.Rand) []float64 {
	drawn := make([]float64, len(samples))
	for i := range drawn {
		drawn[i] = samples[rng.IntN(len(samples))]
	}
	return drawn
}

func medianOf(samples []float64) float64 {
	slices.Sort(samples)
	return quantile(0.5, samples)
}

// bootstrap gives the middle 95% of what draw gives. It always draws the same.
func bootstrap(draw func(*rand.Rand) float64) *[2]float64 {
	rng := rand.New(rand.NewPCG(1, 0x626f6f74))
	drawn := make([]float64, resamples)
	for i := range drawn {
		drawn[i] = draw(rng)
	}
	slices.Sort(drawn)
	return &[2]float64{quantile(0.025, drawn), quantile(0.975, drawn)}
}

// mean is the geometric mean of the layers' ratios, with an interval where every layer has samples.
func mean(pairs []pair) *Ratio {
	if len(pairs) == 0 {
		return nil
	}
	over := func(ratio func(pair) float64) float64 {
		ratios := make([]float64, len(pairs))
		for i, p := range pairs {
			ratios[i] = ratio(p)
		}
		return geometric(ratios)
	}
	m := &Ratio{Value: over(func(p pair) float64 { return p.a.Median / p.b.Median })}
	if !slices.ContainsFunc(pairs, func(p pair) bool { return !p.sampled() }) {
		m.Interval = bootstrap(func(rng *rand.Rand) float64 { return over(func(p pair) float64 { return p.draw(rng) }) })
	}
	return m
}
