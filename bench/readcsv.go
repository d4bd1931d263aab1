package bench

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
)

// isCSV tells whether data begins as [WriteCSV]'s header does, whatever the order of its columns.
func isCSV(data []byte) bool {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	names, err := csv.NewReader(bytes.NewReader(first)).Read()
	return err == nil && slices.Contains(names, "problem") && slices.Contains(names, "median_ms")
}

// readCSV reads what [WriteCSV] wrote: results without their samples, and without the adapter and the
// settings. Columns that it does not know may stand in the file.
func readCSV(data []byte) (File, error) {
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return File{}, fmt.Errorf("no CSV of results: %w", err)
	}
	f := File{Schema: Schema}
	for _, line := range lines[1:] {
		c := csvLine{names: lines[0], cells: line}
		r, err := c.result()
		if err != nil {
			return File{}, fmt.Errorf("line %d (%s): %w", len(f.Results)+2, r.Problem, err)
		}
		f.Results = append(f.Results, r)
	}
	return f, nil
}

// csvLine is a line of a CSV under its header. The first number that makes no sense is kept in err.
type csvLine struct {
	names, cells []string
	err          error
}

// text is a cell, empty where there is no such column.
func (c *csvLine) text(name string) string {
	if i := slices.Index(c.names, name); i >= 0 {
		return c.cells[i]
	}
	return ""
}

// number is a cell as a number of 0 or more, 0 where it is empty.
func (c *csvLine) number(name string) float64 {
	text := c.text(name)
	if text == "" {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err == nil {
		err = notNegative(number{name, v})
	}
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("%s: %w", name, err)
	}
	return v
}

// times are those of a median, nil where there is none.
func (c *csvLine) times(median, p10, p90 string) *Times {
	t := Times{Median: c.number(median), P10: c.number(p10), P90: c.number(p90)}
	if t.Median == 0 {
		return nil
	}
	if t.P10 == 0 || t.P90 == 0 {
		t.P10, t.P90 = t.Median, t.Median
	}
	return &t
}

func (c *csvLine) result() (Result, error) {
	r := Result{
		Problem:   c.text("problem"),
		Network:   c.text("network"),
		Gradient:  c.text("gradient"),
		Name:      c.text("name"),
		Algorithm: c.text("algorithm"),
		Variant:   c.text("variant"),
		Clock:     c.text("clock"),
		Error:     c.text("error"),
		Verified:  c.text("verified") == "true",
		FirstRun: c.number(
			"first_run_ms",
		),
		ImagesPerSecond:    c.number("images_per_s"),
		GFLOPS:             c.number("gflops"),
		GBs:                c.number("gb_per_s"),
		PercentOfPeak:      c.number("percent_of_peak"),
		PercentOfBandwidth: c.number("percent_of_bandwidth"),
		Roofline:           c.number("roofline_gflops"),
		PercentOfRoofline:  c.number("percent_of_roofline"),
	}
	of, err := r.key()
	if err != nil {
		return r, err
	}
	if r.Network == "" {
		r.FLOP, r.Bytes = of.problem.FLOPs(), of.problem.Bytes().Total()
	} else {
		r.FLOP = int64(c.number("flop"))
	}
	if n := c.number("count"); n > 1 && n <= maxCount {
		r.Count = int(n)
	}
	r.Time = c.times("median_ms", "p10_ms", "p90_ms")
	r.GPU = c.times("gpu_median_ms", "", "")
	r.Wall = c.times("wall_median_ms", "", "")
	r.Cold = c.times("cold_median_ms", "", "")
	whole := Transfers{Upload: c.times("upload_median_ms", "", ""), Download: c.times("download_median_ms", "", ""),
		Whole: c.times("whole_median_ms", "", "")}
	if whole.Upload != nil && whole.Download != nil && whole.Whole != nil {
		r.Transfers = &whole
	}
	if c.text("bound_used") != "" {
		used := c.number("bound_used")
		r.BoundUsed = &used
	}
	switch {
	case c.err != nil:
		return r, c.err
	case r.Error == "" && r.Time == nil:
		return r, fmt.Errorf("neither median_ms nor error")
	case r.Error == "" && r.Clock != "gpu" && r.Clock != "wall":
		return r, fmt.Errorf(`clock %q, must be "gpu" or "wall"`, r.Clock)
	}
	return r, nil
}
