//go:build !js

package bench

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Option("missingkey=error").Parse(pageText))

// pageData is what the page shows.
type pageData struct {
	File     File
	Times    string
	Settings [][2]string
	Columns  []pageColumn
	Rows     []pageRow // numbered as the roofline's points
	Verdict  verdict
	Summary  []string
	Roofline template.HTML // empty where no result has a point
	Left     string        // the columns that a narrow screen leaves out
}

// pageColumn is a column of the page's table. All but the number and the layer are cells of [pageRow].
type pageColumn struct{ Title, About, Class string }

// pageRow is one result.
type pageRow struct {
	Number               int
	Name, Problem, Times string // Times is how often the network has the layer, empty for once
	Verdict, Check       string // Verdict is a class: right, unchecked or failed
	Algorithm, Variant   string
	Error                string
	Used                 string     // orders the verdicts
	Cells                []pageCell // of the columns behind the algorithm; none of what failed
	Rest                 int        // how many columns the error has instead
	Dispatches           []pageDispatch
}

// pageDispatch is one dispatch of the result above it.
type pageDispatch struct {
	Name, Kernel string
	Cells        []pageCell // of the same columns as the result's, most of them without text
}

// pageCell is one figure. Sort orders the rows; it is empty where there is no figure.
type pageCell struct {
	Title, Text, Class, Sort string
	Bar                      string // length in percent of the longest, empty for no bar
	Box                      *box
}

// verdict counts what the checks said.
type verdict struct {
	Right, Failed, Unchecked int
	Worst                    string // part of the bound that the worst output of all used, empty where not known
}

// abouts say what the columns are.
var abouts = map[string]string{
	"#":         "the number of the layer's point in the roofline",
	"layer":     "its name, and the problem as gpuconv takes it, or of a network the shapes of its inputs",
	"check":     "every output was judged before anything was timed; the worst used this part of the rounding bound",
	"algorithm": "what computed the layer, and the variant of its kernel",
	"median":    "time of the computation, of networks with transfers, half of the samples took no longer",
	"GPU":       "median of all dispatches of a network, by the GPU's clock",
	"spread": "the samples over their median: the box holds the middle half, the lines reach up to 1.5 boxes " +
		"further, points lie outside, at the edge those that lie beyond it",
	"n":         "samples taken",
	"images/s":  "images a second at the median time, of networks inferences",
	"GFLOP/s":   "at the median time, operations counted as for direct convolution whatever the algorithm",
	"% peak":    "of the arithmetic ceiling",
	"% roof":    "of what the ceilings allow at the layer's operations a byte",
	"GB/s":      "input, filters and output, each counted once, at the median time",
	"cold":      "median with caches overwritten before each run",
	"whole":     "median with upload and download",
	"first run": "with building and compiling",
}

// about says what a column is.
func (c column) about() string {
	if about, known := abouts[c.title]; known {
		return about
	}
	return c.title[1:] + "% of the samples took no longer" // a percentile
}

// class gives what a narrow screen leaves out a name.
func (c column) class() string {
	if c.rank >= lesser {
		return "lesser"
	}
	return ""
}

// lesser is the least rank of the columns that a narrow screen leaves out.
const lesser = 99

// WriteHTML writes one page that needs nothing else: a table with a row a result and their rates and samples
// drawn in it, the roofline, the machine and the settings.
func WriteHTML(w io.Writer, f File) error {
	d := pageData{File: f, Times: clocksText(f), Settings: settingsText(f),
		Verdict: verdictOf(f.Results), Summary: summary(f)[1:]}
	if f.Interrupted && len(f.Results) > 0 {
		d.Summary = d.Summary[:len(d.Summary)-1] // its last line stands in red
	}
	columns := f.Settings.figures()
	d.Columns = pageColumns(columns)
	for _, c := range columns {
		if c.rank >= lesser {
			d.Left += ", " + c.title
		}
	}
	d.Left = strings.TrimPrefix(d.Left, ", ")
	if err := d.rows(columns); err != nil {
		return fmt.Errorf("drawing the results: %w", err)
	}
	var err error
	if d.Roofline, err = roofline(f); err != nil {
		return fmt.Errorf("drawing the roofline: %w", err)
	}
	var text bytes.Buffer // so that an error leaves no half page
	if err := page.Execute(&text, d); err != nil {
		return err
	}
	_, err = w.Write(text.Bytes())
	return err
}

// figures are the columns with numbers, the most important ones first: names and verdict stand before them.
func (s Settings) figures() []column {
	figures := slices.DeleteFunc(s.columns(), func(c column) bool { return c.text })
	slices.SortStableFunc(figures, func(a, b column) int { return cmp.Compare(a.rank, b.rank) })
	return figures
}

// pageColumns are the titles of the page's table.
func pageColumns(figures []column) []pageColumn {
	all := []pageColumn{{"#", abouts["#"], "number"}, {"layer", abouts["layer"], "layer"},
		{"check", abouts["check"], "check"}, {"algorithm", abouts["algorithm"], "text"}}
	for _, c := range figures {
		all = append(all, pageColumn{c.title, c.about(), c.class()})
		if c.title == "GFLOP/s" {
			all = append(all, pageColumn{"spread", abouts["spread"], "text"})
		}
	}
	return all
}

