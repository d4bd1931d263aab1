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
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/tuning"
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
	if err != nil || len(list) < 6 || len(list) > tuning.MaxCandidates {
		t.Fatalf("%d algorithms, from 6 to %d are needed: %v", len(list), tuning.MaxCandidates, err)
	}
	var all []string
	for _, a := range list {
		all = append(all, host.AlgorithmName(a))
	}
	return all
}

// choice is one for a layer on dev, by an algorithm.
func choice(dev *host.Device, problem, algorithm string) tuning.Choice {
	info := dev.GPU().Info()
	return tuning.Choice{
		Key: tuning.Key{Adapter: info.Name, Driver: info.Driver, Backend: string(info.Backend),
			Shaders: shaders.Hash(),
			Problem: problem, DType: host.Float32},
		Algorithm: algorithm, Millis: 1.5, Clock: gpu.ClockGPU, Date: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)}
}

func open(t *testing.T, path string) *tuning.Cache {
	t.Helper()
	tunings, err := tuning.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return tunings
}

func keep(t *testing.T, tunings *tuning.Cache, choices ...tuning.Choice) {
	t.Helper()
	if err := tunings.Keep(choices...); err != nil {
		t.Fatal(err)
	}
}

// lookup gives the choice for a float32 layer on dev.
func lookup(tunings *tuning.Cache, dev *host.Device, p conv.Problem) (tuning.Choice, bool) {
	return tunings.Lookup(tuning.KeyOf(dev.GPU().Info(), p, host.Float32))
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
		"options":   {dev, p, host.LayerOptions{DType: "float8"}, gpu.ErrMisuse},
		"problem":   {dev, conv.Problem{}, host.LayerOptions{}, conv.ErrInvalid},
		"closed":    {closed, p, host.LayerOptions{}, gpu.ErrClosed},
		"nil":       {nil, p, host.LayerOptions{}, gpu.ErrClosed},
	} {
		got, err := host.Tune(context.Background(), c.dev, c.p, c.o, host.TuneOptions{})
		if !errors.Is(err, c.err) || len(got.Candidates) != 0 {
			t.Errorf("%s: %v, must wrap %v", what, err, c.err)
		}
	}
	host.SetBindingLimit(t, dev, 512)
	_, err := host.Tune(context.Background(), dev, split, host.LayerOptions{}, host.TuneOptions{})
	if !errors.Is(err, host.ErrUnsupported) || !strings.Contains(err.Error(), "in blocks") {
		t.Errorf("in blocks: %v", err)
	}
	l, err := host.NewLayer(dev, split, proofData(t, split).W,
		host.LayerOptions{Autotune: true, Tunings: &tuning.Cache{}})
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
	c := choice(dev, unnamed, all[3])
	stale, float16, strange := c, c, c
	stale.Algorithm = "shared/1x1x1_v4"
	float16.DType = host.Float16
	strange.Driver += "."
	for what, row := range map[string]struct {
		kept tuning.Choice
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
		"for float16":      {float16, host.LayerOptions{DType: host.Float16}, all[3]},
		"not for float16":  {c, host.LayerOptions{DType: host.Float16}, all[0]},
	} {
		tunings := &tuning.Cache{}
		keep(t, tunings, row.kept)
		row.o.Tunings = tunings
		l := build(t, dev, p, proofData(t, p).W, row.o)
		if got := host.AlgorithmName(l.Algorithm()); got != row.want {
			t.Errorf("%s: %s, must be %s", what, got, row.want)
		}
	}
}

// TestTunedInBlocks holds that a layer that is computed in blocks is left to the rules.
func TestTunedInBlocks(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, "ic16ih9oc8kh3")
	list, err := host.Algorithms(dev, p, host.LayerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := choice(dev, p.String(), host.AlgorithmName(list[len(list)-1]))
	tunings := &tuning.Cache{}
	keep(t, tunings, c)
	host.SetBindingLimit(t, dev, 2048)
	l := build(t, dev, p, proofData(t, p).W, host.LayerOptions{Tunings: tunings})
	if got := host.AlgorithmName(l.Algorithm()); got == c.Algorithm {
		t.Errorf("the blocks are computed by %s", got)
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
	kept, ok := lookup(open(t, path), dev, p)
	if got := host.AlgorithmName(l.Algorithm()); !ok || got != kept.Algorithm ||
		!slices.Contains(names(t, dev), got) ||
		kept.Millis <= 0 || kept.RunnerUp == "" {
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
	if again, _ := lookup(open(t, path), dev, p); again != kept {
		t.Errorf("measured again: %+v", again)
	}
}

// TestAutotuneUnkept holds that a file that cannot be written costs the layer nothing.
func TestAutotuneUnkept(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, "ic4ih3oc4kh1")
	tunings, err := tuning.Open(t.TempDir()) // a folder
	if err == nil {
		t.Fatal("a folder is read as a file")
	}
	l := build(t, dev, p, proofData(t, p).W, host.LayerOptions{Tunings: tunings, Autotune: true})
	kept, ok := lookup(tunings, dev, p)
	if tunings.Err() == nil || !ok || kept.Algorithm != host.AlgorithmName(l.Algorithm()) {
		t.Errorf("%v; kept %+v, computed by %s", tunings.Err(), kept, host.AlgorithmName(l.Algorithm()))
	}
}

// TestMeasuredLayers holds that what a tuner builds is not tuned itself, and what a task's key and clock are.
func TestMeasuredLayers(t *testing.T) {
	dev := hosttest.Open(t)
	o := host.By(host.LayerOptions{Tunings: &tuning.Cache{}, Autotune: true, Exact: true}, "direct/t64")
	if o.Tunings != nil || o.Autotune || !o.Exact || o.Algorithm != "direct/t64" {
		t.Errorf("a layer that is measured has %+v", o)
	}
	soon := host.TuneOptions{Options: tuning.Options{Budget: 1}}
	got, err := host.Tune(t.Context(), dev, problem(t, tunable), host.LayerOptions{}, soon)
	if err != nil {
		t.Fatal(err)
	}
	clock := gpu.ClockWall
	if dev.GPU().Info().HasFeature(gpu.FeatureTimestamps) {
		clock = gpu.ClockGPU
	}
	key := tuning.KeyOf(dev.GPU().Info(), problem(t, unnamed), "")
	if c := got.Choice; c.Key != key || c.Clock != clock || got.Clock != clock || got.Default != names(t, dev)[0] {
		t.Errorf("%+v, its clock must be %s", got, clock)
	}
}
