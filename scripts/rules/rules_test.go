package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/shaders"
)

// data are the results in the tree that figures are fitted to.
func data(t *testing.T) layers {
	t.Helper()
	var files []string
	// as bench.sh names those of several algorithms
	for _, kind := range []string{"rules-*", "*-winograd", "*-large"} {
		found, err := filepath.Glob("../../results/*/" + kind + ".json")
		if err != nil || len(found) == 0 {
			t.Fatalf("no results in results/*/%s.json: %v", kind, err)
		}
		files = append(files, found...)
	}
	all, err := read(files)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFigures holds that the figures in rules.go are those that the script chooses, by the results in the tree.
func TestFigures(t *testing.T) {
	all, seen := data(t), false
	for _, software := range []bool{true, false} {
		some := all.of(software)
		if len(some) == 0 {
			continue
		}
		seen = true
		if c := choose(some, current(software)); c.better {
			t.Errorf("rules.go has %s, better is %s: speed on layers held out %.3f, %.3f",
				literal(c.before), literal(c.fitted), speed(c.stayed), speed(c.heldOut))
		}
	}
	if !seen {
		t.Error("no layers to fit to")
	}
}

// TestWrongFiguresAreSeen holds that figures which choose badly are replaced.
func TestWrongFiguresAreSeen(t *testing.T) {
	some, wrong := data(t).of(true), current(true)
	wrong.Load, wrong.Shared, wrong.Barrier = 1000, 0.01, 0.01 // chooses tiles in workgroup memory
	c := choose(some, wrong)
	if !c.better || some.loss(c.fitted) > 0.8*some.loss(c.before) {
		t.Errorf("%s stay, of which choices have the speed %.3f; fitted were %s with %.3f",
			literal(wrong), speed(some.loss(wrong)), literal(c.fitted), speed(some.loss(c.fitted)))
	}
}

// measured are layers of the core suite whose times are proportional to their costs on a machine.
func measured(t *testing.T, software bool, m algo.Machine) (all layers) {
	t.Helper()
	suite, err := os.ReadFile("../../bench/suites/core.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(suite)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		p, err := conv.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		for at, plan := range algo.Candidates(algo.Spec{Problem: p, DType: shaders.Float32}, limits(software)) {
			if (at+i)%10 != 0 { // enough, and quick
				continue
			}
			r := bench.Result{Problem: line, Name: p.Name, Algorithm: plan.Algorithm.Name(),
				Variant: plan.Algorithm.Variant(),
				Time:    &bench.Times{P10: 1e-6 * plan.Cost(m)}}
			if err := all.add("synthetic", software, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// TestFitRecovers holds that figures are found again from times that were made with them.
func TestFitRecovers(t *testing.T) {
	for _, software := range []bool{true, false} {
		known := current(software)
		for i, f := range figures(&known) {
			*f *= []float64{0.5, 1.7, 3}[i%3]
		}
		all := measured(t, software, known)
		before := current(software)
		found := fit(all, before)
		was, is := all.estimates(before), all.estimates(found)
		if is.loss > 1e-3 || is.errors > 1e-3 || was.loss < 10*is.loss || was.errors < 10*is.errors {
			t.Errorf("software %v: choices lose %g and estimates err by %g, before by %g and %g", software, is.loss,
				is.errors, was.loss, was.errors)
		}
		// The other figures are small parts of any of these costs, and so is what a GPU's workgroups share. Stores are
		// not told from finding their neurons, which a GPU has no figure for.
		names := []string{"Load", "", "", "", "", "", "Transform", "", "Shared"}
		if !software {
			names = []string{"Load", "", "", "Store", "", "", "Transform"}
		}
		for i, name := range names {
			if is, want := *figures(&found)[i], *figures(&known)[i]; name != "" &&
				math.Abs(math.Log(is/want)) > math.Log(1.25) {
				t.Errorf("software %v: %s is %g, want %g", software, name, is, want)
			}
		}
	}
}

// TestFitRepeats holds that the same results give the same figures.
func TestFitRepeats(t *testing.T) {
	all := data(t).of(true)
	if a, b := fit(all, current(true)), fit(all, current(true)); a != b {
		t.Errorf("the same results give %s and %s", literal(a), literal(b))
	}
}

// TestFolds holds that no layer is fitted to that is held out beside it, and that each is held out once.
func TestFolds(t *testing.T) {
	all := layers{{file: "a", name: "x"}, {file: "a", name: "y"}, {file: "a", name: "z"}, {file: "b", name: "y"},
		{file: "b", name: "u"}, {file: "b", name: "v"}}
	var names []string
	for fold := range folds {
		kept, held := all.fold(fold)
		if len(kept)+len(held) != len(all) || len(held) == 0 {
			t.Errorf("fold %d: %d fitted to, %d held out", fold, len(kept), len(held))
		}
		for _, name := range held.names() {
			if names = append(names, name); slices.Contains(kept.names(), name) {
				t.Errorf("fold %d: %s is held out and fitted to", fold, name)
			}
		}
	}
	if slices.Sort(names); !slices.Equal(names, []string{"u", "v", "x", "y", "z"}) {
		t.Errorf("held out were %v", names)
	}
}

// TestLoss holds the choice and what it loses against numbers by hand.
func TestLoss(t *testing.T) {
	by := func(name string, ms float64, cost func(algo.Machine) float64) candidate {
		return candidate{name, cost, ms}
	}
	all := layers{
		{name: "wrong", candidates: []candidate{by("a", 2, func(m algo.Machine) float64 { return m.Load }),
			by("b", 8, func(m algo.Machine) float64 { return m.Store })}},
		{name: "right", candidates: []candidate{by("a", 5, func(m algo.Machine) float64 { return 1 }),
			by("b", 3, func(m algo.Machine) float64 { return 0.5 })}},
	}
	if got, want := all.loss(algo.Machine{Load: 2, Store: 1}), math.Log(4)/2; math.Abs(got-want) > 1e-12 {
		t.Errorf("loss %g, want %g", got, want)
	}
	if got := all.loss(algo.Machine{Load: 1, Store: 2}); got != 0 {
		t.Errorf("loss %g of the best choices", got)
	}
}

// TestRead holds what of a file of results is read, and what is refused.
func TestRead(t *testing.T) {
	const result = `{"problem": "ic64ih56oc64kh3ph1", "name": "x",
		"algorithm": "ALGORITHM", "variant": "VARIANT", "clock": "gpu",
		"time_ms": {"samples": [SAMPLES], "median": 3, "p10": 3, "p90": 4}}`
	by := func(algorithm, variant string) string {
		return strings.NewReplacer("ALGORITHM", algorithm, "VARIANT", variant, "SAMPLES", "3, 4, 3").Replace(result)
	}
	few := strings.ReplaceAll(by("shared", "64x64x16_v4"), "3, 4, 3", "3, 4")
	direct, shared := by("direct", "t64"), by("shared", "64x64x16_v4")
	file := func(adapter string, results ...string) string {
		return `{"schema": 1, "adapter": ` + adapter + `, "results": [` + strings.Join(results, ",") + `]}`
	}
	const gpuAdapter = `{"name": "GPU", "type": "discrete"}`
	for _, c := range []struct {
		text, err string
		layers    int
	}{
		{file(gpuAdapter, direct, shared, `{"problem": "ic64ih56oc64kh3ph1", "name": "x", "error": "it broke"}`), "",
			1},
		{file(gpuAdapter, direct), "", 0},
		{file(gpuAdapter, direct, few), "", 0},
		{file(`{}`, direct, shared), "names no adapter", 0},
		{file(gpuAdapter, direct, by("magic", "t64")),
			"results[1]: ic64ih56oc64kh3ph1 by magic/t64: no such algorithm", 0},
		{file(gpuAdapter, by("depthwise", "4_v4_t64")), "must be depthwise", 0},
		{"nonsense", "no JSON of results", 0},
	} {
		name := filepath.Join(t.TempDir(), "results.json")
		if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := read([]string{name})
		if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) ||
			len(all) != c.layers {
			t.Errorf("%s: %d layers, %v; want %d, %q", c.text, len(all), err, c.layers, c.err)
		}
		if c.layers == 1 && len(all) == 1 && (len(all[0].candidates) != 2 || all[0].best() != 3 || all[0].software) {
			t.Errorf("%+v", all[0])
		}
	}
}

// TestTrim holds that trimmed results are read alike.
func TestTrim(t *testing.T) {
	files, err := filepath.Glob("../../results/2026-11-23/llvmpipe-winograd.json")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	small := filepath.Join(t.TempDir(), "small.json")
	if err := trim(files[0], small); err != nil {
		t.Fatal(err)
	}
	all, err := read(files)
	if err != nil {
		t.Fatal(err)
	}
	again, err := read([]string{small})
	if err != nil || len(all) == 0 || len(again) != len(all) || again.loss(current(true)) != all.loss(current(true)) {
		t.Errorf("%d layers, trimmed %d: %v", len(all), len(again), err)
	}
	before, _ := os.Stat(files[0])
	if after, _ := os.Stat(small); after.Size() > before.Size()/2 {
		t.Errorf("%d bytes, trimmed %d", before.Size(), after.Size())
	}
}
