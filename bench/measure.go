package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gpuconv/gpuconv/host"
)

// Options say how layers are measured.
type Options struct {
	Algorithms []string      // by name, "" for the default, "all" for each that takes the problem; none is the default alone
	Budget     time.Duration // for the warm samples of a layer; cold ones and transfers take at most as much again, together
	WarmUp     int           // runs before the samples
	Seed       uint64        // of the data
	Timestamps bool          // the adapter has the GPU's clock
	Ceilings   *host.Ceilings
	EvictCache func() error                   // overwrites what caches hold; nil for no cold samples
	Repro      func(l Layer, a string) string // the command that measures one layer again, for errors; may be nil
	Done       func(Result)                   // is told of each result; may be nil
}

// Fewest is how many samples are taken where that many runs are short enough, and most how many are kept.
const (
	Fewest = 5
	most   = 1000
)

// Run measures layers one after the other. Where ctx ends it returns what it had, with ctx's error; a layer
// that was under way is left out. What fails on one layer stands in its result.
func Run(ctx context.Context, open Opener, layers []Layer, o Options) ([]Result, error) {
	var results []Result
	for _, l := range layers {
		for _, a := range o.algorithms(open, l) {
			if err := ctx.Err(); err != nil {
				return results, err
			}
			r := Measure(ctx, open, l, a, o)
			if err := ctx.Err(); err != nil && (r.Error != "" || r.Time == nil || len(r.Time.Samples) < Fewest) {
				return results, err
			}
			results = append(results, r)
			if o.Done != nil {
				o.Done(r)
			}
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

// Count is how many results a run has in the end.
func (o Options) Count(open Opener, layers []Layer) (n int) {
	for _, l := range layers {
		n += len(o.algorithms(open, l))
	}
	return n
}

// Measure measures one layer by one algorithm. What fails stands in the result, which has no numbers then.
func Measure(ctx context.Context, open Opener, l Layer, algorithm string, o Options) Result {
	r := newResult(l, algorithm)
	m := measurement{ctx: ctx, options: o, result: &r}
	if err := m.run(open, l); err != nil {
		failed := newResult(l, algorithm)
		failed.Variant, failed.Algorithm, failed.Error = r.Variant, r.Algorithm, err.Error()
		if o.Repro != nil {
			failed.Error += "; again: " + o.Repro(l, algorithm)
		}
		return failed
	}
	return r
}

// measurement is one layer under measurement.
type measurement struct {
	ctx     context.Context
	options Options
	runner  Runner
	result  *Result
}

func (m *measurement) run(open Opener, l Layer) (err error) {
	if err := m.first(open, l); err != nil {
		return err
	}
	defer func() {
		if e := m.runner.Close(); e != nil {
			err = errors.Join(err, fmt.Errorf("closing: %w", e))
		}
	}()
	if err := m.verify(); err != nil {
		return err
	}
	if err := m.warm(); err != nil {
		return err
	}
	if err := m.cold(); err != nil {
		return err
	}
	if err := m.transfers(); err != nil {
		return err
	}
	m.result.rate(l.Problem, m.options.Ceilings)
	return nil
}

// first takes the time until the first volume is there: building, compiling, packing, and a run.
func (m *measurement) first(open Opener, l Layer) error {
	begun := time.Now()
	runner, err := open.Open(l.Problem, m.result.Algorithm, m.options.Seed)
	if err != nil {
		return fmt.Errorf("building: %w", err)
	}
	m.runner = runner
	m.result.Algorithm, m.result.Variant = runner.Algorithm()
	built := time.Since(begun)
	err = runner.Upload()
	begun = time.Now()
	if err == nil {
		err = runner.Compute()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("the first run: %w", err), runner.Close())
	}
	m.result.FirstRun = milliseconds(built + time.Since(begun))
	return nil
}

// verify has every output judged before anything is timed: how fast a wrong result comes nobody asks.
func (m *measurement) verify() error {
	used, err := m.runner.Verify()
	if err != nil {
		return fmt.Errorf("the check: %w", err)
	}
	m.result.Verified, m.result.BoundUsed = true, &used
	return m.runner.Upload() // whatever the check left behind
}

// warm takes the samples that count: by the GPU's clock where there is one, and by the wall's, in turn.
func (m *measurement) warm() error {
	begun := time.Now()
	for i := 0; i < m.options.WarmUp && (i == 0 || time.Since(begun) < m.options.Budget); i++ {
		if err := m.runner.Compute(); err != nil {
			return fmt.Errorf("warming up: %w", err)
		}
	}
	var wall, gpu []float64
	err := m.sample(m.options.Budget, func() error {
		t, err := m.wallTime(m.runner.Compute)
		if err != nil {
			return err
		}
		wall = append(wall, t)
		if m.options.Timestamps {
			if t, err = m.gpuTime(); err != nil {
				return err
			}
			gpu = append(gpu, t)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("a run: %w", err)
	}
	if len(wall) == 0 {
		return m.ctx.Err()
	}
	r := m.result
	r.Wall = newTimes(wall)
	r.Time, r.Clock = r.Wall, host.ClockWall
	if m.options.Timestamps {
		r.Time, r.Clock = newTimes(gpu), host.ClockGPU
	}
	return nil
}

// cold takes samples with nothing of the layer in the caches.
func (m *measurement) cold() error {
	if m.options.EvictCache == nil {
		return nil
	}
	var samples []float64
	err := m.sample(m.options.Budget/2, func() error {
		if err := m.options.EvictCache(); err != nil {
			return err
		}
		t, err := m.time()
		samples = append(samples, t)
		return err
	})
	m.result.Cold = newTimes(samples)
	if err != nil {
		return fmt.Errorf("a run with cold caches: %w", err)
	}
	return nil
}

// transfers takes upload, computation and download one after the other.
func (m *measurement) transfers() error {
	var upload, download, whole []float64
	err := m.sample(m.options.Budget/2, func() error {
		total := 0.0
		for _, part := range []struct {
			do func() error
			to *[]float64
		}{{m.runner.Upload, &upload}, {m.runner.Compute, nil}, {m.runner.Download, &download}} {
			t, err := m.wallTime(part.do)
			if err != nil {
				return err
			}
			if total += t; part.to != nil {
				*part.to = append(*part.to, t)
			}
		}
		whole = append(whole, total)
		return nil
	})
	if err != nil {
		return fmt.Errorf("a run with transfers: %w", err)
	}
	if len(whole) > 0 {
		m.result.Transfers = &Transfers{newTimes(upload), newTimes(download), newTimes(whole)}
	}
	return nil
}

// sample calls take until the budget is spent, and at least [Fewest] times where that takes no more than
// some budgets; once at least, but for a context that has ended.
func (m *measurement) sample(budget time.Duration, take func() error) error {
	begun := time.Now()
	for n := 0; n < most && m.ctx.Err() == nil; n++ {
		spent := time.Since(begun)
		if n > 0 && (spent >= patience*budget || n >= Fewest && spent >= budget) {
			return nil
		}
		if err := take(); err != nil {
			return err
		}
	}
	return nil
}

// patience is how many budgets the fewest samples may take.
const patience = 4

// time takes one computation by the clock that counts.
func (m *measurement) time() (float64, error) {
	if m.options.Timestamps {
		return m.gpuTime()
	}
	return m.wallTime(m.runner.Compute)
}

func (m *measurement) gpuTime() (float64, error) {
	t, err := m.runner.ComputeTimed()
	return milliseconds(t), err
}

func (*measurement) wallTime(do func() error) (float64, error) {
	begun := time.Now()
	err := do()
	return milliseconds(time.Since(begun)), err
}
