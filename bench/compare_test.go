package bench_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
)

func around(v float64) []float64 {
	return []float64{0.98 * v, 0.99 * v, v, v, 1.01 * v, 1.02 * v, 1.03 * v}
}

func TestCompare(t *testing.T) {
	a := file(result("ic1ih4oc1kh1", "faster", around(8)...), result("ic1ih5oc1kh1", "noise", around(3)...),
		result("ic1ih6oc1kh1", "slower", around(1)...),
		result("ic1ih7oc1kh1", "gone", 1), result("ic1ih9oc1kh1", "few", 2, 2, 2))
	b := file(result(`g1mb1ic1ih4iw4oh4oc1kh1n"other name"`, "", around(2)...),
		result("ic1ih5oc1kh1", "", around(3.01)...), result("ic1ih6oc1kh1", "", around(2)...),
		result("ic1ih8oc1kh1", "new", 1), result("ic1ih9oc1kh1", "", around(1)...),
		bench.Result{Problem: "ic1ih4oc1kh1", Name: "broken", Error: "it broke"})
	c := compare(a, b)
	want := map[string]struct {
		ratio   float64
		verdict bench.Verdict
	}{"faster": {4, bench.Faster}, "noise": {3 / 3.01, bench.Noise}, "slower": {0.5, bench.Slower},
		"few": {2, bench.Unknown}}
	if len(c.Rows) != len(want) {
		t.Fatalf("%d rows: %+v", len(c.Rows), c.Rows)
	}
	product := 1.0
	for _, r := range c.Rows {
		w := want[r.Name]
		product *= r.Value
		if math.Abs(r.Value-w.ratio) > 1e-12 || r.Verdict != w.verdict || r.Clock != "wall" {
			t.Errorf("%+v, want %+v", r, w)
		}
		if (r.Interval == nil) != (w.verdict == bench.Unknown) || r.Interval != nil &&
			(r.Interval[0] > r.Value || r.Interval[1] < r.Value || r.Interval[1]-r.Interval[0] > 0.2*r.Value) {
			t.Errorf("%s: ratio %g in %v", r.Name, r.Value, r.Interval)
		}
	}
	if !slices.Equal(c.OnlyA, []string{"gone"}) || !slices.Equal(c.OnlyB, []string{"new"}) || len(c.Failed) != 1 ||
		!strings.Contains(c.Failed[0], "broken in new: it broke") {
		t.Errorf("only %v, only %v, failed %v", c.OnlyA, c.OnlyB, c.Failed)
	}
	if c.Mean == nil || math.Abs(c.Mean.Value-math.Pow(product, 0.25)) > 1e-12 || c.Mean.Interval != nil {
		t.Errorf("mean %+v", c.Mean)
	}
	sampled := compare(file(a.Results[:3]...), file(b.Results[:3]...)).Mean
	if sampled.Interval == nil || sampled.Interval[0] > sampled.Value || sampled.Interval[1] < sampled.Value {
		t.Errorf("mean of what has samples %+v", sampled)
	}
	if again := compare(a, b); *again.Rows[0].Interval != *c.Rows[0].Interval {
		t.Error("the same files compare differently")
	}
	if none := compare(file(), b); none.Mean != nil || len(none.OnlyB) != 5 {
		t.Errorf("nothing in common: %+v", none)
	}
}

// TestCommonClock holds that times of two clocks are never divided where there is a common one, and that
// of several algorithms the fastest counts.
func TestCommonClock(t *testing.T) {
	gpu, slow, wall := result("ic1ih4oc1kh1", "", 1), result("ic1ih4oc1kh1", "", 7), result("ic1ih4oc1kh1", "", 3)
	gpu.Clock, gpu.Wall, gpu.Algorithm = "gpu", times(6), "winograd"
	c := compare(file(slow, gpu), file(wall))
	if r := c.Rows[0]; len(c.Rows) != 1 || r.Clock != "wall" || r.Value != 2 || r.AlgorithmA != "winograd" {
		t.Errorf("%+v", c.Rows)
	}
}

const peerJSON = `{"peer": "onnxruntime cpu", "results": [{
	"problem": "ic1ih4oc1oh4kh1ph0n\"x\"", "name": "x",
	"first_ms": 3.5, "median_ms": 12, "min_ms": 0.5, "gflops": 17
}]}`

// TestPeer holds that a peer's times, which have the transfers in them, are held against ours with them.
func TestPeer(t *testing.T) {
	peer, err := bench.Read(strings.NewReader(peerJSON), "ort.json")
	if err != nil {
		t.Fatal(err)
	}
	ours := result("ic1ih4oc1kh1", "x", around(1)...)
	ours.Transfers = &bench.Transfers{Upload: times(1), Download: times(1), Whole: times(around(3)...)}
	c := compare(peer, file(ours))
	if r := c.Rows[0]; r.Value != 4 || r.Clock != bench.ClockWhole || r.Interval != nil ||
		r.Verdict != bench.Unknown || r.AlgorithmA != "onnxruntime cpu" {
		t.Errorf("%+v", r)
	}
	if back := compare(file(ours), peer); back.Rows[0].Value != 0.25 {
		t.Errorf("the other way round %+v", back.Rows[0])
	}
}

