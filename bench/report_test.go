//go:build !js

package bench_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
)

// reported is a run with all that reports show.
func reported() bench.File {
	a := result("ic1ih4oc1kh1", "first <&>", 1, 2, 3)
	a.PercentOfPeak, a.PercentOfRoofline, a.Count, a.FirstRun = 25, 50, 3, 1500
	a.Cold, a.Transfers = times(4), &bench.Transfers{Upload: times(5), Download: times(6), Whole: times(7)}
	b := result("ic1ih5oc1kh1", "second", 0.5)
	b.Algorithm, b.Variant, b.PercentOfPeak, b.ImagesPerSecond = "winograd", "tile8", 4, 1234567
	f := file(a, b, bench.Result{Problem: "ic1ih6oc1kh1", Name: "third", Error: "it broke\nbadly"})
	f.Ceilings = &bench.Ceilings{GFLOPS: 1e5, GBs: 100, Clock: "gpu", PeakKernel: "peak_k", CopyKernel: "copy_k"}
	f.Interrupted = true
	return f
}

func contains(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing from:\n%s", w, text)
		}
	}
}

func TestWriteTable(t *testing.T) {
	var out bytes.Buffer
	if err := bench.WriteTable(&out, reported()); err != nil {
		t.Fatal(err)
	}
	contains(t, out.String(), "a GPU", "1e+05 GFLOP/s (peak_k)", "100 GB/s (copy_k)", "wall clock", "first <&>",
		"2 ms", "p10", "p90", "500 us", "4 ms", "7 ms", "1.5 s", "right, 12%", "winograd/tile8",
		"FAILED: it broke badly", "3 results, 1 failed; all medians together 6.5 ms", "as often as the network has it",
		"geometric mean 10% of", "interrupted")
}

// TestTableAsItComes holds that rows that come one by one make the same table, and that a narrow one leaves
// columns out and says so.
func TestTableAsItComes(t *testing.T) {
	f := reported()
	var all, whole, narrow bytes.Buffer
	if err := bench.WriteTable(&all, f); err != nil {
		t.Fatal(err)
	}
	for to, width := range map[*bytes.Buffer]int{&whole: 0, &narrow: 80} {
		var names []string
		for _, r := range f.Results {
			names = append(names, r.Name)
		}
		table := bench.NewTable(to, f, names, width)
		table.Head()
		for i, r := range f.Results {
			before := to.Len()
			if table.Row(r); !strings.Contains(to.String()[before:], r.Name) {
				t.Errorf("row %d is not there when it was written", i)
			}
		}
		if err := table.End(f); err != nil {
			t.Error(err)
		}
	}
	if whole.String() != all.String() {
		t.Errorf("row by row\n%s\nat once\n%s", &whole, &all)
	}
	contains(t, narrow.String(), "left out of a narrow terminal: n, GB/s, images/s, cold, first run, p90, p10, whole",
		"right, 12%", "2 ms", "winograd/tile8")
	_, rows, _ := strings.Cut(narrow.String(), "\n\n")
	rows, _, _ = strings.Cut(rows, "\n\n")
	for _, line := range strings.Split(rows, "\n") {
		if len(line) > 80 {
			t.Errorf("%d columns, want 80:\n%s", len(line), line)
		}
	}
}

