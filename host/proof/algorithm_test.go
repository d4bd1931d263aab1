package proof_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// TestWithAlgorithm holds that a series of cases has some of every algorithm, each case one that serves it
// and always the same, and that nothing else of a case changes.
func TestWithAlgorithm(t *testing.T) {
	dev := hosttest.Open(t)
	counts := map[string]int{}
	for i := range 2000 {
		before := proof.Draw(2, i)
		c := before.WithAlgorithm(dev)
		if again := before.WithAlgorithm(dev); again.Options.Algorithm != c.Options.Algorithm ||
			(c.Options.Algorithm == "") != (c.Options.Threads != 0) {
			t.Fatalf("case %d is by %q, then by %q", i, c.Options.Algorithm, again.Options.Algorithm)
		}
		if c.Options.Algorithm == "" {
			continue
		}
		if got := c.WithAlgorithm(dev); got.Options.Algorithm != c.Options.Algorithm {
			t.Errorf("case %d is by %s, though it names %s", i, got.Options.Algorithm, c.Options.Algorithm)
		}
		options := c.Options
		options.Slopes, options.Exact = make([]float32, len(mustData(t, c).Slopes)), c.Mode == cpuref.Exact
		list, err := host.Algorithms(dev, c.Problem, options)
		if q := mustData(t, c).Quantized; q != nil {
			list, err = host.QuantizedAlgorithms(dev, c.Problem, q.Filters, q.Options)
		}
		if err != nil || !slices.ContainsFunc(list,
			func(a host.Algorithm) bool { return host.AlgorithmName(a) == c.Options.Algorithm }) {
			t.Errorf("case %d is by %s, which does not serve it: %v", i, c.Options.Algorithm, err)
		}
		if !strings.HasSuffix(c.Repro(dev), before.Repro(dev)[strings.Index(before.Repro(dev), " --backend"):]) ||
			!strings.Contains(c.Repro(dev), " --algorithm "+c.Options.Algorithm+" ") {
			t.Errorf("case %d: %s", i, c.Repro(dev))
		}
		if (c.Options.FilterGradient != "") != c.Backward {
			t.Errorf("case %d has dW by %q", i, c.Options.FilterGradient)
		}
		if c.Options.Algorithm, c.Options.FilterGradient = "", ""; text(c) != text(before) {
			t.Errorf("case %d is %s, was %s", i, text(c), text(before))
		}
		for _, row := range proof.Rows(before.WithAlgorithm(dev)) {
			counts[row]++
		}
	}
	rows := proof.AlgorithmRows()
	if len(rows) < 3 ||
		slices.ContainsFunc(proof.AllRows(), func(r string) bool { return strings.HasPrefix(r, "algorithm") }) {
		t.Errorf("rows %q", rows)
	}
	for _, row := range rows {
		if counts[row] < 3 {
			t.Errorf("%s: %d times, must be 3 or more", row, counts[row])
		}
	}
}

func mustData(t *testing.T, c proof.Case) proof.Operands {
	t.Helper()
	o, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestNoAlgorithm holds that the CPU reference's cases have none.
func TestNoAlgorithm(t *testing.T) {
	dev, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	for i := range 20 {
		if c := proof.Draw(2, i).WithAlgorithm(dev); c.Options.Algorithm != "" {
			t.Errorf("case %d is by %s", i, c.Options.Algorithm)
		}
	}
}
