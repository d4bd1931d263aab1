package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

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
