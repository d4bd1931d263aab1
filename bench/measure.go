package bench

import (
	"context"
	"time"
)

// Options say how layers are measured.
type Options struct {
	// by name, "" for the default, "all" for each that takes the problem; none is the default alone
	Algorithms []string
	Budget     time.Duration // for all warm samples of a layer; cold ones and transfers take half of it each
	Rounds     int           // how often each layer has its turn, each time with its part of the budget; 0 is once
	WarmUp     int           // runs before the samples of a round
	Seed       uint64        // of the data
	Timestamps bool          // the adapter has the GPU's clock
	Ceilings   *Ceilings
	EvictCache func() error                   // overwrites what caches hold; nil for no cold samples
	Repro      func(l Layer, a string) string // the command that measures one layer again, for errors; may be nil
	Begin      func(Turn)                     // is told before each turn of a layer; may be nil
	Done       func(Result)                   // is told of each result when its last round is over; may be nil
}

// Turn is one round of one layer by one algorithm.
type Turn struct {
	Layer     Layer
	Algorithm string // as it was asked for
	Number    int    // from 0, of [Options.Turns]
	Round     int    // from 0
}

// Fewest is how many samples are taken where that many runs are short enough, and most how many are kept,
// of all rounds together.
const (
	Fewest = 5
	most   = 1000
)

// Run measures layers in turn, round by round, so that what changes on the machine meanwhile meets all of
// them and shows as a difference between rounds. A layer is built anew for each of its turns: where its
// operands lie in memory is one of the things that differ. Where ctx ends Run returns what it had, with
// ctx's error; a turn that was under way is left out. What fails on one layer stands in its result.
func Run(ctx context.Context, open Opener, layers []Layer, o Options) ([]Result, error) {
	var all []*measurement
	for _, l := range layers {
		for _, a := range o.algorithms(open, l) {
			all = append(all, newMeasurement(open, l, a, o))
		}
	}
	for round := range o.rounds() {
		for i, m := range all {
			if ctx.Err() != nil || m.err != nil {
				continue
			}
			if o.Begin != nil {
				o.Begin(Turn{Layer: m.layer, Algorithm: m.asked, Number: round*len(all) + i, Round: round})
			}
			m.turn(ctx)
			if over := m.err != nil || len(m.rounds) == o.rounds(); over && o.Done != nil {
				o.Done(m.result())
			}
		}
	}
	var results []Result
	for _, m := range all {
		if m.err != nil || len(m.rounds) > 0 {
			results = append(results, m.result())
		}
	}
	return results, ctx.Err()
}

// algorithms are those that a layer is measured by.
func (o Options) algorithms(open Opener, l Layer) []string {
	if len(o.Algorithms) == 0 {
		return []string{""}
	}
	var all []string
	for _, a := range o.Algorithms {
		if a == "all" {
			all = append(all, open.Algorithms(l.Problem)...)
		} else {
			all = append(all, a)
		}
	}
	return all
}

func (o Options) rounds() int { return max(o.Rounds, 1) }

// Turns is how many turns a run has in which nothing fails.
func (o Options) Turns(open Opener, layers []Layer) (n int) {
	for _, l := range layers {
		n += len(o.algorithms(open, l))
	}
	return n * o.rounds()
}
