package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
)

// TuneOptions say how algorithms are measured. The zero value takes as long as it takes.
type TuneOptions struct {
	Seed   uint64        // of the data
	Budget time.Duration // for building and measuring, not for the check; 0 for no end
	// Progress is told of each candidate of the first round; may be nil.
	Progress func(Candidate)
	// Repro is the command that runs the layer by one algorithm, for failures; may be nil.
	Repro func(algorithm string) string

	open opener // of tests; nil for real layers
}

// opener builds a layer to be measured.
type opener func(*Device, conv.Problem, LayerOptions, Operands) (contender, error)

// Tuning is what Tune found out.
type Tuning struct {
	Choice     TuningChoice // zero where none passed the check
	Default    string       // the algorithm by rule
	Clock      string       // [ClockGPU] or [ClockWall]
	Candidates []Candidate  // in the order in which they were tried
	LeftOut    int          // candidates that were never tried: the budget or the context ended, or there were too many
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
	Repro     string // of Err, where TuneOptions.Repro gives it
}

// Median is that of the samples, 0 for none.
func (c Candidate) Median() time.Duration {
	if len(c.Samples) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(c.Samples))[len(c.Samples)/2]
}

// Candidate gives the one of that name.
func (t Tuning) Candidate(algorithm string) (Candidate, bool) {
	for _, c := range t.Candidates {
		if c.Algorithm == algorithm {
			return c, true
		}
	}
	return Candidate{}, false
}

const (
	maxCandidates = 64 // no more are built, which bounds what is compiled
	finalists     = 3  // how many are measured again, in turn
	firstSamples  = 3  // of the first round
	finalSamples  = 9
	hopeless      = 3 // times as slow as the best so far

	// slow is a run so long that what comes with the first one is lost in it: it is a sample, and the
	// only one of the first round.
	slow = 250 * time.Millisecond
	// autotuned is the budget of a layer that is tuned when it is built.
	autotuned = 10 * time.Second
)

// Tune measures the algorithms that serve a layer on dev, with seeded data: each for a short while, then
// the best few in turn. The quickest one that passes the check against the reference is the choice, which
// o.Tunings, where there are some, keep. Where ctx ends the Tuning is what was found by then, without a
// choice, and the error ctx's. The error wraps [ErrUnsupported] where there is nothing to choose from (the
// CPU reference, layers that are computed in parts), [gpu.ErrMisuse] where o names an algorithm or
// threads, and else says why no algorithm passed, or why the choice, which there is then, was not kept.
func Tune(ctx context.Context, dev *Device, p conv.Problem, o LayerOptions, options TuneOptions) (Tuning, error) {
	t := tuner{ctx: ctx, dev: dev, problem: p, options: o, settings: options, begun: time.Now()}
	err := t.prepare()
	if err == nil {
		err = t.run()
	}
	if err != nil && !errors.Is(err, conv.ErrInvalid) {
		err = fmt.Errorf("tuning layer %s on %s: %w", p, dev, err)
	}
	return t.result, err
}

// tuner is one Tune under way.
type tuner struct {
	ctx      context.Context
	dev      *Device
	problem  conv.Problem
	options  LayerOptions // of the layers that are built
	settings TuneOptions
	data     Operands
	begun    time.Time
	names    []string // of all candidates
	result   Tuning
}

// prepare finds the candidates and makes the data.
func (t *tuner) prepare() error {
	if err := t.dev.usable(); err != nil {
		return err
	}
	list, err := Algorithms(t.dev, t.problem, t.withSlopes())
	switch {
	case err != nil:
		return err
	case t.options.Algorithm != "" || t.options.Threads != 0:
		return fmt.Errorf("%w: the layer's options name an algorithm or threads, which leaves nothing to choose", gpu.ErrMisuse)
	case len(list) == 0:
		return fmt.Errorf("%w: the CPU reference has no algorithms to choose from", ErrUnsupported)
	}
	if whole, err := t.dev.inOnePiece(t.problem); err != nil || !whole {
		return cmp.Or(err, errBlocks)
	}
	for _, a := range list {
		t.names = append(t.names, AlgorithmName(a))
	}
	t.result.Default, t.result.Clock = t.names[0], ClockWall
	if t.dev.gpu.Info().HasFeature(gpu.FeatureTimestamps) {
		t.result.Clock = ClockGPU
	}
	t.data, err = SeededOperands(t.problem, t.options, t.settings.Seed, false, 0)
	t.options.Slopes = t.data.Slopes
	return err
}

