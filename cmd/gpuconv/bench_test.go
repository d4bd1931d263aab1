package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/host/hosttest"
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
	args := []string{"bench", "--suite", suite, "--match", "ti.y", "--budget", "2ms", "--rounds", "3", "--algorithm", "direct", "--output-json", file("r.json"), "--csv", file("r.csv"), "--html", file("r.html")}
	contain(t, succeed(t, args...), dev.GPU().Info().Name, "ceilings", "GB/s", "tiny", "direct", "right, ", "1 results, 0 failed", "of the arithmetic ceiling")
	r, err := bench.ReadFile(file("r.json"))
	if err != nil {
		t.Fatal(err)
	}
	if one := r.Results[0]; len(r.Results) != 1 || one.Problem != benchLayer || one.Count != 2 || !one.Verified || one.PercentOfPeak <= 0 || one.Cold == nil || len(one.Time.Rounds) != 3 || r.Settings.Rounds != 3 || r.Ceilings == nil || r.Settings.Match != "ti.y" || r.Adapter.Name != dev.GPU().Info().Name {
		t.Errorf("%+v", r)
	}
	for name, words := range map[string]string{"r.csv": "tiny,", "r.html": "<svg"} {
		if data, err := os.ReadFile(file(name)); err != nil || !strings.Contains(string(data), words) {
			t.Errorf("%s: %v\n%.300s", name, err, data)
		}
	}
	contain(t, succeed(t, "compare", file("r.json"), file("r.json")), "tiny", "1.000", "geometric mean of 1")
	contain(t, succeed(t, "compare", file("r.json"), file("r.json"), "--", file("r.json"), file("r.json")), "r.json: ", "and 1 more", "1.000 to 1.000")
	var c bench.Comparison
	if err := json.Unmarshal([]byte(succeed(t, "compare", "--json", file("r.json"), file("r.json"))), &c); err != nil || len(c.Rows) != 1 || c.Rows[0].Value != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestBenchOnReference holds that descriptors can be named and that the reference has no ceilings.
func TestBenchOnReference(t *testing.T) {
	var r bench.File
	out := succeed(t, "bench", "--backend", "cpu", "--budget", "1ms", "--json", "ic2ih5oc3kh3", "ic1ih4oc1kh1")
	if err := json.Unmarshal([]byte(out), &r); err != nil || len(r.Results) != 2 || r.Ceilings != nil || r.Adapter.Backend != "cpu" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestBenchFails holds that a result that failed ends with exit code 1 and says how to see it again.
func TestBenchFails(t *testing.T) {
	hosttest.Open(t)
	code, stdout, stderr := gpuconv("bench", "--no-ceilings", "--budget", "1ms", "--algorithm", "winograd2", "ic2ih5oc3kh3", "ic2ih5oc3kh1")
	if code != exitFailed {
		t.Errorf("exit %d, want %d", code, exitFailed)
	}
	contain(t, stdout, "FAILED", "algorithm winograd2", "again: ", "gpuconv bench --no-ceilings --algorithm winograd2 --backend ", " --seed 1 'ic2ih5oc3kh1'")
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
			t.Errorf("%v: exit %d after %d turns, want %d, none and %q\n%s%s", c.args, code, turns, exitUsage, c.words, stdout, stderr)
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
		{[]string{"bench", "--csv", "--html"}, "--csv --html: must be a file"},
		{[]string{"bench", "--json", "--csv", "-"}, "only one of them"},
		{[]string{"bench", "--suite", "core", "--json", "r.json"}, "--output-json r.json writes them"},
		{[]string{"bench", "--html", "/nowhere/at/all.html"}, "no folder /nowhere/at"},
		{[]string{"compare", good}, "1 files: name two"},
		{[]string{"compare", good, good, good}, "3 files: name two, or several"},
		{[]string{"compare", good, good, "--"}, "several of each side"},
		{[]string{"compare", "--", good}, "1 files: name two"},
		{[]string{"bench", "--rounds", "0"}, "--rounds 0"},
		{[]string{"compare", good, bad}, "bad.json: schema 9"},
		{[]string{"compare", good, good}, "no layer in common"},
	} {
		code, stdout, stderr := gpuconv(c.args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.words) {
			t.Errorf("gpuconv %s: exit %d, want %d and %q\n%s%s", strings.Join(c.args, " "), code, exitUsage, c.words, stdout, stderr)
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
	}{{syscall.SIGINT, 3, 2}, {syscall.SIGTERM, 3, 2}, {syscall.SIGINT, 0, 0}, {syscall.SIGTERM, 1, 1}, {syscall.SIGTERM, 0, 0}} {
		const before = "the results of another day"
		if err := os.WriteFile(file, []byte(before), 0o644); err != nil {
			t.Fatal(err)
		}
		interrupt := func(a *app) {
			a.turn = func(ctx context.Context, turn bench.Turn) {
				if turn.Number == c.turn {
					syscall.Kill(os.Getpid(), c.signal)
					<-ctx.Done()
				}
			}
		}
		code, stdout, stderr := hooked(interrupt, "bench", "--backend", "cpu", "--budget", "1ms", "--output-json", file, `ic1ih4oc1kh1n"first"`, `ic1ih5oc1kh1n"second"`)
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
		if r, err := bench.ReadFile(file); err != nil || !r.Interrupted || len(r.Results) != c.results || !r.Results[0].Verified {
			t.Errorf("%v in turn %d: %+v, %v", c.signal, c.turn, r, err)
		}
	}
}
