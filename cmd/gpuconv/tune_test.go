package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tuning"
)

const (
	firstTuned  = `ic4ih5oc4kh3ph1n"first"`
	secondTuned = `ic16ih3oc8kh1n"second"`
	thirdTuned  = `ic8ih3oc8kh1n"third"`
)

// suite writes a suite of three layers, one of them twice.
func suite(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "suite.txt")
	if err := os.WriteFile(path, []byte(strings.Join([]string{firstTuned, secondTuned, `ic4ih5oc4kh3ph1n"first again"`,
		thirdTuned}, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// tuneWith has layers tuned by a fake, that keeps its choice as the real one does. The quickest is the last
// algorithm of a layer.
func tuneWith(change func(conv.Problem, *tuning.Result) error) func(*app) {
	return func(a *app) {
		a.tuneLayer = func(ctx context.Context, dev *host.Device, p conv.Problem, o host.LayerOptions,
			options host.TuneOptions) (tuning.Result, error) {
			list, err := host.Algorithms(dev, p, host.LayerOptions{})
			if err != nil {
				return tuning.Result{}, err
			}
			t := tuning.Result{Default: host.AlgorithmName(list[0]), Clock: gpu.ClockWall}
			for i, a := range list {
				c := tuning.Candidate{Algorithm: host.AlgorithmName(a), Dropped: i == 1,
					Samples: []time.Duration{time.Duration(2*len(list)-i) * time.Millisecond}}
				t.Candidates = append(t.Candidates, c)
				options.Progress(c)
			}
			info, name := dev.GPU().Info(), p.Name
			p.Name = ""
			won := t.Candidates[len(list)-1]
			choice := tuning.Choice{Key: tuning.Key{Adapter: info.Name, Driver: info.Driver,
				Backend: string(info.Backend),
				Shaders: shaders.Hash(), Problem: p.String(), DType: host.Float32},
				Algorithm: won.Algorithm, Millis: float64(won.Samples[0].Milliseconds()), Clock: t.Clock,
				Date: time.Now().UTC().Truncate(time.Second)}
			p.Name = name
			for i := range t.Candidates {
				t.Candidates[i].Repro = options.Repro(t.Candidates[i].Algorithm)
			}
			if change != nil {
				err = change(p, &t)
			}
			if err == nil {
				t.Choice = choice
				err = o.Tunings.Keep(choice)
			}
			return t, err
		}
	}
}

// TestTuneCommand holds the report of a suite, that tuned layers are left as they are the next time, and
// that run computes by what was chosen.
func TestTuneCommand(t *testing.T) {
	hosttest.Open(t)
	cache, layers := filepath.Join(t.TempDir(), "t.json"), suite(t)
	code, stdout, stderr := hooked(tuneWith(nil), "tune", "--suite", layers, "--cache", cache, "--match", "first|sec",
		"--json")
	var r tuneReport
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitFine || len(r.Layers) != 2 ||
		r.Cache != cache || r.Interrupted {
		t.Fatalf("exit %d, %v, %s%s", code, err, stdout, stderr)
	}
	for i, name := range []string{"first", "second"} {
		l := r.Layers[i]
		n := float64(l.Tried)
		if l.Name != name || l.Default == "" || l.DefaultMillis != 2*n || l.Millis != n+1 || l.Tried < 5 ||
			l.Dropped != 1 || l.Failed != 0 || l.Kept != nil || l.Error != "" {
			t.Errorf("%s: %+v", name, l)
		}
	}
	code, stdout, _ = hooked(tuneWith(nil), "tune", "--suite", layers, "--cache", cache)
	if code != exitFine || strings.Count(stdout, "kept from") != 2 {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	contain(t, stdout, "tried", "third", "1.", cache)
	if code, stdout, _ = hooked(tuneWith(nil), "tune", "--suite", layers, "--cache", cache,
		"--again"); code != exitFine || strings.Contains(stdout, "kept from") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	contain(t, succeed(t, "tune", "--list", "--cache", cache), "3 choices in "+cache, "ic16ih3oc8kh1", shaders.Hash())
	contain(t, succeed(t, "tune", "--list", "--json", "--cache", filepath.Join(t.TempDir(), "none.json")),
		`"choices": []`)

	chosen := r.Layers[0].Algorithm
	contain(t, succeed(t, "run", "--cache", cache, firstTuned), chosen+", tuned", "bound: all")
	contain(t, succeed(t, "run", "--cache", cache, "--tuned=false", firstTuned),
		"algorithm  "+r.Layers[0].Default+"\n")
	contain(t, succeed(t, "run", "--cache", cache, "--algorithm", "registers", firstTuned), "algorithm  registers/")
	contain(t, succeed(t, "run", "--cache", cache, "--json", firstTuned), `"algorithm": "`+chosen+`",`,
		`"tuned": true`)
	if out := succeed(t, "run", "--cache", cache, "--backend", "cpu", firstTuned); strings.Contains(out, "algorithm") {
		t.Errorf("the reference has an algorithm:\n%s", out)
	}
}

// TestTuneForReal measures one small layer. What wins is not held.
func TestTuneForReal(t *testing.T) {
	hosttest.Open(t)
	cache := filepath.Join(t.TempDir(), "t.json")
	out := succeed(t, "tune", "--suite", suite(t), "--match", "third", "--budget", "1s", "--cache", cache, "--list")
	contain(t, out, "third", "1 choices in "+cache, "ic8ih3oc8kh1")
	contain(t, succeed(t, "run", "--cache", cache, thirdTuned), ", tuned")
}

// TestTuneExchange holds that what one exports another imports.
func TestTuneExchange(t *testing.T) {
	hosttest.Open(t)
	dir := t.TempDir()
	mine, theirs, file := filepath.Join(dir, "mine.json"), filepath.Join(dir, "theirs.json"),
		filepath.Join(dir, "file.json")
	code, stdout, stderr := hooked(tuneWith(nil), "tune", "--suite", suite(t), "--cache", mine, "--export", file)
	if code != exitFine {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	contain(t, stdout, "exported to "+file)
	contain(t, succeed(t, "tune", "--import", file, "--cache", theirs), "3 choices imported to "+theirs)
	contain(t, succeed(t, "tune", "--import", file, "--cache", theirs, "--json"), `"imported": 0`)
	contain(t, succeed(t, "tune", "--cache", theirs, "--list"), "3 choices", "ic4ih5oc4kh3ph1")
}

// TestTuneInterrupted sends a real interrupt while the second layer is tuned: the first one's choice is
// kept, and the next run goes on with the second.
func TestTuneInterrupted(t *testing.T) {
	hosttest.Open(t)
	cache, layers := filepath.Join(t.TempDir(), "t.json"), suite(t)
	interrupted := func(a *app) {
		tuneWith(nil)(a)
		real := a.tuneLayer
		a.tuneLayer = func(ctx context.Context, dev *host.Device, p conv.Problem, o host.LayerOptions,
			options host.TuneOptions) (tuning.Result, error) {
			if p.Name != "second" {
				return real(ctx, dev, p, o, options)
			}
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Signal(os.Interrupt)
			}
			if err != nil {
				t.Error(err)
			}
			<-ctx.Done()
			return tuning.Result{Default: "direct/t32"}, ctx.Err()
		}
	}
	code, stdout, stderr := hooked(interrupted, "tune", "--suite", layers, "--cache", cache, "--json")
	var r tuneReport
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitFailed || !r.Interrupted ||
		len(r.Layers) != 1 || r.Layers[0].Name != "first" {
		t.Errorf("exit %d, %v\n%s", code, err, stdout)
	}
	contain(t, stderr, "interrupted: 1 of 3 layers are tuned and kept")
	code, stdout, _ = hooked(tuneWith(nil), "tune", "--suite", layers, "--cache", cache)
	if code != exitFine || strings.Count(stdout, "kept from") != 1 {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

// TestTuneFailures holds that a wrong algorithm is reported with its repro line and the exit code of a
// failed check though another one is chosen, and that a layer without a choice does not stop the others.
func TestTuneFailures(t *testing.T) {
	hosttest.Open(t)
	cache := filepath.Join(t.TempDir(), "t.json")
	code, stdout, stderr := hooked(tuneWith(func(p conv.Problem, t *tuning.Result) error {
		switch p.Name {
		case "first":
			t.Candidates[2].Err = fmt.Errorf("spoilt: %w", cpuref.ErrMismatch)
		case "second":
			return errors.New("no algorithm passed")
		}
		return nil
	}), "tune", "--suite", suite(t), "--cache", cache, "--json")
	var r tuneReport
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitFailed || len(r.Layers) != 3 {
		t.Fatalf("exit %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if l := r.Layers; l[0].Failed != 1 || l[0].Algorithm == "" || l[0].Error == "" || l[1].Algorithm != "" ||
		l[1].Error == "" || l[2].Error != "" {
		t.Errorf("%+v", l)
	}
	contain(t, stderr, "FAILED "+firstTuned+" by ", "spoilt",
		"  again: "+drivers()+"gpuconv run 'ic4ih5oc4kh3ph1n\"first\"' --seed 1 --data reals --algorithm ",
		"FAILED "+secondTuned)
	contain(t, succeed(t, "tune", "--list", "--cache", cache), "2 choices")
}

// TestTuneNotKept holds that only what is in the file is said to be kept: no choice can be written where the
// file's folder is a file by then.
func TestTuneNotKept(t *testing.T) {
	hosttest.Open(t)
	layers := suite(t)
	tune := func(lost bool, more ...string) (cache string, code int, stdout, stderr string) {
		folder := filepath.Join(t.TempDir(), "folder")
		cache = filepath.Join(folder, "t.json")
		code, stdout, stderr = hooked(tuneWith(func(conv.Problem, *tuning.Result) error {
			if lost {
				return os.WriteFile(folder, nil, 0o644)
			}
			return nil
		}), append([]string{"tune", "--suite", layers, "--cache", cache}, more...)...)
		return cache, code, stdout, stderr
	}
	cache, _, stdout, _ := tune(false)
	contain(t, stdout, "3 choices kept in "+cache)
	cache, code, stdout, stderr := tune(true)
	if code != exitFailed || strings.Contains(stdout, "kept in") {
		t.Errorf("exit %d, want %d, and nothing kept\n%s", code, exitFailed, stdout)
	}
	contain(t, stdout, "3 choices NOT KEPT: they are not in "+cache)
	contain(t, stderr, "FAILED "+firstTuned+": ", "not a directory")
	_, _, stdout, _ = tune(true, "--json")
	if n := strings.Count(stdout, `"not_kept": true`); n != 3 {
		t.Errorf("%d rows say that they are not kept, must be 3\n%s", n, stdout)
	}
}

// TestTuneTimes holds that both times of a row have all their digits: equal variants have the ratio 1.
func TestTuneTimes(t *testing.T) {
	same := tuning.Candidate{Algorithm: "direct/t32", Samples: []time.Duration{1999}, Build: 1500}
	row := tuneRow{}
	row.tuned(tuning.Result{Default: "direct/t32", Candidates: []tuning.Candidate{same},
		Choice: tuning.Choice{Algorithm: "direct/t32", Millis: 0.001999}})
	if row.DefaultMillis != 0.001999 || row.BuildMillis != 0.0015 {
		t.Errorf("%+v, must take 1,999 ns and be built in 1,500", row)
	}
	contain(t, row.String(), "\t1.00\t")
}

// TestBrokenCache holds that a broken tuning file is a warning, not the end.
func TestBrokenCache(t *testing.T) {
	hosttest.Open(t)
	for _, args := range [][]string{{"run", firstTuned}, {"tune", "--list"}} {
		cache := filepath.Join(t.TempDir(), "t.json")
		if err := os.WriteFile(cache, []byte("scribble"), 0o644); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := gpuconv(append(args, "--cache", cache)...)
		if code != exitFine {
			t.Errorf("gpuconv %v: exit %d\n%s", args, code, stderr)
		}
		contain(t, stderr, "WARNING: ", cache+".broken now")
	}
}

// TestTunedRepro holds that the command that shows a failure again names the algorithm that was tuned.
func TestTunedRepro(t *testing.T) {
	dev := hosttest.Open(t)
	var f runFlags
	newApp(nil, nil).rootCommand(&f)
	j, err := f.job(nil)
	if err == nil {
		t.Fatal("a job of nothing")
	}
	if j.problem, err = conv.Parse(firstTuned); err != nil {
		t.Fatal(err)
	}
	contain(t, j.repro(dev, runReport{Algorithm: "shared/64x64x16_v4", Tuned: true}),
		" --algorithm shared/64x64x16_v4 ")
	if command := j.repro(dev, runReport{Algorithm: "direct/t32"}); strings.Contains(command, "--algorithm") {
		t.Errorf("%s names what the rules choose", command)
	}
}

// TestTuneKinds holds that gradients and layers of int8 and float16 are tuned and kept apart, and that run takes what
// was chosen.
func TestTuneKinds(t *testing.T) {
	hosttest.Open(t)
	cache := filepath.Join(t.TempDir(), "t.json")
	tune := []string{"tune", "--suite", suite(t), "--match", "third", "--budget", "50ms", "--cache", cache}
	out := succeed(t, append(tune, "--backward")...)
	contain(t, out, "third dX", "third dW", "3 choices kept")
	contain(t, succeed(t, append(tune, "--dtype", "float16")...), "1 choices kept")
	contain(t, succeed(t, append(tune, "--dtype", "int8")...), "1 choices kept")
	contain(t, succeed(t, append(tune, "--backward")...), "third dW", "kept from")
	contain(t, succeed(t, "tune", "--list", "--cache", cache), "5 choices", "ic8ih3oc8kh1+transposed",
		"ic8ih3oc8kh1 dW", "float16", "int8")
	contain(t, succeed(t, "run", thirdTuned, "--cache", cache, "--dtype", "int8"), ", tuned")
	contain(t, succeed(t, "run", thirdTuned, "--cache", cache, "--backward"), "dX by", "dW by")
	for _, c := range [][]string{{"--list", "--backward"}, {"--suite", "core", "--backward", "--dtype", "int8"}} {
		code, _, stderr := gpuconv(append([]string{"tune"}, c...)...)
		if contain(t, stderr, "--backward"); code != exitUsage {
			t.Errorf("%v: exit %d", c, code)
		}
	}
}

// TestRunSaysWhy holds that run tells why the direct algorithm computes something.
func TestRunSaysWhy(t *testing.T) {
	hosttest.Open(t)
	contain(t, succeed(t, "run", "ic4ih5oc4kh3", "--algorithm", "direct", "--json"),
		`"why_direct": "it was asked for"`)
	contain(t, succeed(t, "run", "ic4ih5oc4kh3", "--threads", "64", "--backward"),
		"dX by     direct/t64: the number of threads was given", "dW by     direct/t64: the number")
	contain(t, succeed(t, "run", "ic4ih5oc4kh3", "--algorithm", "direct", "--dtype", "int8"),
		"direct/t32: it was asked")
	if out := succeed(t, "run", "ic4ih5oc4kh3", "--backward", "--json"); strings.Contains(out, "why_direct") ||
		strings.Count(out, `"algorithm"`) != 2 {
		t.Error(out)
	}
}