// withSlopes are the options with as many slopes as they need: tuning does not depend on their values.
func (t *tuner) withSlopes() LayerOptions {
	o := t.options
	o.Slopes = make([]float32, o.slopes(t.problem))
	return o
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

// spent tells whether nothing more is to be measured. Part of the budget is the final round's.
func (t *tuner) spent(part float64) bool {
	b := t.settings.Budget
	return t.ctx.Err() != nil || b > 0 && time.Since(t.begun).Seconds() > part*b.Seconds()
}

// firstRound tries the candidates one by one, the default, which is the first, always.
func (t *tuner) firstRound() {
	var best time.Duration // 0 for none
	for i, name := range t.names {
		if i == maxCandidates || t.ctx.Err() != nil || i > 0 && t.spent(0.7) {
			t.result.LeftOut = len(t.names) - i
			return
		}
		c := t.try(name, best)
		if m := c.Median(); c.Err == nil && m > 0 && (best == 0 || m < best) {
			best = m
		}
		t.result.Candidates = append(t.result.Candidates, c)
		if t.settings.Progress != nil {
			t.settings.Progress(c)
		}
	}
}

// try builds a candidate, runs it once to warm up, and takes its first samples.
func (t *tuner) try(name string, best time.Duration) (c Candidate) {
	c.Algorithm = name
	begun := time.Now()
	open, err := t.open(name)
	if err != nil {
		t.fail(&c, err)
		return c
	}
	defer open.Close()
	c.Build = time.Since(begun)
	t.warmUp(open, &c)
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

// warmUp runs a layer that was just built.
func (t *tuner) warmUp(built contender, c *Candidate) {
	if t.sample(built, c); c.Err == nil && c.Samples[0] <= slow {
		c.Samples = nil
	}
}

func (t *tuner) sample(from contender, c *Candidate) {
	d, err := from.sample(t.ctx)
	if err != nil {
		t.fail(c, err)
		return
	}
	c.Samples = append(c.Samples, max(d, 1)) // no time is zero
}

func (t *tuner) fail(c *Candidate, err error) {
	if c.Err = err; t.settings.Repro != nil {
		c.Repro = t.settings.Repro(c.Algorithm)
	}
}

// finalRound takes more samples of the best few, in turn, so that what slows the device down for a while
// slows all of them.
func (t *tuner) finalRound() {
	var final []*Candidate
	var opened, running []contender
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
		open, err := t.open(c.Algorithm)
		if err != nil {
			t.fail(c, err)
			continue
		}
		opened = append(opened, open)
		if t.warmUp(open, &again); again.Err != nil {
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
	if i := slices.IndexFunc(list, func(c *Candidate) bool { return c.Algorithm == t.result.Default }); i >= finalists {
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
		choice := TuningChoice{TuningKey: tuningKey(t.dev.gpu.Info(), t.problem, t.options), Algorithm: c.Algorithm, Millis: milliseconds(c.Median()),
			Clock: t.result.Clock, Date: time.Now().UTC().Truncate(time.Second)}
		if i+1 < len(ranked) {
			choice.RunnerUp, choice.RunnerUpMillis = ranked[i+1].Algorithm, milliseconds(ranked[i+1].Median())
		}
		t.result.Choice = choice
		if t.options.Tunings == nil {
			return nil
		}
		return t.options.Tunings.Keep(choice)
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
	open, err := t.open(name)
	if err != nil {
		return err
	}
	defer open.Close()
	return open.verify(t.ctx)
}

// open builds the layer by one algorithm.
func (t *tuner) open(name string) (contender, error) {
	o := t.options
	o.Algorithm, o.Tunings, o.Autotune = name, nil, false
	if t.settings.open != nil {
		return t.settings.open(t.dev, t.problem, o, t.data)
	}
	return openContender(t.dev, t.problem, o, t.data)
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
