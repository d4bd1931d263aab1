package tuning

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
)

// Options say how candidates are measured. The zero value takes as long as it takes.
type Options struct {
	Budget time.Duration // for building and measuring, not for the check; 0 for no end
	// Progress is told of each candidate of the first round; may be nil.
	Progress func(Candidate)
	// Repro is the command that runs the layer by one algorithm, for failures; may be nil.
	Repro func(algorithm string) string
}

// Contender is what is measured: a layer that was built by one algorithm, with its operands on the device.
type Contender interface {
	Sample(ctx context.Context) (time.Duration, error) // of one run
	Verify(ctx context.Context) error                  // holds every output against the reference
	Close() error
}

// Task is what is to be measured.
type Task struct {
	Names []string // of the algorithms, the default first
	// Open builds the layer by one of them.
	Open  func(algorithm string) (Contender, error)
	Key   Key    // of the choice
	Clock string // that samples are taken by: [gpu.ClockGPU] or [gpu.ClockWall]
	// Ramp is how long the device must be kept busy before times stand: see [gpu.AdapterInfo.ClockRamp].
	Ramp    time.Duration
	Cache   *Cache // keeps the choice; nil for none
	Options Options
}

// Result is what Measure found out.
type Result struct {
	Choice     Choice      // zero where none passed the check
	Default    string      // the algorithm by rule
	Clock      string      // [gpu.ClockGPU] or [gpu.ClockWall]
	Candidates []Candidate // in the order in which they were tried
	LeftOut    int         // candidates that were never tried: the budget or the context ended, or there were too many
}

// Candidate is one algorithm that was tried.
type Candidate struct {
	Algorithm string
	Build     time.Duration // compiling, packing and uploading, when it was first built
	Samples   []time.Duration
	Dropped   bool   // hopelessly slow after its first sample
	Final     bool   // measured again, in turn with the best few: its samples are of then
	Verified  bool   // passed the check; only those that would win are checked
	Err       error  // why it could not run, or is wrong, nil for neither
	Repro     string // of Err, where Options.Repro gives it
}

// Median is that of the samples, 0 for none.
func (c Candidate) Median() time.Duration {
	if len(c.Samples) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(c.Samples))[len(c.Samples)/2]
}

// Candidate gives the one of that name.
func (r Result) Candidate(algorithm string) (Candidate, bool) {
	for _, c := range r.Candidates {
		if c.Algorithm == algorithm {
			return c, true
		}
	}
	return Candidate{}, false
}

// MaxCandidates bounds how many are built, and so what is compiled.
const MaxCandidates = 64

const (
	finalists    = 3 // how many are measured again, in turn
	firstSamples = 3 // of the first round
	finalSamples = 9
	hopeless     = 3   // times as slow as the best so far
	firstShare   = 0.7 // of the budget, after which the first round tries no more; the rest is the final round's

	// slow is a run so long that what comes with the first one is lost in it: it is a sample, and the
	// only one of the first round.
	slow = 250 * time.Millisecond
)

// Measure tries the candidates: each for a short while, then the best few in turn. The quickest one that passes
// the check is the choice, which the task's cache, where there is one, keeps. Where ctx ends the Result is what
// was found by then, without a choice, and the error ctx's. The error wraps [gpu.ErrMisuse] for a task without
// candidates, or else says why none passed, or why the choice, which there is then, was not kept.
func Measure(ctx context.Context, task Task) (Result, error) {
	if len(task.Names) == 0 || task.Open == nil {
		return Result{}, fmt.Errorf(
			"%w: a task of %d candidates, must have names and Open",
			gpu.ErrMisuse,
			len(task.Names),
		)
	}
	t := tuner{ctx: ctx, task: task, begun: time.Now(), result: Result{Default: task.Names[0], Clock: task.Clock}}
	err := t.run()
	return t.result, err
}

// tuner is one Measure under way.
type tuner struct {
	ctx    context.Context
	task   Task
	begun  time.Time
	result Result
}

func (t *tuner) run() error {
	t.firstRound()
	if err := t.ctx.Err(); err != nil {
		return err
	}
	t.finalRound()
	if err := t.ctx.Err(); err != nil {
		return err
	}
	return t.crown()
}

// spent tells whether nothing more is to be measured: ctx has ended, or that share of the budget is spent.
func (t *tuner) spent(share float64) bool {
	b := t.task.Options.Budget
	return t.ctx.Err() != nil || b > 0 && time.Since(t.begun).Seconds() > share*b.Seconds()
}

// firstRound tries the candidates one by one, the default, which is the first, always.
func (t *tuner) firstRound() {
	var best time.Duration // 0 for none
	for i, name := range t.task.Names {
		if i == MaxCandidates || t.ctx.Err() != nil || i > 0 && t.spent(firstShare) {
			t.result.LeftOut = len(t.task.Names) - i
			return
		}
		c := t.try(name, best)
		if m := c.Median(); c.Err == nil && m > 0 && (best == 0 || m < best) {
			best = m
		}
		t.result.Candidates = append(t.result.Candidates, c)
		if t.task.Options.Progress != nil {
			t.task.Options.Progress(c)
		}
	}
}

