package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
)

// measurement is one subject under measurement.
type measurement struct {
	subject Subject
	options Options

	rounds  []samples // that are over
	kernels []string  // of the dispatches, in their order
	err     error     // what failed; there are no more turns then
	chosen  Result    // what the first turn found: algorithm, first run, verdict
}

// samples are those of one round, in milliseconds.
type samples struct {
	wall, gpu, cold, upload, download, whole []float64
	dispatches                               [][]float64 // of each dispatch, for those in gpu
}

// turn measures the layer for one round. What a ctx that ended broke off is left out.
func (m *measurement) turn(ctx context.Context) {
	t := turn{measurement: m, ctx: ctx}
	err := t.run()
	switch {
	case ctx.Err() != nil:
	case err != nil:
		m.err = err
	default:
		m.rounds = append(m.rounds, t.samples)
	}
}

// result sums up the rounds that are over. What failed has no numbers.
func (m *measurement) result() Result {
	if m.err != nil {
		r := m.subject.About
		r.Algorithm, r.Variant, r.Error = m.chosen.Algorithm, m.chosen.Variant, m.err.Error()
		if m.options.Repro != nil {
			r.Error += "; again: " + m.options.Repro(m.subject.About)
		}
		return r
	}
	r := m.chosen
	r.Wall = timesOf(m.rounds, func(s samples) []float64 { return s.wall })
	r.Time, r.Clock = r.Wall, gpu.ClockWall
	switch timed := timesOf(m.rounds, func(s samples) []float64 { return s.gpu }); {
	case r.Network != "":
		r.GPU = timed
	case timed != nil:
		r.Time, r.Clock = timed, gpu.ClockGPU
	}
	for i, kernel := range m.kernels {
		times := timesOf(m.rounds, func(s samples) []float64 { return s.dispatches[i] })
		r.Dispatches = append(r.Dispatches, Dispatch{kernel, times})
	}
	r.Cold = timesOf(m.rounds, func(s samples) []float64 { return s.cold })
	if r.Network == "" {
		r.Transfers = &Transfers{
			Upload:   timesOf(m.rounds, func(s samples) []float64 { return s.upload }),
			Download: timesOf(m.rounds, func(s samples) []float64 { return s.download }),
			Whole:    timesOf(m.rounds, func(s samples) []float64 { return s.whole }),
		}
	}
	r.rate(m.options.Ceilings)
	return r
}

// turn is one round of a measurement while it lasts.
type turn struct {
	*measurement
	ctx     context.Context
	runner  Runner
	samples samples
	runs    int // that are timed together, 0 before the first ones
}

// run takes warm samples, cold ones and transfers, each round in another order: what comes later finds the
// processor's clock raised, and all else that warms up.
func (t *turn) run() (err error) {
	if err := t.begin(); err != nil {
		return err
	}
	defer func() {
		if e := t.runner.Close(); e != nil {
			err = errors.Join(err, fmt.Errorf("closing: %w", e))
		}
	}()
	if len(t.rounds) == 0 {
		if err := t.verify(); err != nil {
			return err
		}
	}
	if err := t.warmUp(t.options.WarmUp, t.options.Ramp); err != nil {
		return err
	}
	parts := []func() error{t.warm, t.cold, t.transfers}
	if t.chosen.Network != "" { // each run of which has its transfers
		parts = parts[:2]
	}
	for i := range parts {
		if err := parts[(i+len(t.rounds))%len(parts)](); err != nil {
			return err
		}
	}
	return nil
}

// begin builds the subject and runs it once. The first time it takes how long that is: building, compiling,
// packing, and a run.
func (t *turn) begin() error {
	begun := time.Now()
	runner, err := t.subject.Open(t.options.Seed)
	if err != nil {
		return fmt.Errorf("building: %w", err)
	}
	t.runner = runner
	built := time.Since(begun)
	if err := t.sameAlgorithm(); err != nil {
		return errors.Join(err, runner.Close())
	}
	err = runner.Upload()
	begun = time.Now()
	if err == nil {
		err = runner.Compute()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("the first run: %w", err), runner.Close())
	}
	if len(t.rounds) == 0 {
		t.chosen.FirstRun = milliseconds(built + time.Since(begun))
	}
	return nil
}

// sameAlgorithm notes what computes the layer, and refuses another one than that of the first round.
func (t *turn) sameAlgorithm() error {
	algorithm, variant := t.runner.Algorithm()
	if len(t.rounds) > 0 && (algorithm != t.chosen.Algorithm || variant != t.chosen.Variant) {
		return fmt.Errorf("building: round %d got algorithm %s/%s, the first one %s/%s", len(t.rounds)+1,
			algorithm, variant, t.chosen.Algorithm, t.chosen.Variant)
	}
	t.chosen.Algorithm, t.chosen.Variant = algorithm, variant
	if n, ok := t.runner.(counter); ok {
		t.chosen.FLOP = n.FLOP()
	}
	return nil
}

// verify has every output judged before anything is timed: how fast a wrong result comes nobody asks.
func (t *turn) verify() error {
	used, err := t.runner.Verify()
	if err != nil {
		return fmt.Errorf("the check: %w", err)
	}
	t.chosen.Verified, t.chosen.BoundUsed = true, &used
	return t.runner.Upload() // whatever the check left behind
}

