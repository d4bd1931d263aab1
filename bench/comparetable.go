package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteComparison writes a comparison for people.
func WriteComparison(w io.Writer, c Comparison) error { return writeLines(w, c.Lines()) }

// writeLines aligns the cells of lines, which tabs part.
func writeLines(w io.Writer, lines []string) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, line := range lines {
		if _, err := fmt.Fprintln(t, line); err != nil {
			return err
		}
	}
	return t.Flush()
}

// Lines are those of a comparison for people, with tabs between the cells of its table.
func (c Comparison) Lines() []string {
	lines := []string{"A is " + c.A, "B is " + c.B, "",
		"layer\tA\tB\tA/B\t95% interval\tverdict\ttimes\talgorithms"}
	for _, r := range c.Rows {
		algorithms := r.AlgorithmA
		if r.AlgorithmB != algorithms {
			algorithms += ", " + r.AlgorithmB
		}
		label := Result{Name: r.Name, Network: r.Network, Problem: r.Problem}.Label()
		lines = append(lines, strings.Join([]string{label, msText(r.A), msText(r.B),
			fmt.Sprintf("%.3f", r.Value), r.interval(), string(r.Verdict), r.Clock, algorithms}, "\t"))
	}
	if c.Mean != nil {
		lines = append(lines, "", fmt.Sprintf("geometric mean of %d: B takes 1/%.3f of A's time, interval %s",
			len(c.Rows), c.Mean.Value, c.Mean.interval()))
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"only A has ", c.OnlyA}, {"only B has ", c.OnlyB}, {"failed: ", c.Failed}, {"note: ", c.Notes}} {
		for _, name := range list.names {
			lines = append(lines, list.what+name)
		}
	}
	return lines
}

func (r Ratio) interval() string {
	if r.Interval == nil {
		return "none: too few samples"
	}
	return fmt.Sprintf("%.3f to %.3f", r.Interval[0], r.Interval[1])
}
