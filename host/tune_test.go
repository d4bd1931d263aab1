package host_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/hosttest"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tensor"
)

// unnamed is a layer that several algorithms serve, fewer than a tuner builds, and tunable the same one
// with a name, which makes no other problem of it.
const (
	unnamed = "ic8ih9oc8kh3sh2ph1dh1"
	tunable = unnamed + `n"tunable"`
)

// names are those of the algorithms that serve it, the default first.
func names(t *testing.T, dev *host.Device) []string {
	t.Helper()
	list, err := host.Algorithms(dev, problem(t, tunable), host.LayerOptions{})
	if err != nil || len(list) < 6 {
		t.Fatalf("%d algorithms, 6 are needed: %v", len(list), err)
	}
	var all []string
	for _, a := range list {
		all = append(all, host.AlgorithmName(a))
	}
	return all
}

// contest is a series of contenders for Tune.
type contest struct {
	special map[string]*host.FakeContender // by algorithm; the others take 100 ms
	opened  []string
	all     []*host.FakeContender
}

func (c *contest) options() host.TuneOptions {
	return host.WithContenders(host.TuneOptions{Repro: func(a string) string { return "again by " + a }}, func(algorithm string) (*host.FakeContender, error) {
		c.opened = append(c.opened, algorithm)
		f := host.FakeContender{Samples: []time.Duration{100 * time.Millisecond}}
		if s := c.special[algorithm]; s != nil {
			f = *s
		}
		if f.Samples == nil {
			return nil, errBroken
		}
		c.all = append(c.all, &f)
		return &f, nil
	})
}

var errBroken = errors.New("broken")

// takes is a contender whose first run takes longer than the others, which take ms.
func takes(ms ...int) *host.FakeContender {
	f := &host.FakeContender{Samples: []time.Duration{240 * time.Millisecond}}
	for _, m := range ms {
		f.Samples = append(f.Samples, time.Duration(m)*time.Millisecond)
	}
	return f
}