// warmUp runs the layer a number of times, of which long ones are fewer, and for as long as ramp at least.
func (t *turn) warmUp(runs int, ramp time.Duration) error {
	begun := time.Now()
	more := func(i int) bool {
		spent := time.Since(begun)
		return spent < ramp || i < runs && (i == 0 || spent < t.budget())
	}
	for i := 0; t.ctx.Err() == nil && more(i); i++ {
		if err := t.runner.Compute(); err != nil {
			return fmt.Errorf("warming up: %w", err)
		}
	}
	return nil
}

// warm takes the samples that count: by the GPU's clock where there is one, and by the wall's, in turn.
func (t *turn) warm() error {
	if len(t.samples.whole)+len(t.samples.cold) > 0 { // these left other things in the caches
		if err := t.warmUp(1, 0); err != nil {
			return err
		}
	}
	err := t.sample(t.budget(), func() error {
		if err := t.wallTime(t.runner.Compute, &t.samples.wall); err != nil {
			return err
		}
		if t.timed() {
			return t.profile()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("a run: %w", err)
	}
	return nil
}

// cold takes samples with nothing of the layer in the caches.
func (t *turn) cold() error {
	if t.options.EvictCache == nil {
		return nil
	}
	err := t.sample(t.budget()/2, func() error {
		if err := t.options.EvictCache(); err != nil {
			return err
		}
		if t.timed() && t.chosen.Network == "" {
			took, err := t.gpuTime(1)
			t.samples.cold = append(t.samples.cold, took)
			return err
		}
		return t.wallTime(t.runner.Compute, &t.samples.cold)
	})
	if err != nil {
		return fmt.Errorf("a run with cold caches: %w", err)
	}
	return nil
}

// transfers takes upload, computation and download one after the other.
func (t *turn) transfers() error {
	s := &t.samples
	err := t.sample(t.budget()/2, func() error {
		var computed []float64
		if err := t.wallTime(t.runner.Upload, &s.upload); err != nil {
			return err
		}
		if err := t.wallTime(t.runner.Compute, &computed); err != nil {
			return err
		}
		if err := t.wallTime(t.runner.Download, &s.download); err != nil {
			return err
		}
		s.whole = append(s.whole, s.upload[len(s.upload)-1]+computed[0]+s.download[len(s.download)-1])
		return nil
	})
	if err != nil {
		return fmt.Errorf("a run with transfers: %w", err)
	}
	return nil
}

// budget is the round's part of the time for warm samples.
func (t *turn) budget() time.Duration { return t.options.Budget / time.Duration(t.options.rounds()) }

// sample calls take until the budget is spent, and as often as the round's part of [Fewest] where that
// takes no more than some budgets; once at least, but for a context that has ended.
func (t *turn) sample(budget time.Duration, take func() error) error {
	rounds := t.options.rounds()
	fewest, most := (Fewest+rounds-1)/rounds, max(most/rounds, 1)
	begun := time.Now()
	for n := 0; n < most && t.ctx.Err() == nil; n++ {
		spent := time.Since(begun)
		if n > 0 && (spent >= patience*budget || n >= fewest && spent >= budget) {
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

// timed tells whether the GPU's clock is asked.
func (t *turn) timed() bool { return t.options.Timestamps && t.runner.Timed() }

// profile takes a sample of the computation and of each of its dispatches by the GPU's clock.
func (t *turn) profile() error {
	took, err := t.gpuTime(max(t.runs, 1))
	if err != nil {
		return err
	}
	if t.runs == 0 {
		t.runs = host.RunsOf(time.Duration(took * 1e6))
	}
	dispatches, err := t.runner.Profile()
	if err != nil {
		return err
	}
	t.samples.gpu = append(t.samples.gpu, took)
	if t.kernels == nil {
		for _, d := range dispatches {
			t.kernels = append(t.kernels, d.Kernel)
		}
	}
	if len(dispatches) != len(t.kernels) {
		return fmt.Errorf("%d dispatches were timed, %d before", len(dispatches), len(t.kernels))
	}
	if t.samples.dispatches == nil {
		t.samples.dispatches = make([][]float64, len(t.kernels))
	}
	for i, d := range dispatches {
		t.samples.dispatches[i] = append(t.samples.dispatches[i], milliseconds(d.Time))
	}
	return nil
}

// gpuTime is how long a computation took by the GPU's clock, in milliseconds: that of some in a row, or its dispatches
// together.
func (t *turn) gpuTime(runs int) (float64, error) {
	if r, ok := t.runner.(continuous); ok {
		took, err := r.ComputeTimed(runs)
		return milliseconds(took), err
	}
	dispatches, err := t.runner.Profile()
	sum := time.Duration(0)
	for _, d := range dispatches {
		sum += d.Time
	}
	return milliseconds(sum), err
}

// wallTime adds how long something took by the wall's clock.
func (*turn) wallTime(do func() error, to *[]float64) error {
	begun := time.Now()
	err := do()
	*to = append(*to, milliseconds(time.Since(begun)))
	return err
}
