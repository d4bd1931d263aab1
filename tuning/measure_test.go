package tuning_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/tuning"
)

// all are the algorithms that are measured, the default first.
var all = []string{"direct/t32", "direct/t64", "registers/4x4_v1_t64", "registers/8x4_v1_t64", "shared/32x32x8_v1",
	"shared/64x64x16_v4", "winograd2/a", "winograd4/a"}

// fake stands in for a layer that is measured.
type fake struct {
	Samples []time.Duration // one after the other, then the last again and again; the first warms up
	Broken  error           // of sampling
	Wrong   error           // of the check
	Sampled func()          // is told of each sample
	Taken   int
	Checked int
	Closed  int
}

func (f *fake) Sample(context.Context) (time.Duration, error) {
	if f.Sampled != nil {
		f.Sampled()
	}
	f.Taken++
	return f.Samples[min(f.Taken, len(f.Samples))-1], f.Broken
}

func (f *fake) Verify(context.Context) error {
	f.Checked++
	return f.Wrong
}

// Close counts.
func (f *fake) Close() error {
	f.Closed++
	return nil
}

// task measures what open gives.
func task(open func(algorithm string) (*fake, error)) tuning.Task {
	contender := func(algorithm string) (tuning.Contender, error) {
		f, err := open(algorithm)
		if err != nil {
			return nil, err
		}
		return f, nil
	}
	return tuning.Task{Names: all, Open: contender, Key: choice(1).Key, Clock: gpu.ClockWall}
}

// contest is a series of contenders.
type contest struct {
	special map[string]*fake // by algorithm; the others take 100 ms
	opened  []string
	all     []*fake
}

func (c *contest) task() tuning.Task {
	t := task(func(algorithm string) (*fake, error) {
		c.opened = append(c.opened, algorithm)
		f := fake{Samples: []time.Duration{100 * time.Millisecond}}
		if s := c.special[algorithm]; s != nil {
			f = *s
		}
		if f.Samples == nil {
			return nil, errBroken
		}
		c.all = append(c.all, &f)
		return &f, nil
	})
	t.Options.Repro = func(a string) string { return "again by " + a }
	return t
}

var errBroken = errors.New("broken")

// takes is a contender whose first run takes longer than the others, which take ms.
func takes(ms ...int) *fake {
	f := &fake{Samples: []time.Duration{240 * time.Millisecond}}
	for _, m := range ms {
		f.Samples = append(f.Samples, time.Duration(m)*time.Millisecond)
	}
	return f
}

// TestMeasure holds how the winner is found: the warm-up does not count, the hopeless are dropped after one
// sample, the final round decides, and what is broken or wrong is passed over and reported.
func TestMeasure(t *testing.T) {
	wrong := takes(9)
	wrong.Wrong = cpuref.ErrMismatch
	late := takes(5)
	late.Broken = errBroken
	c := contest{special: map[string]*fake{all[1]: takes(20), all[2]: wrong, all[3]: {}, all[4]: late,
		all[5]: takes(11)}}
	c.special[all[0]] = takes(10)
	told := 0
	task := c.task()
	task.Options.Progress = func(tuning.Candidate) { told++ }
	task.Cache = &tuning.Cache{}
	got, err := tuning.Measure(context.Background(), task)
	if err != nil {
		t.Fatal(err)
	}
	if w := got.Choice; w.Algorithm != all[0] || w.Millis != 10 || w.RunnerUp != all[5] || w.RunnerUpMillis != 11 ||
		w.Clock != gpu.ClockWall || got.Clock != gpu.ClockWall || w.Key != task.Key {
		t.Errorf("the choice is %+v", w)
	}
	if kept, ok := task.Cache.Lookup(task.Key); !ok || kept != got.Choice {
		t.Errorf("kept %+v, must be %+v", kept, got.Choice)
	}
	if got.Default != all[0] || got.LeftOut != 0 || len(got.Candidates) != len(all) || told != len(all) {
		t.Errorf("%+v, told of %d", got, told)
	}
	for i, want := range []tuning.Candidate{
		{Verified: true}, {}, {Err: cpuref.ErrMismatch}, {Err: errBroken}, {Err: errBroken}, {}, {Dropped: true},
	} {
		c, ok := got.Candidate(all[i])
		if !ok || c.Verified != want.Verified || c.Dropped != want.Dropped || !errors.Is(c.Err, want.Err) ||
			(c.Err != nil) != (want.Err != nil) || (c.Err != nil) != (c.Repro == "again by "+all[i]) {
			t.Errorf("%s: %+v, must be like %+v", all[i], c, want)
		}
		if c.Dropped && len(c.Samples) != 1 {
			t.Errorf("%s is dropped after %v", all[i], c.Samples)
		}
	}
	c.allClosed(t)
}