// TestTune holds how the winner is found: the warm-up does not count, the hopeless are dropped after one
// sample, the final round decides, and what is broken or wrong is passed over and reported.
func TestTune(t *testing.T) {
	dev := hosttest.Open(t)
	all := names(t, dev)
	wrong := takes(9)
	wrong.Wrong = cpuref.ErrMismatch
	late := takes(5)
	late.Broken = errBroken
	c := contest{special: map[string]*host.FakeContender{all[1]: takes(20), all[2]: wrong, all[3]: {}, all[4]: late, all[5]: takes(11)}}
	c.special[all[0]] = takes(10)
	told := 0
	o := c.options()
	o.Progress = func(host.Candidate) { told++ }
	tunings := &host.Tunings{}
	got, err := host.Tune(context.Background(), dev, problem(t, tunable), host.LayerOptions{Tunings: tunings}, o)
	if err != nil {
		t.Fatal(err)
	}
	if w := got.Choice; w.Algorithm != all[0] || w.Millis != 10 || w.RunnerUp != all[5] || w.RunnerUpMillis != 11 || w.Clock != got.Clock || w.Problem != unnamed {
		t.Errorf("the choice is %+v", w)
	}
	if kept, ok := tunings.Lookup(dev, problem(t, tunable), host.LayerOptions{}); !ok || kept != got.Choice {
		t.Errorf("kept %+v, must be %+v", kept, got.Choice)
	}
	if got.Default != all[0] || got.LeftOut != 0 || len(got.Candidates) != len(all) || told != len(all) {
		t.Errorf("%+v, told of %d", got, told)
	}
	for i, want := range []host.Candidate{{Verified: true}, {}, {Err: cpuref.ErrMismatch}, {Err: errBroken}, {Err: errBroken}, {}, {Dropped: true}} {
		c, ok := got.Candidate(all[i])
		if !ok || c.Verified != want.Verified || c.Dropped != want.Dropped || !errors.Is(c.Err, want.Err) || (c.Err != nil) != (want.Err != nil) || (c.Err != nil) != (c.Repro == "again by "+all[i]) {
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

// TestTuneMoments holds that samples of other moments do not win: what was quick in the first round is
// measured again beside the default, and what is not has no say.
func TestTuneMoments(t *testing.T) {
	dev := hosttest.Open(t)
	all := names(t, dev)
	first := map[string]int{all[0]: 30, all[1]: 15, all[2]: 16, all[3]: 17, all[4]: 18}
	later := map[string]int{all[0]: 30, all[1]: 50, all[2]: 60}
	opened := map[string]int{}
	o := host.WithContenders(host.TuneOptions{}, func(algorithm string) (*host.FakeContender, error) {
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
	got, err := host.Tune(context.Background(), dev, problem(t, tunable), host.LayerOptions{}, o)
	if err != nil || got.Choice.Algorithm != all[0] || got.Choice.Millis != 30 || got.Choice.RunnerUp != all[1] || got.Choice.RunnerUpMillis != 50 {
		t.Errorf("%+v, %v", got.Choice, err)
	}
	for i, name := range all {
		if c, ok := got.Candidate(name); !ok || c.Final != (i < 3) {
			t.Errorf("%+v, final must be %v", c, i < 3)
		}
	}
}

// TestTuneSlow holds that a slow run is a sample, and the only one of the first round.
func TestTuneSlow(t *testing.T) {
	dev := hosttest.Open(t)
	all := names(t, dev)
	seconds := func(n int) *host.FakeContender {
		return &host.FakeContender{Samples: []time.Duration{time.Duration(n) * time.Second}}
	}
	c := contest{special: map[string]*host.FakeContender{all[1]: seconds(3)}}
	for _, name := range all[2:] {
		c.special[name] = seconds(10)
	}
	c.special[all[0]] = seconds(2)
	got, err := host.Tune(context.Background(), dev, problem(t, tunable), host.LayerOptions{}, c.options())
	if err != nil || got.Choice.Algorithm != all[0] {
		t.Errorf("%+v, %v", got.Choice, err)
	}
	for i, f := range c.all[:len(all)] {
		if dropped := got.Candidates[i].Dropped; f.Taken != 1 || dropped != (i > 1) {
			t.Errorf("%s: %d samples, dropped %v", all[i], f.Taken, dropped)
		}
	}
}

// TestTuneFinal holds that the final round's samples decide, not a lucky first one.
func TestTuneFinal(t *testing.T) {
	dev := hosttest.Open(t)
	all := names(t, dev)
	rounds := map[string]int{}
	c := contest{}
	o := host.WithContenders(c.options(), func(algorithm string) (*host.FakeContender, error) {
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
	got, err := host.Tune(context.Background(), dev, problem(t, tunable), host.LayerOptions{}, o)
	if err != nil || got.Choice.Algorithm != all[2] {
		t.Errorf("the choice is %+v, %v; must be %s", got.Choice, err, all[2])
	}
	if first, _ := got.Candidate(all[1]); len(first.Samples) < 5 || first.Median() != 50*time.Millisecond {
		t.Errorf("the lucky one: %+v", first)
	}
	c.allClosed(t)
}

// TestTuneNone holds the error where every algorithm is wrong.
func TestTuneNone(t *testing.T) {
	dev := hosttest.Open(t)
	c := contest{special: map[string]*host.FakeContender{}}
	for i, name := range names(t, dev) {
		c.special[name] = takes(10)
		if c.special[name].Wrong = cpuref.ErrMismatch; i == 1 {
			c.special[name] = &host.FakeContender{}
		}
	}
	got, err := host.Tune(context.Background(), dev, problem(t, tunable), host.LayerOptions{}, c.options())
	if !errors.Is(err, cpuref.ErrMismatch) || !errors.Is(err, errBroken) || !strings.Contains(err.Error(), names(t, dev)[0]) || got.Choice.Algorithm != "" {
		t.Errorf("%+v, %v", got.Choice, err)
	}
}

// TestTuneInterrupted stops at different samples: nothing is chosen, and what was found is there.
func TestTuneInterrupted(t *testing.T) {
	dev := hosttest.Open(t)
	for _, at := range []int{1, 2, 10, 1000} {
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		samples := 0
		c := contest{special: map[string]*host.FakeContender{}}
		for _, name := range names(t, dev) {
			f := takes(10)
			f.Sampled = func() {
				if samples++; samples == at {
					stop()
				}
			}
			c.special[name] = f
		}
		tunings := &host.Tunings{}
		got, err := host.Tune(ctx, dev, problem(t, tunable), host.LayerOptions{Tunings: tunings}, c.options())
		if at == 1000 {
			if err != nil || samples >= at {
				t.Errorf("%d samples, %v", samples, err)
			}
			continue
		}
		if !errors.Is(err, context.Canceled) || got.Choice.Algorithm != "" || len(tunings.Choices()) != 0 || len(got.Candidates) == 0 || samples > at+1 {
			t.Errorf("stopped at sample %d: %d samples, %+v, %v", at, samples, got, err)
		}
		if got.LeftOut+len(got.Candidates) != len(c.special) {
			t.Errorf("stopped at sample %d: %d tried, %d left out of %d", at, len(got.Candidates), got.LeftOut, len(c.special))
		}
		c.allClosed(t)
	}
}

// TestTuneBudget holds that a budget that is spent at once still leaves the default, judged.
func TestTuneBudget(t *testing.T) {
	dev := hosttest.Open(t)
	all := names(t, dev)
	c := contest{}
	o := c.options()
	o.Budget = time.Nanosecond
	got, err := host.Tune(context.Background(), dev, problem(t, tunable), host.LayerOptions{}, o)
	if err != nil || got.Choice.Algorithm != all[0] || len(got.Candidates) != 1 || got.LeftOut != len(all)-1 || got.Choice.RunnerUp != "" || len(got.Candidates[0].Samples) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if len(all) > host.MaxCandidates {
		t.Errorf("%d candidates, %d are tried", len(all), host.MaxCandidates)
	}
}

// TestTuneRefused holds what cannot be tuned.
func TestTuneRefused(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, tunable)
	split := problem(t, "ic4ih9oc8kh3")
	closed := hosttest.Open(t)
	closed.Close()
	for what, c := range map[string]struct {
		dev *host.Device
		p   conv.Problem
		o   host.LayerOptions
		err error
	}{
		"CPU":       {cpu(t), p, host.LayerOptions{}, host.ErrUnsupported},
		"algorithm": {dev, p, host.LayerOptions{Algorithm: "direct"}, gpu.ErrMisuse},
		"threads":   {dev, p, host.LayerOptions{Threads: 64}, gpu.ErrMisuse},
		"options":   {dev, p, host.LayerOptions{Numbers: "float8"}, gpu.ErrMisuse},
		"problem":   {dev, conv.Problem{}, host.LayerOptions{}, conv.ErrInvalid},
		"closed":    {closed, p, host.LayerOptions{}, gpu.ErrClosed},
		"nil":       {nil, p, host.LayerOptions{}, gpu.ErrClosed},
	} {
		if got, err := host.Tune(context.Background(), c.dev, c.p, c.o, host.TuneOptions{}); !errors.Is(err, c.err) || len(got.Candidates) != 0 {
			t.Errorf("%s: %v, must wrap %v", what, err, c.err)
		}
	}
	host.SetBindingLimit(t, dev, 512)
	if _, err := host.Tune(context.Background(), dev, split, host.LayerOptions{}, host.TuneOptions{}); !errors.Is(err, host.ErrUnsupported) || !strings.Contains(err.Error(), "in blocks") {
		t.Errorf("in blocks: %v", err)
	}
	l, err := host.NewLayer(dev, split, proofData(t, split).W, host.LayerOptions{Autotune: true, Tunings: &host.Tunings{}})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func proofData(t *testing.T, p conv.Problem) host.Operands {
	t.Helper()
	data, err := proof.Case{Problem: p, Seed: 1}.Data()
	if err != nil {
		t.Fatal(err)
	}
	return data.Operands
}

// TestTuned holds which algorithm a layer gets: the one that is named, else the one that was measured where
// it still serves, else the default.
func TestTuned(t *testing.T) {
	dev := hosttest.Open(t)
	p, all := problem(t, tunable), names(t, dev)
	info := dev.GPU().Info()
	c := choice(1)
	c.Adapter, c.Driver, c.Backend, c.Problem, c.Algorithm = info.Name, info.Driver, string(info.Backend), unnamed, all[3]
	stale, float16, strange := c, c, c
	stale.Algorithm = "shared/1x1x1_v4"
	float16.Numbers = host.Float16
	strange.Driver += "."
	direct := "direct/t32" // of 200 products
	for what, row := range map[string]struct {
		kept host.TuningChoice
		o    host.LayerOptions
		want string
	}{
		"kept":             {c, host.LayerOptions{}, all[3]},
		"with an epilogue": {c, host.LayerOptions{Epilogue: conv.Activate(conv.ReLU), Separate: true}, all[3]},
		"named":            {c, host.LayerOptions{Algorithm: all[2]}, all[2]},
		"threads":          {c, host.LayerOptions{Threads: 128}, "direct/t128"},
		"does not serve":   {stale, host.LayerOptions{}, all[0]},
		"other numbers":    {float16, host.LayerOptions{}, all[0]},
		"other driver":     {strange, host.LayerOptions{}, all[0]},
		"not for float16":  {float16, host.LayerOptions{Numbers: host.Float16}, direct},
	} {
		tunings := &host.Tunings{}
		keep(t, tunings, row.kept)
		row.o.Tunings = tunings
		l := build(t, dev, p, proofData(t, p).W, row.o)
		if got := host.AlgorithmName(l.Algorithm()); got != row.want {
			t.Errorf("%s: %s, must be %s", what, got, row.want)
		}
	}
}

// TestTunedInParts holds that a layer that is computed in blocks is left to the rules.
func TestTunedInParts(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, "ic16ih9oc8kh3")
	info, c := dev.GPU().Info(), choice(1)
	list, err := host.Algorithms(dev, p, host.LayerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Adapter, c.Driver, c.Backend, c.Problem, c.Algorithm = info.Name, info.Driver, string(info.Backend), p.String(), host.AlgorithmName(list[len(list)-1])
	tunings := &host.Tunings{}
	keep(t, tunings, c)
	host.SetBindingLimit(t, dev, 2048)
	l := build(t, dev, p, proofData(t, p).W, host.LayerOptions{Tunings: tunings})
	if got := host.AlgorithmName(l.Algorithm()); got == c.Algorithm {
		t.Errorf("the parts are computed by %s", got)
	}
}

// TestAutotune measures for real: whatever is the quickest is kept, is what the layer is computed by, and
// is not measured again. Without Autotune nothing is measured.
func TestAutotune(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, tunable)
	path := filepath.Join(t.TempDir(), "tuning.json")
	tunings := open(t, path)
	build(t, dev, p, proofData(t, p).W, host.LayerOptions{Tunings: tunings})
	if n := len(tunings.Choices()); n != 0 {
		t.Errorf("%d choices, and nothing was measured", n)
	}
	o := prelu(conv.AfterFunction)
	layer := host.LayerOptions{Epilogue: o, Slopes: make([]float32, p.OutChannels), Tunings: tunings, Autotune: true}
	data := proofData(t, p)
	l := build(t, dev, p, data.W, layer)
	kept, ok := open(t, path).Lookup(dev, p, host.LayerOptions{})
	if got := host.AlgorithmName(l.Algorithm()); !ok || got != kept.Algorithm || !slices.Contains(names(t, dev), got) || kept.Millis <= 0 || kept.RunnerUp == "" {
		t.Errorf("computed by %s, kept %+v", got, kept)
	}
	residual, err := tensor.NewVolume(p.Batch, p.H.Out, p.W.Out, p.OutChannels)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Run(t.Context(), data.X, residual); err != nil {
		t.Errorf("running it: %v", err)
	}
	build(t, dev, p, proofData(t, p).W, layer)
	if again, _ := open(t, path).Lookup(dev, p, host.LayerOptions{}); again != kept {
		t.Errorf("measured again: %+v", again)
	}
}

// TestAutotuneUnkept holds that a file that cannot be written costs the layer nothing.
func TestAutotuneUnkept(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, "ic4ih3oc4kh1")
	tunings, err := host.OpenTunings(t.TempDir()) // a folder
	if err == nil {
		t.Fatal("a folder is read as a file")
	}
	l := build(t, dev, p, proofData(t, p).W, host.LayerOptions{Tunings: tunings, Autotune: true})
	kept, ok := tunings.Lookup(dev, p, host.LayerOptions{})
	if tunings.Err() == nil || !ok || kept.Algorithm != host.AlgorithmName(l.Algorithm()) {
		t.Errorf("%v; kept %+v, computed by %s", tunings.Err(), kept, host.AlgorithmName(l.Algorithm()))
	}
}