// TestSeveralRuns holds that runs of one side are taken together, run by run, and what is said about sides
// whose intervals cannot know all.
func TestSeveralRuns(t *testing.T) {
	at := func(date string, ms float64) bench.File {
		f := file(result("ic1ih4oc1kh1", "x", ms), result("ic1ih5oc1kh1", "y", 1))
		f.Date = date
		return f
	}
	runs := func(files ...bench.File) bench.Side { return bench.Side{Runs: files} }
	a, b := runs(at("2026-01-01T10:00:00Z", 2), at("2026-01-01T12:00:00Z", 2.2)),
		runs(at("2026-01-01T11:00:00Z", 1), at("2026-01-01T13:00:00Z", 1.1))
	c := bench.Compare(a, b)
	if r := c.Rows[0]; math.Abs(r.A-math.Sqrt(2*2.2)) > 1e-12 || math.Abs(r.Value-2) > 1e-12 || r.Interval == nil ||
		r.Verdict != bench.Faster || c.RunsA != 2 || len(c.Notes) != 0 {
		t.Errorf("%+v", c)
	}
	// Welch of two and two: t(2) = 4.3027, of variances of (log 1.1)^2 / 2 / 2 each.
	if want := 2 * math.Exp(4.3027*math.Log(1.1)/math.Sqrt2); math.Abs(c.Rows[0].Interval[1]/want-1) > 1e-4 {
		t.Errorf("interval %v, must end at %g", *c.Rows[0].Interval, want)
	}
	// The mean over layers of each run has half of that spread.
	if want := math.Sqrt2 * math.Exp(4.3027*math.Log(1.1)/2/math.Sqrt2); math.Abs(c.Mean.Interval[1]/want-1) > 1e-4 {
		t.Errorf("mean's interval %v, must end at %g", *c.Mean.Interval, want)
	}
	a.Runs[1].Date = "2026-01-01T10:30:00Z"
	if c := bench.Compare(a, b); len(c.Notes) != 1 ||
		!strings.Contains(c.Notes[0], "all runs of one side came before") {
		t.Errorf("sides one after the other: %q", c.Notes)
	}
	lacking := runs(a.Runs[0], at("", 1))
	lacking.Runs[1].Results = lacking.Runs[1].Results[:1]
	if c := bench.Compare(lacking, b); len(c.Rows) != 2 || c.Rows[0].Interval == nil || c.Rows[1].Interval != nil ||
		c.Mean.Interval != nil {
		t.Errorf("a run without a layer: %+v", c)
	}
	old := runs(file(result("ic1ih4oc1kh1", "x", around(1)...)))
	if c := bench.Compare(old, b); len(c.Notes) != 2 || !strings.Contains(c.Notes[0], "one run cannot show") ||
		!strings.Contains(c.Notes[1], "A was not measured in 3 rounds or more") {
		t.Errorf("one run without rounds: %q", c.Notes)
	}
}

// TestInterval holds an interval of rounds of unlike length against figures worked out from their medians
// 2, 2.2 and 1.8, and the clock's ticks of a tenth of the time.
func TestInterval(t *testing.T) {
	r := result("ic1ih4oc1kh1", "x", 2, 2, 2, 2, 2, 2.2, 1.8)
	r.Time.Median, r.Time.Rounds = 2, []int{5, 1, 1}
	c := compare(file(r), file(r))
	mean := (math.Log(2) + math.Log(2.2) + math.Log(1.8)) / 3
	variance := (math.Pow(math.Log(2)-mean, 2) + math.Pow(math.Log(2.2)-mean, 2) + math.Pow(math.Log(1.8)-mean, 2)) / 2
	want := math.Exp(2.77645 * math.Sqrt(2*(4./3)*(variance+0.1*0.1/12))) // t(4)
	if got := c.Rows[0].Interval; got == nil || math.Abs(got[1]/want-1) > 1e-4 || math.Abs(got[0]*want-1) > 1e-4 {
		t.Errorf("interval %v, want %g to %g", got, 1/want, want)
	}
	if c.Mean.Interval == nil || *c.Mean.Interval != *c.Rows[0].Interval {
		t.Errorf("the mean of one layer has interval %v, the layer %v", c.Mean.Interval, c.Rows[0].Interval)
	}
	r.Time = times(2, 2, 2)
	r.Time.Rounds = []int{1, 2} // fewer rounds than tell a spread, and too few samples for blocks
	if c := compare(file(r), file(r)); c.Rows[0].Interval != nil || c.Rows[0].Verdict != bench.Unknown {
		t.Errorf("%+v, must have no interval", c.Rows[0])
	}
}