// try builds a candidate, runs it once to warm up, and takes its first samples.
func (t *tuner) try(name string, best time.Duration) (c Candidate) {
	c.Algorithm = name
	begun := time.Now()
	open, err := t.task.Open(name)
	if err != nil {
		t.fail(&c, err)
		return c
	}
	defer open.Close()
	c.Build = time.Since(begun)
	ramp := t.task.Ramp
	if best > 0 { // only a moment ago the device was busy with the one before
		ramp /= 10
	}
	t.warmUp(open, &c, ramp)
	for c.Err == nil && len(c.Samples) < firstSamples && (len(c.Samples) == 0 || c.Samples[0] <= slow && !t.spent(1)) {
		if c.Dropped = t.isHopeless(c, best); c.Dropped {
			return c
		}
		t.sample(open, &c)
	}
	c.Dropped = c.Err == nil && t.isHopeless(c, best)
	return c
}

// isHopeless looks at the first sample.
func (*tuner) isHopeless(c Candidate, best time.Duration) bool {
	return best > 0 && len(c.Samples) > 0 && c.Samples[0] > hopeless*best
}

// warmUp runs a layer that was just built, until the device was busy for as long as ramp.
func (t *tuner) warmUp(built Contender, c *Candidate, ramp time.Duration) {
	begun := time.Now()
	for {
		if t.sample(built, c); c.Err != nil || c.Samples[0] > slow {
			return
		}
		c.Samples = nil
		if time.Since(begun) >= ramp || t.spent(1) {
			return
		}
	}
}

func (t *tuner) sample(from Contender, c *Candidate) {
	d, err := from.Sample(t.ctx)
	if err != nil {
		t.fail(c, err)
		return
	}
	c.Samples = append(c.Samples, max(d, 1)) // no time is zero
}

func (t *tuner) fail(c *Candidate, err error) {
	if c.Err = err; t.task.Options.Repro != nil {
		c.Repro = t.task.Options.Repro(c.Algorithm)
	}
}

// finalRound takes more samples of the best few, in turn, so that what slows the device down for a while
// slows all of them.
func (t *tuner) finalRound() {
	var final []*Candidate
	var opened, running []Contender
	defer func() {
		for _, open := range opened {
			open.Close()
		}
	}()
	for _, c := range t.favourites() {
		if t.spent(1) {
			break
		}
		again := Candidate{Algorithm: c.Algorithm}
		open, err := t.task.Open(c.Algorithm)
		if err != nil {
			t.fail(c, err)
			continue
		}
		opened = append(opened, open)
		if t.warmUp(open, &again, t.task.Ramp); again.Err != nil {
			t.fail(c, again.Err)
			continue
		}
		c.Samples, c.Final = again.Samples, true
		final, running = append(final, c), append(running, open)
	}
	for n := range finalSamples {
		for i, c := range final {
			if c.Err == nil && (len(c.Samples) == 0 || n > 0 && !t.spent(1)) {
				t.sample(running[i], c)
			}
		}
	}
}

// favourites are those that the first round found quickest, and the default, which a moment in which the
// device was slow must not rule out.
func (t *tuner) favourites() []*Candidate {
	list := slices.DeleteFunc(t.ranked(), func(c *Candidate) bool { return c.Dropped })
	if len(list) <= finalists {
		return list
	}
	if i := slices.IndexFunc(list,
		func(c *Candidate) bool { return c.Algorithm == t.result.Default }); i >= finalists {
		list[finalists-1] = list[i]
	}
	return list[:finalists]
}

// ranked are the candidates that ran, the quickest first; samples of the final round come before others,
// which are of other moments.
func (t *tuner) ranked() (list []*Candidate) {
	for i := range t.result.Candidates {
		if c := &t.result.Candidates[i]; c.Err == nil && len(c.Samples) > 0 {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b *Candidate) int {
		switch {
		case a.Final && !b.Final:
			return -1
		case b.Final && !a.Final:
			return 1
		}
		return cmp.Compare(a.Median(), b.Median())
	})
	return list
}

// crown takes the quickest candidate that passes the check.
func (t *tuner) crown() error {
	ranked := t.ranked()
	for i, c := range ranked {
		if err := t.verify(c.Algorithm); err != nil {
			t.fail(c, err)
			continue
		}
		c.Verified = true
		choice := Choice{Key: t.task.Key, Algorithm: c.Algorithm, Millis: milliseconds(c.Median()),
			Clock: t.result.Clock, Date: time.Now().UTC().Truncate(time.Second)}
		if i+1 < len(ranked) {
			choice.RunnerUp, choice.RunnerUpMillis = ranked[i+1].Algorithm, milliseconds(ranked[i+1].Median())
		}
		t.result.Choice = choice
		if t.task.Cache == nil {
			return nil
		}
		return t.task.Cache.Keep(choice)
	}
	return t.noneLeft()
}

// noneLeft says why no candidate is the choice.
func (t *tuner) noneLeft() error {
	errs := []error{errors.New("no algorithm passed")}
	for _, c := range t.result.Candidates {
		if c.Err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.Algorithm, c.Err))
		}
	}
	return errors.Join(errs...)
}

func (t *tuner) verify(name string) error {
	open, err := t.task.Open(name)
	if err != nil {
		return err
	}
	defer open.Close()
	return open.Verify(t.ctx)
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