// rows fills in a row a result.
func (d *pageData) rows(figures []column) error {
	boxes, err := boxesOf(d.File.Results)
	if err != nil {
		return err
	}
	fastest := 0.0
	for _, r := range d.File.Results {
		fastest = max(fastest, r.GFLOPS)
	}
	for i, r := range d.File.Results {
		row := newRow(i+1, r)
		if r.Error != "" {
			row.Rest = len(d.Columns) - before
		} else {
			row.Cells = cellsOf(r, figures, fastest, boxes[i])
			row.Dispatches = d.File.Settings.pageDispatches(figures, r)
		}
		d.Rows = append(d.Rows, row)
	}
	return nil
}

// before is how many columns stand before the figures.
const before = 4

// newRow says what a result is, and what its check said.
func newRow(n int, r Result) pageRow {
	row := pageRow{Number: n, Name: r.Label(), Algorithm: r.Algorithm, Variant: r.Variant, Error: r.Error}
	row.Verdict, row.Check = "unchecked", "not checked"
	if row.Problem, _, _ = strings.Cut(cmp.Or(r.Problem, r.Network), `n"`); row.Problem == row.Name {
		row.Problem = ""
	}
	if r.Count > 1 {
		row.Times = fmt.Sprintf("×%d", r.Count)
	}
	switch {
	case r.Error != "":
		row.Verdict, row.Check = "failed", "FAILED"
	case r.Verified:
		row.Verdict, row.Check = "right", r.checkText()
	}
	if r.BoundUsed != nil {
		row.Used = decimal(*r.BoundUsed)
	}
	return row
}

// cellsOf are the figures of a result, its rate beside a bar and then its samples.
func cellsOf(r Result, figures []column, fastest float64, b *box) (cells []pageCell) {
	for _, c := range figures {
		cell := pageCell{Title: c.title, Text: c.of(r), Class: c.class()}
		if v := c.value(r); v != 0 {
			cell.Sort = decimal(v)
		}
		if c.title != "GFLOP/s" {
			cells = append(cells, cell)
			continue
		}
		if fastest > 0 {
			cell.Bar = decimal(100 * r.GFLOPS / fastest)
		}
		cells = append(cells, cell, pageCell{Title: "spread", Class: "text", Text: "-", Box: b, Sort: b.sort()})
	}
	return cells
}

// pageDispatches are a result's dispatches, none where they are not to be shown.
func (s Settings) pageDispatches(figures []column, r Result) (all []pageDispatch) {
	names := slices.DeleteFunc(s.columns(), func(c column) bool { return !c.text || c.title == "check" })
	for _, line := range s.dispatchCells(slices.Concat(names, figures), r) {
		d := pageDispatch{Name: strings.TrimSpace(line[0]), Kernel: line[1]}
		for i, c := range figures {
			d.Cells = append(d.Cells, pageCell{Title: c.title, Text: line[len(names)+i], Class: c.class()})
			if c.title == "GFLOP/s" {
				d.Cells = append(d.Cells, pageCell{Title: "spread"})
			}
		}
		all = append(all, d)
	}
	return all
}

// decimal gives a number as HTML and JavaScript read it.
func decimal(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// verdictOf counts what the checks of results said.
func verdictOf(results []Result) (v verdict) {
	worst := -1.0
	for _, r := range results {
		switch {
		case r.Error != "":
			v.Failed++
		case r.Verified:
			v.Right++
		default:
			v.Unchecked++
		}
		if r.BoundUsed != nil {
			worst = max(worst, *r.BoundUsed)
		}
	}
	if worst >= 0 {
		v.Worst = fmt.Sprintf("%.2g%%", 100*worst)
	}
	return v
}

// settingsText is what was measured where and how.
func settingsText(f File) [][2]string {
	s := f.Settings
	machine := fmt.Sprintf("%s, %d cores, %s/%s, %s", f.Host.CPU, f.Host.Cores, f.Host.OS, f.Host.Arch, f.Host.Go)
	rows := [][2]string{{"device", f.Adapter.text()}, {"host", machine}}
	if c := f.Ceilings; c != nil {
		rows = append(rows, [2]string{"ceilings", ceilingsText(*c)})
	}
	algorithms := strings.Join(s.Algorithms, ", ")
	if algorithms == "" {
		algorithms = "the default"
	}
	if s.Exact {
		algorithms += "; only those that are exact"
	}
	suite := s.Suite
	if s.DType != "" {
		suite += " in " + s.DType
	}
	if s.Match != "" {
		suite += ", layers that match " + s.Match
	}
	rounds := ","
	if s.Rounds > 0 {
		rounds = fmt.Sprintf(" in %d rounds, each", s.Rounds)
	}
	budget := fmt.Sprintf(
		"%s a layer%s after %d runs to warm up, seed %d",
		msText(s.BudgetMS),
		rounds,
		s.WarmUp,
		s.Seed,
	)
	rows = append(rows, [2]string{"suite", suite}, [2]string{"algorithms", algorithms}, [2]string{"budget", budget},
		[2]string{"date", f.Date}, [2]string{"commit", f.Commit}, [2]string{"command", f.Command})
	return slices.DeleteFunc(rows, func(row [2]string) bool { return row[1] == "" })
}
