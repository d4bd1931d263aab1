package bench

import (
	"context"
	"time"
)

// Options say how subjects are measured.
type Options struct {
	Budget     time.Duration // for all warm samples of a subject; cold ones and transfers take half of it each
	Rounds     int           // how often each has its turn, each time with its part of the budget; 0 is once
	WarmUp     int           // runs before the samples of a round
	Ramp       time.Duration // for which a subject runs at least before them: see [gpu.AdapterInfo.ClockRamp]
	Seed       uint64        // of the data
	Timestamps bool          // the adapter has the GPU's clock
	Ceilings   *Ceilings
	EvictCache func() error              // overwrites what caches hold; nil for no cold samples
	Repro      func(about Result) string // the command that measures a subject again, for errors; may be nil
	Begin      func(Turn)                // is told before each turn; may be nil
	Done       func(Result)              // is told of each result when its last round is over; may be nil
}

// Turn is one round of one subject.
type Turn struct {
	About  Result // what is measured: see [Subject]
	Number int    // from 0, of [Options.Turns]
	Round  int    // from 0
}

// Fewest is how many samples are taken where that many runs are short enough, and most how many are kept,
// of all rounds together.
const (
	Fewest = 5
	most   = 1000
)

// Run measures subjects in turn, round by round, so that what changes on the machine meanwhile meets all of
// them and shows as a difference between rounds. Each is built anew for each of its turns: where its
// operands lie in memory is one of the things that differ. Where ctx ends Run returns what it had, with
// ctx's error; a turn that was under way is left out. What fails on one of them stands in its result.
func Run(ctx context.Context, subjects []Subject, o Options) ([]Result, error) {
	var all []*measurement
	for _, s := range subjects {
		all = append(all, &measurement{subject: s, options: o, chosen: s.About})
	}
	for round := range o.rounds() {
		for i, m := range all {
			if ctx.Err() != nil || m.err != nil {
				continue
			}
			if o.Begin != nil {
				o.Begin(Turn{About: m.subject.About, Number: round*len(all) + i, Round: round})
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

func (o Options) rounds() int { return max(o.Rounds, 1) }

// Turns is how many turns so many subjects have where nothing fails.
func (o Options) Turns(subjects int) int { return subjects * o.rounds() }