// TestPercentiles holds that tables and CSV show the percentiles that were asked for.
func TestPercentiles(t *testing.T) {
	f := reported()
	f.Results[0].Time = times(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	f.Settings.Percentiles = []float64{0, 10, 99.5}
	var table, markdown, text bytes.Buffer
	if err := errors.Join(bench.WriteTable(&table, f), bench.WriteMarkdown(&markdown, f),
		bench.WriteCSV(&text, f)); err != nil {
		t.Fatal(err)
	}
	contains(t, strings.Join(strings.Fields(table.String()), " "), "layer median p0 p10 p99.5 n",
		"first <&> 6 ms 1 ms 1 ms 10 ms 10 ")
	contains(t, markdown.String(), "| layer | median | p0 | p10 | p99.5 | n |",
		`| first \<\&\> | 6 ms | 1 ms | 1 ms | 10 ms | 10 |`)
	contains(t, text.String(), ",p0_ms,p99.5_ms\n", ",1,10\n")
	for p, want := range map[float64]float64{-1: 1, 0: 1, 10: 1, 11: 2, 50: 5, 100: 10, 101: 10} {
		if got := f.Results[0].Time.Percentile(p); got != want {
			t.Errorf("percentile %g is %g, want %g", p, got, want)
		}
	}
	if got := (bench.Times{Median: 3}).Percentile(90); got != 3 {
		t.Errorf("percentile of no samples %g", got)
	}
}

func TestWriteMarkdown(t *testing.T) {
	f := reported()
	f.Results[1].Name = "a|b_c"
	var out bytes.Buffer
	if err := bench.WriteMarkdown(&out, f); err != nil {
		t.Fatal(err)
	}
	contains(t, out.String(), "device: a GPU", "ceilings: 1e+05 GFLOP/s", "| --- | ---: |", `| a\|b\_c | 500 us |`,
		"| 1234567 |", "winograd/tile8 |", "| third | FAILED |", "it broke badly |", "3 results, 1 failed")
	columns := 0
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.HasPrefix(line, "|") {
			n := strings.Count(line, "|") - strings.Count(line, `\|`)
			if columns == 0 {
				columns = n
			}
			if n != columns {
				t.Errorf("%d cells, the first line has %d:\n%s", n-1, columns-1, line)
			}
		}
	}
}

// TestNothingMeasured holds that a run without results says so and has no empty table.
func TestNothingMeasured(t *testing.T) {
	f := file()
	f.Ceilings, f.Interrupted = reported().Ceilings, true
	for name, write := range map[string]func(io.Writer, bench.File) error{"table": bench.WriteTable,
		"markdown": bench.WriteMarkdown} {
		var out bytes.Buffer
		if err := write(&out, f); err != nil {
			t.Fatal(err)
		}
		contains(t, out.String(), "a GPU", "100 GB/s", "no layer was measured: interrupted")
		if strings.Contains(out.String(), "median") {
			t.Errorf("%s: an empty table:\n%s", name, &out)
		}
	}
}

func TestWriteComparison(t *testing.T) {
	var out bytes.Buffer
	c := compare(file(result("ic1ih4oc1kh1", "x", around(2)...), result("ic1ih5oc1kh1", "gone", 1)),
		file(result("ic1ih4oc1kh1", "", around(1)...)))
	if err := bench.WriteComparison(&out, c); err != nil {
		t.Fatal(err)
	}
	contains(t, out.String(), "A is old", "B is new", "2.000", " to ", "B is faster", "geometric mean of 1",
		"only A has gone")
}

func TestWriteCSV(t *testing.T) {
	var out bytes.Buffer
	if err := bench.WriteCSV(&out, reported()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	cell := func(row int, name string) string {
		for i, n := range rows[0] {
			if n == name {
				return rows[row][i]
			}
		}
		return "no such column"
	}
	for _, want := range []struct {
		row        int
		name, text string
	}{{1, "name", "first <&>"}, {1, "median_ms", "2"}, {1, "p10_ms", "1"}, {1, "p90_ms", "3"}, {1, "samples", "3"},
		{1, "cold_median_ms", "4"}, {1, "upload_median_ms", "5"}, {1, "download_median_ms", "6"},
		{1, "whole_median_ms", "7"}, {1, "count", "3"}, {1, "bound_used", "0.125"}, {2, "cold_median_ms", ""},
		{2, "algorithm", "winograd"}, {3, "error", "it broke\nbadly"}, {3, "median_ms", ""}, {3, "gflops", ""},
		{3, "verified", "false"}} {
		if got := cell(want.row, want.name); got != want.text {
			t.Errorf("row %d, %s: %q, want %q", want.row, want.name, got, want.text)
		}
	}
}

// broken takes nothing.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errFake }

func TestLostOutput(t *testing.T) {
	for name, write := range map[string]func(io.Writer, bench.File) error{"table": bench.WriteTable,
		"csv": bench.WriteCSV, "markdown": bench.WriteMarkdown, "html": bench.WriteHTML} {
		if err := write(broken{}, reported()); !errors.Is(err, errFake) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
