package bench_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
)

// TestRank holds the order, by geometric mean over what all sides have.
func TestRank(t *testing.T) {
	sides := []bench.Side{
		{Name: "slow", Runs: []bench.File{file(result("ic1ih4oc1kh1", "one", 8), result("ic1ih5oc1kh1", "two", 1),
			result("ic1ih6oc1kh1", "alone", 1e-9))}},
		{Name: "fast", Runs: []bench.File{file(result("ic1ih5oc1kh1", "", 2), result("ic1ih4oc1kh1", "", 1),
			bench.Result{Problem: "ic1ih4oc1kh1", Name: "broken", Error: "it broke"})}},
		{Name: "middle", Runs: []bench.File{file(result("ic1ih4oc1kh1", "", 2), result("ic1ih5oc1kh1", "", 2))}},
	}
	sides[2].Runs[0].Results[0].Verified = false
	r := bench.Rank(sides)
	if !slices.Equal(r.Layers, []string{"one", "two"}) || !slices.Equal(r.Left, []string{"alone"}) ||
		len(r.Failed) != 1 || r.Clock != "wall" || len(r.Notes) != 0 {
		t.Errorf("%+v", r)
	}
	for i, want := range []struct {
		name           string
		time           float64 // geometric mean
		least          float64
		slowest        string
		wins, verified int
	}{{"fast", math.Sqrt(2), 0.5, "two", 1, 2}, {"middle", 2, 0.5, "one", 0, 1},
		{"slow", math.Sqrt(8), 0.125, "one", 1, 2}} {
		p := r.Places[i]
		if p.Name != want.name || math.Abs(p.Speed-math.Sqrt(2)/want.time) > 1e-12 || p.Least != want.least ||
			p.Slowest != want.slowest || p.Wins != want.wins || p.Verified != want.verified {
			t.Errorf("place %d is %+v, want %+v", i+1, p, want)
		}
	}
	var out strings.Builder
	if err := bench.WriteRanking(&out, r); err != nil || !strings.Contains(out.String(), "not in all files: alone") ||
		!strings.Contains(out.String(), "failed: broken in fast: it broke") {
		t.Errorf("%v\n%s", err, &out)
	}
}

// TestRankNothing holds that there are no places where no layer is common.
func TestRankNothing(t *testing.T) {
	r := bench.Rank([]bench.Side{{Name: "a", Runs: []bench.File{file(result("ic1ih4oc1kh1", "", 1))}},
		{Name: "b", Runs: []bench.File{file(result("ic1ih5oc1kh1", "", 1))}}})
	if len(r.Places) != 0 || len(r.Left) != 2 {
		t.Errorf("%+v", r)
	}
}

// TestRankPeer holds that times without transfers beside a peer's are said to be so.
func TestRankPeer(t *testing.T) {
	peer := file(result("ic1ih4oc1kh1", "", 1))
	peer.Results[0].Clock = bench.ClockPeer
	r := bench.Rank([]bench.Side{{Name: "ours", Runs: []bench.File{file(result("ic1ih4oc1kh1", "", 1))}},
		{Name: "theirs", Runs: []bench.File{peer}}})
	if r.Clock != bench.ClockWhole || len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "ours has") {
		t.Errorf("%+v", r)
	}
}
