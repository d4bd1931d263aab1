package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// column is one column of the tables for people.
type column struct {
	title string
	width int  // of its cells at most, 0 for that of the longest layer's name
	text  bool // to the left
	rank  int  // the higher, the sooner a narrow table leaves it out; never with 0
	of    func(Result) string
	value func(Result) float64       // of a number: what of shows, 0 where it was not measured
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

// figure is a column of numbers, shown by show.
func figure(title string, width, rank int, show func(float64) string, value func(Result) float64) column {
	return column{
		title: title,
		width: width,
		rank:  rank,
		of:    func(r Result) string { return show(value(r)) },
		value: value,
	}
}

// each has a column show something of each of a result's dispatches, too.
func (c column) each(part func(int, Dispatch) string) column {
	c.part = part
	return c
}

// columns are those of a run with such settings.
func (s Settings) columns() []column {
	const times = 7 // such as 12.3 ms
	all := []column{
		column{title: "layer", text: true, of: Result.Label}.each(func(i int, _ Dispatch) string {
			return fmt.Sprintf("  dispatch %d", i+1)
		}),
		figure("median", times, 0, msText, func(r Result) float64 { return r.Time.Median }).each(
			func(_ int, d Dispatch) string { return msText(d.Time.Median) }),
	}
	for i, p := range s.percentiles() {
		of := func(r Result) float64 { return r.Time.Percentile(p) }
		all = append(all, figure(percentileName(p), times, 4+i, msText, of).each(
			func(_ int, d Dispatch) string { return msText(d.Time.Percentile(p)) }))
	}
	if len(s.Models) > 0 {
		all = append(all, figure("GPU", times, 6, msText, func(r Result) float64 { return median(r.GPU) }))
	}
	return append(all,
		figure("n", 4, 103, countText, func(r Result) float64 { return float64(len(r.Time.Samples)) }),
		figure("images/s", 8, 101, rateText, func(r Result) float64 { return r.ImagesPerSecond }),
		figure("GFLOP/s", 8, 0, rateText, func(r Result) float64 { return r.GFLOPS }),
		figure("% peak", 5, 0, rateText, func(r Result) float64 { return r.PercentOfPeak }),
		figure("% roof", 5, 2, rateText, func(r Result) float64 { return r.PercentOfRoofline }),
		figure("GB/s", 7, 102, rateText, func(r Result) float64 { return r.GBs }),
		figure("cold", times, 100, msText, func(r Result) float64 { return median(r.Cold) }),
		figure("whole", times, 3, msText, func(r Result) float64 {
			switch {
			case r.Network != "":
				return r.Time.Median
			case r.Transfers == nil:
				return 0
			}
			return median(r.Transfers.Whole)
		}),
		figure("first run", times, 99, msText, func(r Result) float64 { return r.FirstRun }),
		column{title: "check", width: 11, text: true, rank: 1, of: Result.checkText},
		column{title: "algorithm", width: 24, text: true, of: Result.algorithm}.each(
			func(_ int, d Dispatch) string { return d.Kernel }),
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

// median is that of times, 0 where there are none.
func median(t *Times) float64 {
	if t == nil {
		return 0
	}
	return t.Median
}

// countText gives a number of things.
func countText(n float64) string { return strconv.FormatFloat(n, 'f', 0, 64) }

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

func ceilingsText(c Ceilings) string {
	return fmt.Sprintf("%.4g GFLOP/s (%s), %.4g GB/s (%s), by the %s clock",
		c.GFLOPS, c.PeakKernel, c.GBs, c.CopyKernel, c.Clock)
}