func (c *contest) allClosed(t *testing.T) {
	t.Helper()
	for i, f := range c.all {
		if f.Closed != 1 {
			t.Errorf("contender %d was closed %d times", i, f.Closed)
		}
	}
}

// TestMeasureMoments holds that samples of other moments do not win: what was quick in the first round is
// measured again beside the default, and what is not has no say.
func TestMeasureMoments(t *testing.T) {
	first := map[string]int{all[0]: 30, all[1]: 15, all[2]: 16, all[3]: 17, all[4]: 18}
	later := map[string]int{all[0]: 30, all[1]: 50, all[2]: 60}
	opened := map[string]int{}
	task := task(func(algorithm string) (*fake, error) {
		opened[algorithm]++
		moment := first
		if opened[algorithm] > 1 {
			moment = later
		}
		if ms, ok := moment[algorithm]; ok {
			return takes(ms), nil
		}
		return takes(1000), nil
	})
	got, err := tuning.Measure(context.Background(), task)
	if err != nil || got.Choice.Algorithm != all[0] || got.Choice.Millis != 30 ||
		got.Choice.RunnerUp != all[1] || got.Choice.RunnerUpMillis != 50 {
		t.Errorf("%+v, %v", got.Choice, err)
	}
	for i, name := range all {
		if c, ok := got.Candidate(name); !ok || c.Final != (i < 3) {
			t.Errorf("%+v, final must be %v", c, i < 3)
		}
	}
}

// TestMeasureSlow holds that a slow run is a sample, and the only one of the first round.
func TestMeasureSlow(t *testing.T) {
	seconds := func(n int) *fake {
		return &fake{Samples: []time.Duration{time.Duration(n) * time.Second}}
	}
	c := contest{special: map[string]*fake{all[1]: seconds(3)}}
	for _, name := range all[2:] {
		c.special[name] = seconds(10)
	}
	c.special[all[0]] = seconds(2)
	got, err := tuning.Measure(context.Background(), c.task())
	if err != nil || got.Choice.Algorithm != all[0] {
		t.Errorf("%+v, %v", got.Choice, err)
	}
	for i, f := range c.all[:len(all)] {
		if dropped := got.Candidates[i].Dropped; f.Taken != 1 || dropped != (i > 1) {
			t.Errorf("%s: %d samples, dropped %v", all[i], f.Taken, dropped)
		}
	}
}

// TestMeasureFinal holds that the final round's samples decide, not a lucky first one.
func TestMeasureFinal(t *testing.T) {
	rounds := map[string]int{}
	c := contest{}
	task := task(func(algorithm string) (*fake, error) {
		rounds[algorithm]++
		ms := 50
		switch {
		case algorithm == all[2]:
			ms = 20
		case algorithm == all[1] && rounds[algorithm] == 1:
			ms = 10 // and 50 in the final round
		}
		f := takes(ms)
		c.all = append(c.all, f)
		return f, nil
	})
	got, err := tuning.Measure(context.Background(), task)
	if err != nil || got.Choice.Algorithm != all[2] {
		t.Errorf("the choice is %+v, %v; must be %s", got.Choice, err, all[2])
	}
	if first, _ := got.Candidate(all[1]); len(first.Samples) < 5 || first.Median() != 50*time.Millisecond {
		t.Errorf("the lucky one: %+v", first)
	}
	c.allClosed(t)
}

