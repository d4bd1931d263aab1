package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

const benchLayer = `ic2ih5oc3kh3n"tiny"`

func TestBench(t *testing.T) {
	dev := hosttest.Open(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	suite := file("suite.txt")
	if err := os.WriteFile(suite, []byte(benchLayer+" x2\nic1ih4oc1kh1n\"other\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"bench", "--suite", suite, "--match", "ti.y", "--budget", "2ms", "--rounds", "3", "--algorithm",
		"direct", "--output-json", file("r.json"), "--csv", file("r.csv"), "--html", file("r.html")}
	contain(t, succeed(t, args...), dev.GPU().Info().Name, "ceilings", "GB/s", "tiny", "direct", "right, ",
		"1 results, 0 failed", "of the arithmetic ceiling")
	r, err := bench.ReadFile(file("r.json"))
	if err != nil {
		t.Fatal(err)
	}
	if one := r.Results[0]; len(r.Results) != 1 || one.Problem != benchLayer || one.Count != 2 || !one.Verified ||
		one.PercentOfPeak <= 0 || one.Cold == nil || len(one.Time.Rounds) != 3 || r.Settings.Rounds != 3 ||
		r.Ceilings == nil || r.Settings.Match != "ti.y" || r.Adapter.Name != dev.GPU().Info().Name {
		t.Errorf("%+v", r)
	}
	for name, words := range map[string]string{"r.csv": "tiny,", "r.html": "<svg"} {
		if data, err := os.ReadFile(file(name)); err != nil || !strings.Contains(string(data), words) {
			t.Errorf("%s: %v\n%.300s", name, err, data)
		}
	}
	contain(t, succeed(t, "compare", file("r.json"), file("r.json")), "tiny", "1.000", "geometric mean of 1")
	contain(t, succeed(t, "compare", "--rank", file("r.json"), file("r.json")), "place", "1.000", "1 of 1")
	contain(t, succeed(t, "compare", file("r.json"), file("r.json"), "--", file("r.json"), file("r.json")), "r.json: ",
		"and 1 more", "1.000 to 1.000")
	var c bench.Comparison
	if err := json.Unmarshal([]byte(succeed(t, "compare", "--json", file("r.json"), file("r.json"))),
		&c); err != nil || len(c.Rows) != 1 || c.Rows[0].Value != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestBenchOnReference holds that descriptors can be named and that the reference has no ceilings.
func TestBenchOnReference(t *testing.T) {
	var r bench.File
	out := succeed(t, "bench", "--backend", "cpu", "--budget", "1ms", "--json", "ic2ih5oc3kh3", "ic1ih4oc1kh1")
	if err := json.Unmarshal([]byte(out), &r); err != nil || len(r.Results) != 2 || r.Ceilings != nil ||
		r.Adapter.Backend != "cpu" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestBenchFails holds that a result that failed ends with exit code 1 and says how to see it again.
func TestBenchFails(t *testing.T) {
	hosttest.Open(t)
	code, stdout, stderr := gpuconv("bench", "--no-ceilings", "--budget", "1ms", "--algorithm", "winograd2",
		"ic2ih5oc3kh3", "ic2ih5oc3kh1")
	if code != exitFailed {
		t.Errorf("exit %d, want %d", code, exitFailed)
	}
	contain(t, stdout, "FAILED", "algorithm winograd2", "again: ",
		"gpuconv bench --no-ceilings --algorithm winograd2 --backend ", " --seed 1 'ic2ih5oc3kh1'")
	contain(t, stderr, "1 of 2 results failed")
}

// TestBenchAlgorithms holds that an algorithm that computes nothing is bad usage, before anything is
// measured.
func TestBenchAlgorithms(t *testing.T) {
	hosttest.Open(t)
	for _, c := range []struct {
		args  []string
		words string
	}{
		{[]string{"--algorithm", "foo"}, "--algorithm foo: must be one of direct"},
		{[]string{"--algorithm", "direct,foo"}, "--algorithm foo: must be one of direct"},
		{[]string{"--algorithm", "all/foo"}, "--algorithm all/foo: must be one of direct"},
		{[]string{"--algorithm", "direct,"}, "--algorithm is empty"},
		{[]string{"--algorithm", "direct/foo"}, "--algorithm direct/foo computes none of the layers"},
		{[]string{"--algorithm", "winograd2"}, "--algorithm winograd2 computes none of the layers"},
		{[]string{"--algorithm", "all", "--backend", "cpu"}, "this is the CPU reference: leave --algorithm out"},
	} {
		turns := 0
		count := func(a *app) { a.turn = func(context.Context, bench.Turn) { turns++ } }
		code, stdout, stderr := hooked(count, append([]string{"bench", "ic2ih5oc3kh1"}, c.args...)...)
		if code != exitUsage || stdout != "" || turns != 0 || !strings.Contains(stderr, c.words) {
			t.Errorf("%v: exit %d after %d turns, want %d, none and %q\n%s%s", c.args, code, turns, exitUsage, c.words,
				stdout, stderr)
		}
	}
}

func TestBenchRefuses(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.json")
	good := filepath.Join(dir, "good.json")
	for name, text := range map[string]string{bad: `{"schema":9}`, good: `{"schema":1,"results":[]}`} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args  []string
		words string
	}{
		{[]string{"bench", "--suite", "lenet"}, `"lenet"`},
		{[]string{"bench", "--suite", "core", "ic1ih3oc1kh1"}, "--suite core and descriptors"},
		{[]string{"bench", "ic1ih3oc1kh9"}, "does not fit"},
		{[]string{"bench", "--match", "("}, "--match ("},
		{[]string{"bench", "--match", "nothing"}, "none of the 22 layers"},
		{[]string{"bench", "--budget", "0s"}, "--budget 0s"},
		{[]string{"bench", "--warmup", "-1"}, "--warmup -1"},
		{[]string{"bench", "--percentiles", "101"}, "--percentiles 101: must be from 0 to 100"},
		{[]string{"bench", "--percentiles", "NaN"}, "--percentiles NaN"},
		{[]string{"bench", "--markdown", "-", "--csv", "-"}, "only one of them"},
		{[]string{"bench", "--csv", "--html"}, "--csv --html: must be a file"},
		{[]string{"bench", "--json", "--csv", "-"}, "only one of them"},
		{[]string{"bench", "--suite", "core", "--json", "r.json"}, "--output-json r.json writes them"},
		{[]string{"bench", "--html", "/nowhere/at/all.html"}, "no folder /nowhere/at"},
		{[]string{"compare", good}, "1 files: name two"},
		{[]string{"compare", "--rank", good}, "requires at least 2"},
		{[]string{"compare", "--rank", good, bad}, "bad.json: schema 9"},
		{[]string{"compare", "--rank", good, good}, "no layer in common"},
		{[]string{"compare", good, good, good}, "3 files: name two, or several"},
		{[]string{"compare", good, good, "--"}, "several of each side"},
		{[]string{"compare", "--", good}, "1 files: name two"},
		{[]string{"bench", "--rounds", "0"}, "--rounds 0"},
		{[]string{"compare", good, bad}, "bad.json: schema 9"},
		{[]string{"compare", good, good}, "no layer in common"},
	} {
		code, stdout, stderr := gpuconv(c.args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.words) {
			t.Errorf("gpuconv %s: exit %d, want %d and %q\n%s%s", strings.Join(c.args, " "), code, exitUsage, c.words,
				stdout, stderr)
		}
	}
}

// TestBenchInterrupted sends real signals: what was measured is kept, and a file is replaced by no less.
func TestBenchInterrupted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.json")
	for _, c := range []struct {
		signal  syscall.Signal
		turn    int // of which the signal comes
		results int
	}{{syscall.SIGINT, 3, 2}, {syscall.SIGTERM, 3, 2}, {syscall.SIGINT, 0, 0}, {syscall.SIGTERM, 1, 1},
		{syscall.SIGTERM, 0, 0}} {
		const before = "the results of another day"
		if err := os.WriteFile(file, []byte(before), 0o644); err != nil {
			t.Fatal(err)
		}
		interrupt := func(a *app) {
			a.turn = func(ctx context.Context, turn bench.Turn) {
				if turn.Number != c.turn {
					return
				}
				self, err := os.FindProcess(os.Getpid())
				if err == nil {
					err = self.Signal(c.signal)
				}
				if err != nil {
					t.Fatal(err)
				}
				<-ctx.Done()
			}
		}
		code, stdout, stderr := hooked(interrupt, "bench", "--backend", "cpu", "--budget", "1ms", "--output-json",
			file, `ic1ih4oc1kh1n"first"`, `ic1ih5oc1kh1n"second"`)
		if code != exitFailed {
			t.Errorf("%v in turn %d: exit %d, want %d", c.signal, c.turn, code, exitFailed)
		}
		if c.results == 0 {
			contain(t, stdout, "no layer was measured")
			contain(t, stderr, "interrupted before a layer was measured: nothing was written to "+file)
			if now, err := os.ReadFile(file); err != nil || string(now) != before {
				t.Errorf("%v in turn %d: nothing took the place of results: %s, %v", c.signal, c.turn, now, err)
			}
			continue
		}
		contain(t, stdout, "first", "interrupted: ")
		contain(t, stderr, fmt.Sprintf("interrupted after %d results, which were kept", c.results))
		if r, err := bench.ReadFile(file); err != nil || !r.Interrupted || len(r.Results) != c.results ||
			!r.Results[0].Verified {
			t.Errorf("%v in turn %d: %+v, %v", c.signal, c.turn, r, err)
		}
	}
}

// TestBenchRows holds that a layer's row is printed when its last round is over, before the next layer's
// turn, and each result has one row, interrupted or not.
func TestBenchRows(t *testing.T) {
	for interruptAt, want := range map[int][]string{-1: {"first", "second"}, 3: {"first", "second"},
		2: {"first", "second"}, 1: {"first"}} {
		var out, errs bytes.Buffer
		a := newApp(&out, &errs)
		a.turn = func(ctx context.Context, turn bench.Turn) {
			if rows := strings.Contains(out.String(), "first"); rows != (turn.Number == 3) {
				t.Errorf("turn %d: the first layer's row is there: %v\n%s", turn.Number, rows, &out)
			}
			if !strings.HasPrefix(out.String(), "device ") {
				t.Errorf("turn %d: no device in\n%s", turn.Number, &out)
			}
			if turn.Number == interruptAt {
				self, err := os.FindProcess(os.Getpid())
				if err == nil {
					err = self.Signal(os.Interrupt)
				}
				if err != nil {
					t.Fatal(err)
				}
				<-ctx.Done()
			}
		}
		a.commandLine([]string{"bench", "--backend", "cpu", "--rounds", "2", "--budget", "1ms", `ic1ih4oc1kh1n"first"`,
			`ic1ih5oc1kh1n"second"`})
		var rows []string
		for _, line := range strings.Split(out.String(), "\n") {
			if name, _, _ := strings.Cut(line, " "); name == "first" || name == "second" {
				rows = append(rows, name)
			}
		}
		if !slices.Equal(rows, want) {
			t.Errorf("interrupted in turn %d: rows %v, want %v\n%s%s", interruptAt, rows, want, &out, &errs)
		}
	}
}

// TestBenchNames holds that each row of all algorithms names its algorithm with the variant.
func TestBenchNames(t *testing.T) {
	dev := hosttest.Open(t)
	file := filepath.Join(t.TempDir(), "r.md")
	out := succeed(t, "bench", "--no-ceilings", "--budget", "1ms", "--rounds", "1", "--algorithm", "all",
		"--percentiles", "5,95", "--markdown", file, "ic2ih5oc3kh3")
	p, err := conv.Parse("ic2ih5oc3kh3")
	if err != nil {
		t.Fatal(err)
	}
	names := bench.NewDevice(dev).Algorithms(p)
	written, err := os.ReadFile(file)
	if err != nil || len(names) < 3 {
		t.Fatal(names, err)
	}
	contain(t, string(written), "| layer | median | p5 | p95 |", "images/s")
	for _, name := range names {
		if n := strings.Count(out, "  "+name+"\n"); n != 1 {
			t.Errorf("%d rows end in %s:\n%s", n, name, out)
		}
		contain(t, strings.ReplaceAll(string(written), `\_`, "_"), " "+name+" |")
	}
}

// TestBenchDispatches holds that --dispatches shows what the computation is made of.
func TestBenchDispatches(t *testing.T) {
	dev := hosttest.Open(t)
	args := []string{"bench", "--no-ceilings", "--budget", "1ms", "--rounds", "1", "--dispatches", "ic8ih9oc8kh3"}
	if bench.NewDevice(dev).Timestamps() {
		contain(t, succeed(t, append(args, "--algorithm", "winograd2")...), "  dispatch 1", "  dispatch 2",
			"winograd2/")
	}
	code, stdout, stderr := gpuconv(append(args, "--backend", "cpu")...)
	if code != exitUsage || stdout != "" {
		t.Errorf("exit %d, want %d: %s", code, exitUsage, stdout)
	}
	contain(t, stderr, "--dispatches: the CPU reference (no GPU) has no clock of its own")
}

// TestBenchCeilings holds that ceilings are measured alone.
func TestBenchCeilings(t *testing.T) {
	dev := hosttest.Open(t)
	file := filepath.Join(t.TempDir(), "r.json")
	contain(t, succeed(t, "bench", "--ceilings", "--output-json", file), dev.GPU().Info().Name, "GFLOP/s", "GB/s")
	want := map[bool]string{true: "gpu", false: "wall"}[bench.NewDevice(dev).Timestamps()]
	if r, err := bench.ReadFile(file); err != nil || len(r.Results) != 0 ||
		r.Ceilings == nil || r.Ceilings.GFLOPS <= 0 || r.Ceilings.GBs <= 0 || r.Ceilings.Clock != want {
		t.Errorf("%+v, %v, the clock must be %s", r, err, want)
	}
	for _, c := range []struct {
		args  []string
		words string
	}{
		{[]string{"ic1ih3oc1kh1"}, "leave out ic1ih3oc1kh1"},
		{[]string{"--suite", "core", "--algorithm", "direct"}, "leave out --algorithm, --suite"},
		{[]string{"--no-ceilings"}, "leave out --no-ceilings"},
		{[]string{"--csv", "-"}, "leave out --csv"},
		{[]string{"--backend", "cpu"}, "the CPU reference has none"},
	} {
		if code, stdout, stderr := gpuconv(append([]string{"bench", "--ceilings"}, c.args...)...); code != exitUsage ||
			stdout != "" || !strings.Contains(stderr, c.words) {
			t.Errorf("%v: exit %d, want %d and %q\n%s%s", c.args, code, exitUsage, c.words, stdout, stderr)
		}
	}
}

// TestTurnText holds that the layer's name comes first on the bar, which narrow terminals cut.
func TestTurnText(t *testing.T) {
	for want, turn := range map[string]bench.Turn{
		"resnet_3x3_28, round 1 of 5": {About: bench.Result{Name: "resnet_3x3_28"}},
		"resnet_3x3_28 by fourier, round 3 of 5": {
			About: bench.Result{Name: "resnet_3x3_28", Algorithm: "fourier"},
			Round: 2,
		},
	} {
		if got := turnText(turn, 5); got != want {
			t.Errorf("%q, must be %q", got, want)
		}
	}
}
