package bench

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/conv"
)

// Side is what is compared: runs of the same program on the same machine, one or several.
type Side struct {
	Name string
	Runs []File
}

// Comparison is two sides beside each other.
type Comparison struct {
	A      string   `json:"a"` // what the sides are called
	B      string   `json:"b"`
	RunsA  int      `json:"a_runs"`
	RunsB  int      `json:"b_runs"`
	Rows   []Row    `json:"layers"`
	Mean   *Ratio   `json:"geometric_mean,omitempty"` // of the layers' ratios; nil where no layer has one
	OnlyA  []string `json:"only_a,omitempty"`         // layers that the other side lacks
	OnlyB  []string `json:"only_b,omitempty"`
	Failed []string `json:"failed,omitempty"` // layers that failed in one of the runs, with the reason
	Notes  []string `json:"notes,omitempty"`  // what the intervals cannot know
}

// Row is one layer, or a network.
type Row struct {
	Problem    string  `json:"problem"`
	Network    string  `json:"network,omitempty"`
	Name       string  `json:"name"`
	Clock      string  `json:"clock"` // what the times are: gpu, wall, or whole: with transfers, by the wall clock
	A          float64 `json:"a_ms"`  // median; of several runs the geometric mean of their medians
	B          float64 `json:"b_ms"`
	AlgorithmA string  `json:"a_algorithm"`
	AlgorithmB string  `json:"b_algorithm"`
	Ratio
	Verdict Verdict `json:"verdict"`
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

// Compare holds two sides against each other, layer by layer. Layers are the same where their problems are,
// whatever their names, and networks where their files' names and their inputs' shapes are; of several results of a
// run for one of them the fastest counts. Times are those of
// the same clock on both sides; against a peer's, which has transfers in its times, so have ours.
func Compare(a, b Side) Comparison {
	c := Comparison{A: a.Name, B: b.Name, RunsA: len(a.Runs), RunsB: len(b.Runs)}
	inA, inB := a.layers(&c), b.layers(&c)
	var pairs []pair
	for _, key := range inA.order {
		l, r := inA.results[key], inB.results[key]
		if r == nil {
			c.OnlyA = append(c.OnlyA, first(l).Label())
			continue
		}
		clock, times := common(l, r)
		p := pair{newEstimate(l, times), newEstimate(r, times)}
		row := Row{
			Problem:    first(l).Problem,
			Network:    first(l).Network,
			Name:       first(l).Name,
			Clock:      clock,
			A:          p.a.location,
			B:          p.b.location,
			AlgorithmA: first(l).Algorithm,
			AlgorithmB: first(r).Algorithm,
			Ratio:      p.ratio(),
		}
		row.Verdict = row.verdict()
		c.Rows = append(c.Rows, row)
		pairs = append(pairs, p)
	}
	for _, key := range inB.order {
		if inA.results[key] == nil {
			c.OnlyB = append(c.OnlyB, first(inB.results[key]).Label())
		}
	}
	c.Mean = mean(pairs)
	c.Notes = notes(a, b, pairs)
	return c
}

// Label names a result for people.
func (r Result) Label() string {
	problem := r.Problem
	if r.Gradient != "" {
		problem += " d" + r.Gradient
	}
	return cmp.Or(r.Name, r.Network, problem)
}

// key is what tells results apart: a layer's problem without its name and what is computed of it, or a network.
type key struct {
	problem  conv.Problem
	gradient string
	network  string
}

// key gives the result's. A layer's problem must be one.
func (r Result) key() (key, error) {
	if r.Network != "" {
		return key{network: r.Network}, nil
	}
	p, err := conv.Parse(r.Problem)
	p.Name = ""
	return key{problem: p, gradient: r.Gradient}, err
}

// layers are the results of a side that have times, by what they are of: one for each run, nil where the run has
// none.
type layers struct {
	order   []key
	results map[key][]*Result
}

// first is the first result that there is: a layer without any is not listed.
func first(results []*Result) *Result {
	return results[slices.IndexFunc(results, func(r *Result) bool { return r != nil })]
}

// layers finds them and notes what failed.
func (s Side) layers(c *Comparison) layers {
	all := layers{results: map[key][]*Result{}}
	for run, f := range s.Runs {
		for i := range f.Results {
			r := &f.Results[i]
			if r.Error != "" {
				c.Failed = append(c.Failed, r.Label()+" in "+s.Name+": "+r.Error)
				continue
			}
			key, err := r.key()
			if err != nil {
				c.Failed = append(c.Failed, r.Label()+" in "+s.Name+": "+err.Error())
				continue
			}
			if all.results[key] == nil {
				all.order = append(all.order, key)
				all.results[key] = make([]*Result, len(s.Runs))
			}
			if has := all.results[key][run]; has == nil || r.Time.Median < has.Time.Median {
				all.results[key][run] = r
			}
		}
	}
	return all
}

// common names the clock by which both sides have times that mean the same, and how to get them.
func common(a, b []*Result) (clock string, times func(*Result) *Times) {
	var all []*Result
	for _, r := range slices.Concat(a, b) {
		if r != nil {
			all = append(all, r)
		}
	}
	is := func(clock string) func(*Result) bool { return func(r *Result) bool { return r.Clock == clock } }
	switch {
	case slices.ContainsFunc(all, is(ClockPeer)):
		return ClockWhole, (*Result).whole
	case !slices.ContainsFunc(all, func(r *Result) bool { return r.Clock != all[0].Clock }):
		return all[0].Clock, func(r *Result) *Times { return r.Time }
	case !slices.ContainsFunc(all, func(r *Result) bool { return r.Wall == nil }):
		return "wall", func(r *Result) *Times { return r.Wall }
	}
	return first(a).Clock + "/" + first(b).Clock, func(r *Result) *Times { return r.Time }
}

// whole is the time with transfers, as far as it is known.
func (r *Result) whole() *Times {
	switch {
	case r.Transfers != nil && r.Transfers.Whole != nil:
		return r.Transfers.Whole
	case r.Wall != nil:
		return r.Wall
	}
	return r.Time
}

// notes say what the intervals cannot know.
func notes(a, b Side, pairs []pair) (all []string) {
	if len(pairs) == 0 {
		return nil
	}
	if len(a.Runs) == 1 || len(b.Runs) == 1 {
		all = append(all, "one run cannot show what sets a whole run apart, its rounds stand in for that; "+
			"compare several a side")
	} else if apart(a, b) {
		all = append(all,
			"all runs of one side came before the other's: a change of the machine looks like a difference; "+
				"take turns")
	}
	for _, side := range []struct {
		name string
		of   func(pair) estimate
	}{{"A", func(p pair) estimate { return p.a }}, {"B", func(p pair) estimate { return p.b }}} {
		if slices.ContainsFunc(pairs, func(p pair) bool { return side.of(p).kind == blocks }) {
			all = append(all,
				fmt.Sprintf("%s was not measured in %d rounds or more: its samples are cut into %d blocks, "+
					"all of one stretch of time", side.name, fewestRounds, blockCount))
		}
	}
	return all
}

// apart reports whether one side's runs were all begun before the other's, as far as their dates tell.
func apart(a, b Side) bool {
	span := func(s Side) (from, to time.Time, known bool) {
		for i, f := range s.Runs {
			at, err := time.Parse(time.RFC3339, f.Date)
			if err != nil {
				return from, to, false
			}
			if i == 0 || at.Before(from) {
				from = at
			}
			if i == 0 || at.After(to) {
				to = at
			}
		}
		return from, to, true
	}
	fromA, toA, knownA := span(a)
	fromB, toB, knownB := span(b)
	return knownA && knownB && (toA.Before(fromB) || toB.Before(fromA))
}