// TestMeasureNone holds the error where every algorithm is wrong.
func TestMeasureNone(t *testing.T) {
	c := contest{special: map[string]*fake{}}
	for i, name := range all {
		c.special[name] = takes(10)
		if c.special[name].Wrong = cpuref.ErrMismatch; i == 1 {
			c.special[name] = &fake{}
		}
	}
	got, err := tuning.Measure(context.Background(), c.task())
	if !errors.Is(err, cpuref.ErrMismatch) || !errors.Is(err, errBroken) ||
		!strings.Contains(err.Error(), all[0]) || got.Choice.Algorithm != "" {
		t.Errorf("%+v, %v", got.Choice, err)
	}
}

// TestMeasureInterrupted stops at different samples: nothing is chosen, and what was found is there.
func TestMeasureInterrupted(t *testing.T) {
	for _, at := range []int{1, 2, 10, 1000} {
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		samples := 0
		c := contest{special: map[string]*fake{}}
		for _, name := range all {
			f := takes(10)
			f.Sampled = func() {
				if samples++; samples == at {
					stop()
				}
			}
			c.special[name] = f
		}
		task := c.task()
		task.Cache = &tuning.Cache{}
		got, err := tuning.Measure(ctx, task)
		if at == 1000 {
			if err != nil || samples >= at {
				t.Errorf("%d samples, %v", samples, err)
			}
			continue
		}
		if !errors.Is(err, context.Canceled) || got.Choice.Algorithm != "" || len(task.Cache.Choices()) != 0 ||
			len(got.Candidates) == 0 || samples > at+1 {
			t.Errorf("stopped at sample %d: %d samples, %+v, %v", at, samples, got, err)
		}
		if got.LeftOut+len(got.Candidates) != len(c.special) {
			t.Errorf("stopped at sample %d: %d tried, %d left out of %d", at, len(got.Candidates), got.LeftOut,
				len(c.special))
		}
		c.allClosed(t)
	}
}

// TestMeasureBudget holds that a budget that is spent at once still leaves the default, judged.
func TestMeasureBudget(t *testing.T) {
	c := contest{}
	task := c.task()
	task.Options.Budget = time.Nanosecond
	got, err := tuning.Measure(context.Background(), task)
	if err != nil || got.Choice.Algorithm != all[0] || len(got.Candidates) != 1 || got.LeftOut != len(all)-1 ||
		got.Choice.RunnerUp != "" || len(got.Candidates[0].Samples) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestMeasureMany holds that no more candidates are built than MaxCandidates.
func TestMeasureMany(t *testing.T) {
	c := contest{}
	task := c.task()
	task.Names = nil
	for i := range tuning.MaxCandidates + 3 {
		task.Names = append(task.Names, fmt.Sprintf("direct/t%d", i))
	}
	got, err := tuning.Measure(context.Background(), task)
	if err != nil || len(got.Candidates) != tuning.MaxCandidates || got.LeftOut != 3 {
		t.Errorf("%d tried, %d left out, %v", len(got.Candidates), got.LeftOut, err)
	}
	c.allClosed(t)
}

// TestMeasureNothing holds that a task of nothing is refused.
func TestMeasureNothing(t *testing.T) {
	c := contest{}
	empty, closed := c.task(), c.task()
	empty.Names, closed.Open = nil, nil
	for _, task := range []tuning.Task{{}, empty, closed} {
		if _, err := tuning.Measure(context.Background(), task); !errors.Is(err, gpu.ErrMisuse) {
			t.Errorf("%d names: %v", len(task.Names), err)
		}
	}
}

// TestMeasureRamp holds that a device is kept busy before the samples that count.
func TestMeasureRamp(t *testing.T) {
	const ramp, each = 300 * time.Millisecond, 5 * time.Millisecond
	first := &fake{Samples: []time.Duration{each}, Sampled: func() { time.Sleep(each) }}
	made := task(func(string) (*fake, error) { return first, nil })
	made.Names, made.Ramp = made.Names[:1], ramp
	r, err := tuning.Measure(context.Background(), made)
	if err != nil || len(r.Candidates) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	// Each of the two rounds takes its own samples, and what warms up beside.
	if least := 2 * int(ramp/each) / 10; first.Taken < least {
		t.Errorf("%d samples were taken, must be %d at least", first.Taken, least)
	}
}
