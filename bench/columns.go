package bench

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/host"
)

// column is one column of the tables for people.
type column struct {
	title string
	width int  // of its cells at most, 0 for that of the longest layer's name
	text  bool // to the left
	rank  int  // the higher, the sooner a narrow table leaves it out; never with 0
	of    func(Result) string
	part  func(int, Dispatch) string // of one of the result's dispatches; nil for nothing
}

// cells are a line of a table: a result's, or one of its dispatches'.
func cells(columns []column, of func(column) string) []string {
	line := make([]string, len(columns))
	for i, c := range columns {
		line[i] = of(c)
	}
	return line
}

// dispatchCells are the lines of a result's dispatches, none where the tables do not show them.
func (s Settings) dispatchCells(columns []column, r Result) (lines [][]string) {
	if !s.Dispatches {
		return nil
	}
	for i, d := range r.Dispatches {
		lines = append(lines, cells(columns, func(c column) string {
			if c.part == nil {
				return ""
			}
			return c.part(i, d)
		}))
	}
	return lines
}

// columns are those of a run with such settings.
func (s Settings) columns() []column {
	const times = 7 // such as 12.3 ms
	all := []column{
		{"layer", 0, true, 0, Result.label, func(i int, _ Dispatch) string { return fmt.Sprintf("  dispatch %d", i+1) }},
		{"median", times, false, 0, func(r Result) string { return msText(r.Time.Median) },
			func(_ int, d Dispatch) string { return msText(d.Time.Median) }},
	}
	for i, p := range s.percentiles() {
		all = append(all, column{percentileName(p), times, false, 4 + i,
			func(r Result) string { return msText(r.Time.Percentile(p)) },
			func(_ int, d Dispatch) string { return msText(d.Time.Percentile(p)) }})
	}
	return append(all,
		column{"n", 4, false, 103, func(r Result) string { return strconv.Itoa(len(r.Time.Samples)) }, nil},
		column{"images/s", 8, false, 101, func(r Result) string { return rateText(r.ImagesPerSecond) }, nil},
		column{"GFLOP/s", 8, false, 0, func(r Result) string { return rateText(r.GFLOPS) }, nil},
		column{"% peak", 5, false, 0, func(r Result) string { return rateText(r.PercentOfPeak) }, nil},
		column{"% roof", 5, false, 2, func(r Result) string { return rateText(r.PercentOfRoofline) }, nil},
		column{"GB/s", 7, false, 102, func(r Result) string { return rateText(r.GBs) }, nil},
		column{"cold", times, false, 100, func(r Result) string { return medianText(r.Cold) }, nil},
		column{"whole", times, false, 3, func(r Result) string {
			if r.Transfers == nil {
				return medianText(nil)
			}
			return medianText(r.Transfers.Whole)
		}, nil},
		column{"first run", times, false, 99, func(r Result) string { return msText(r.FirstRun) }, nil},
		column{"check", 11, true, 1, Result.checkText, nil},
		column{"algorithm", 24, true, 0, Result.algorithm, func(_ int, d Dispatch) string { return d.Kernel }},
	)
}

// percentiles are those that were asked for, or the usual ones.
func (s Settings) percentiles() []float64 {
	if len(s.Percentiles) == 0 {
		return []float64{10, 90}
	}
	return s.Percentiles
}

// percentileName is p10 for the tenth percentile.
func percentileName(p float64) string { return "p" + strconv.FormatFloat(p, 'g', -1, 64) }

// algorithm names what computed the layer, with its variant.
func (r Result) algorithm() string {
	if r.Variant == "" {
		return r.Algorithm
	}
	return r.Algorithm + "/" + r.Variant
}

// checkText is the verdict, and how much of the rounding bound the worst output used.
func (r Result) checkText() string {
	switch {
	case !r.Verified:
		return "-"
	case r.BoundUsed == nil:
		return "right"
	}
	return fmt.Sprintf("right, %.2g%%", 100**r.BoundUsed)
}

// msText gives milliseconds with a unit that suits them.
func msText(ms float64) string {
	switch {
	case ms == 0:
		return "-"
	case ms >= 999.5:
		return threeDigits(ms/1000) + " s"
	case ms >= 0.9995:
		return threeDigits(ms) + " ms"
	}
	return threeDigits(ms*1000) + " us"
}

// medianText is the median of times, if there are some.
func medianText(t *Times) string {
	if t == nil {
		return "-"
	}
	return msText(t.Median)
}

// rateText gives a figure that is never 0 where it was measured.
func rateText(v float64) string {
	if v == 0 {
		return "-"
	}
	return threeDigits(v)
}

// threeDigits rounds to three digits, and keeps all of those before the point.
func threeDigits(v float64) string {
	if v >= 999.5 && v < 1e9 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return fmt.Sprintf("%.3g", v)
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

func ceilingsText(c host.Ceilings) string {
	return fmt.Sprintf("%.4g GFLOP/s (%s), %.4g GB/s (%s), by the %s clock",
		c.GFLOPS, c.PeakKernel, c.GBs, c.CopyKernel, c.Clock)
}
