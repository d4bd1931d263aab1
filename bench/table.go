package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteTable writes a run for people.
func WriteTable(w io.Writer, f File) error {
	t := &tableWriter{tabwriter.NewWriter(w, 0, 8, 2, ' ', 0), nil}
	t.row("device", f.Adapter.text())
	if c := f.Ceilings; c != nil {
		t.row("ceilings", fmt.Sprintf("%.4g GFLOP/s (%s), %.4g GB/s (%s), by the %s clock", c.GFLOPS, c.PeakKernel, c.GBs, c.CopyKernel, c.Clock))
	}
	if len(f.Results) == 0 {
		t.row("no layer was measured")
		return t.flush()
	}
	t.row("times", clocksText(f))
	t.row("")
	t.row("layer", "algorithm", "median", "p10-p90", "n", "GFLOP/s", "% peak", "% roof", "GB/s", "cold", "whole", "first run", "check")
	for _, r := range f.Results {
		t.row(r.row()...)
	}
	for _, line := range summary(f) {
		t.row(line)
	}
	return t.flush()
}

func (a Adapter) text() string {
	s := a.Name + " (" + a.Backend + ", " + a.Type + ")"
	if a.Driver != "" {
		s += ", driver " + a.Driver
	}
	return s
}

// clocksText says what the times are.
func clocksText(f File) string {
	clocks := map[string]bool{}
	for _, r := range f.Results {
		if r.Error == "" {
			clocks[r.Clock] = true
		}
	}
	clock := "no layer was measured"
	switch {
	case clocks["gpu"] && clocks["wall"]:
		clock = "of the computation, by the GPU's clock or by the wall's"
	case clocks["gpu"]:
		clock = "of the computation, warm, by the GPU's clock"
	case clocks["wall"]:
		clock = "of the computation, warm, by the wall clock"
	}
	return clock + "; cold: caches overwritten before each run; whole: with upload and download; first run: with building and compiling"
}

// row is one line of the table.
func (r Result) row() []string {
	if r.Error != "" {
		return []string{r.label(), r.Algorithm, "FAILED: " + strings.ReplaceAll(r.Error, "\n", " ")}
	}
	cells := []string{r.label(), r.Algorithm, msText(r.Time.Median), msText(r.Time.P10) + "-" + msText(r.Time.P90), fmt.Sprint(len(r.Time.Samples)),
		fmt.Sprintf("%.3g", r.GFLOPS), percent(r.PercentOfPeak), percent(r.PercentOfRoofline), fmt.Sprintf("%.3g", r.GBs), "-", "-", msText(r.FirstRun), "-"}
	if r.Cold != nil {
		cells[9] = msText(r.Cold.Median)
	}
	if r.Transfers != nil {
		cells[10] = msText(r.Transfers.Whole.Median)
	}
	if r.Verified && r.BoundUsed != nil {
		cells[12] = fmt.Sprintf("right, %.2g%% of the bound", 100**r.BoundUsed)
	}
	return cells
}

// msText gives milliseconds with a unit that suits them.
func msText(ms float64) string {
	switch {
	case ms >= 1000:
		return fmt.Sprintf("%.3g s", ms/1000)
	case ms >= 1:
		return fmt.Sprintf("%.3g ms", ms)
	}
	return fmt.Sprintf("%.3g us", ms*1000)
}

func percent(p float64) string {
	if p == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3g", p)
}

// summary is what follows from all layers together.
func summary(f File) []string {
	failed, total, rates := 0, 0.0, []float64{}
	counted := false
	for _, r := range f.Results {
		if r.Error != "" {
			failed++
			continue
		}
		total += float64(max(r.Count, 1)) * r.Time.Median
		counted = counted || r.Count > 1
		if r.PercentOfPeak > 0 {
			rates = append(rates, r.PercentOfPeak)
		}
	}
	lines := []string{"", fmt.Sprintf("%d results, %d failed; all medians together %s", len(f.Results), failed, msText(total))}
	if counted {
		lines[1] += ", each layer as often as the network has it"
	}
	if len(rates) > 0 {
		lines = append(lines, fmt.Sprintf("geometric mean %.3g%% of the arithmetic ceiling", geometric(rates)))
	}
	if f.Interrupted {
		lines = append(lines, "interrupted: the other layers were not measured")
	}
	return lines
}

// WriteComparison writes a comparison for people.
func WriteComparison(w io.Writer, c Comparison) error {
	t := &tableWriter{tabwriter.NewWriter(w, 0, 8, 2, ' ', 0), nil}
	t.row("A is " + c.A)
	t.row("B is " + c.B)
	t.row("")
	t.row("layer", "A", "B", "A/B", "95% interval", "verdict", "times", "algorithms")
	for _, r := range c.Rows {
		algorithms := r.AlgorithmA
		if r.AlgorithmB != algorithms {
			algorithms += ", " + r.AlgorithmB
		}
		t.row(Result{Name: r.Name, Problem: r.Problem}.label(), msText(r.A), msText(r.B), fmt.Sprintf("%.3f", r.Value), r.interval(), string(r.Verdict), r.Clock, algorithms)
	}
	if c.Mean != nil {
		t.row("")
		t.row(fmt.Sprintf("geometric mean of %d: B takes 1/%.3f of A's time, interval %s", len(c.Rows), c.Mean.Value, c.Mean.interval()))
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"only A has ", c.OnlyA}, {"only B has ", c.OnlyB}, {"failed: ", c.Failed}} {
		for _, name := range list.names {
			t.row(list.what + name)
		}
	}
	for _, note := range c.Notes {
		t.row("note: " + note)
	}
	return t.flush()
}

func (r Ratio) interval() string {
	if r.Interval == nil {
		return "none: too few samples"
	}
	return fmt.Sprintf("%.3f to %.3f", r.Interval[0], r.Interval[1])
}

// tableWriter aligns cells; the first error stays.
type tableWriter struct {
	*tabwriter.Writer
	err error
}

func (t *tableWriter) row(cells ...string) {
	if _, err := fmt.Fprintln(t, strings.Join(cells, "\t")); err != nil && t.err == nil {
		t.err = err
	}
}

func (t *tableWriter) flush() error {
	if err := t.Flush(); t.err == nil {
		t.err = err
	}
	return t.err
}
