package bench

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Table writes a run for people, row by row as they come.
type Table struct {
	w        io.Writer
	settings Settings
	columns  []column
	widths   []int
	left     []string // the columns left out for the width
	err      error
}

// NewTable begins the table of a run whose results, of these names, are to come, with all that f knows already. What
// is wider than width leaves out columns; 0 is no limit.
func NewTable(w io.Writer, f File, names []string, width int) *Table {
	t := &Table{w: w, settings: f.Settings, columns: f.Settings.columns()}
	t.fit(names, width)
	for _, line := range f.about() {
		t.line(line)
	}
	return t
}

// fit sets the widths of columns, and leaves out the least important ones until they fit.
func (t *Table) fit(names []string, width int) {
	if t.settings.Dispatches {
		names = append(names, "  dispatch 99")
	}
	for {
		sum := 0
		t.widths = nil
		for _, c := range t.columns {
			w := max(c.width, utf8.RuneCountInString(c.title))
			if c.width == 0 {
				for _, name := range names {
					w = max(w, utf8.RuneCountInString(name))
				}
			}
			t.widths = append(t.widths, w)
			sum += w + len(gap)
		}
		least := slices.MaxFunc(t.columns, func(a, b column) int { return cmp.Compare(a.rank, b.rank) })
		if width == 0 || sum-len(gap) <= width || least.rank == 0 {
			return
		}
		at := slices.IndexFunc(t.columns, func(c column) bool { return c.rank == least.rank })
		t.left = append(t.left, least.title)
		t.columns = slices.Delete(t.columns, at, at+1)
	}
}

// gap stands between columns.
const gap = "  "

func (t *Table) line(text string) {
	if _, err := fmt.Fprintln(t.w, strings.TrimRight(text, " ")); err != nil && t.err == nil {
		t.err = err
	}
}

// Head writes the columns' titles, above the first row.
func (t *Table) Head() {
	t.line("")
	t.cells(cells(t.columns, func(c column) string { return c.title }))
}

// Row writes one result.
func (t *Table) Row(r Result) {
	if r.Error != "" {
		t.line(fmt.Sprintf("%-*s%s%s%sFAILED: %s", t.widths[0], r.Label(), gap, r.algorithm(), gap, oneLine(r.Error)))
		return
	}
	t.cells(cells(t.columns, func(c column) string { return c.of(r) }))
	for _, line := range t.settings.dispatchCells(t.columns, r) {
		t.cells(line)
	}
}

func (t *Table) cells(cells []string) {
	var line strings.Builder
	for i, cell := range cells {
		if i > 0 {
			line.WriteString(gap)
		}
		if t.columns[i].text {
			fmt.Fprintf(&line, "%-*s", t.widths[i], cell)
		} else {
			fmt.Fprintf(&line, "%*s", t.widths[i], cell)
		}
	}
	t.line(line.String())
}

// End writes what follows from all results, and gives the first error of all that was written.
func (t *Table) End(f File) error {
	for _, line := range summary(f) {
		t.line(line)
	}
	if len(f.Results) > 0 {
		t.line("times " + clocksText(f))
		t.line(checkLegend)
	}
	if len(t.left) > 0 {
		t.line("left out of a narrow terminal: " + strings.Join(t.left, ", "))
	}
	return t.err
}

const checkLegend = "check: every output was judged, and the worst one used this part of the rounding bound"

// WriteTable writes a run for people.
func WriteTable(w io.Writer, f File) error {
	var names []string
	for _, r := range f.Results {
		names = append(names, r.Label())
	}
	t := NewTable(w, f, names, 0)
	if len(f.Results) > 0 {
		t.Head()
	}
	for _, r := range f.Results {
		t.Row(r)
	}
	return t.End(f)
}

// WriteCeilings writes the most that a device can do, and what it is.
func WriteCeilings(w io.Writer, f File) error {
	t := NewTable(w, f, nil, 0)
	return t.err
}

// about is what was measured on, and the most that it can do.
func (f File) about() []string {
	lines := []string{"device    " + f.Adapter.text()}
	if c := f.Ceilings; c != nil {
		lines = append(lines, "ceilings  "+ceilingsText(*c))
	}
	return lines
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
	networks := ""
	for _, r := range f.Results {
		if r.Error == "" {
			clocks[r.Clock] = true
		}
		if r.Network != "" {
			networks = "; of networks: whole runs with their transfers, by the wall clock, GPU: their dispatches alone"
		}
	}
	clock := "of the computation"
	switch {
	case clocks["gpu"] && clocks["wall"]:
		clock = "of the computation, by the GPU's clock or by the wall's"
	case clocks["gpu"]:
		clock = "of the computation, warm, by the GPU's clock"
	case clocks["wall"]:
		clock = "of the computation, warm, by the wall clock"
	}
	return clock + networks +
		"; cold: caches overwritten before each run; whole: with upload and download; first run: with building and " +
		"compiling"
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
	if len(f.Results) == 0 {
		lines := []string{"", "no layer was measured"}
		if f.Interrupted {
			lines[1] += ": interrupted"
		}
		return lines
	}
	lines := []string{
		"",
		fmt.Sprintf("%d results, %d failed; all medians together %s", len(f.Results), failed, msText(total)),
	}
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
