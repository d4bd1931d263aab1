package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
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
	code, stdout, stderr := gpuconv("bench", "--backend", "cpu", "--algorithm", "magic", "ic2ih5oc3kh3")
	if code != exitFailed {
		t.Errorf("exit %d, want %d", code, exitFailed)
	}
	contain(t, stdout, "FAILED", `algorithm "magic"`, "again: ", "gpuconv bench --no-ceilings --algorithm magic --backend cpu --seed 1 'ic2ih5oc3kh3'")
	contain(t, stderr, "1 of 1 results failed")
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
