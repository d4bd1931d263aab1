package bench

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
)

// csvColumn is one column of the CSV: its header, and what stands under it.
type csvColumn struct {
	name string
	of   func(Result) string
}

// csvColumns are those of every run.
var csvColumns = []csvColumn{
	{"name", func(r Result) string { return r.Name }},
	{"problem", func(r Result) string { return r.Problem }},
	{"count", func(r Result) string { return strconv.Itoa(max(r.Count, 1)) }},
	{"algorithm", func(r Result) string { return r.Algorithm }},
	{"variant", func(r Result) string { return r.Variant }},
	{"flop", func(r Result) string { return strconv.FormatInt(r.FLOP, 10) }},
	{"bytes", func(r Result) string { return strconv.FormatInt(r.Bytes, 10) }},
	{"clock", func(r Result) string { return r.Clock }},
	{"median_ms", timesColumn(func(r Result) *Times { return r.Time }, func(t Times) float64 { return t.Median })},
	{"p10_ms", timesColumn(func(r Result) *Times { return r.Time }, func(t Times) float64 { return t.P10 })},
	{"p90_ms", timesColumn(func(r Result) *Times { return r.Time }, func(t Times) float64 { return t.P90 })},
	{
		"samples",
		timesColumn(func(r Result) *Times { return r.Time }, func(t Times) float64 { return float64(len(t.Samples)) }),
	},
	{"wall_median_ms",
		timesColumn(func(r Result) *Times { return r.Wall }, func(t Times) float64 { return t.Median })},
	{"cold_median_ms",
		timesColumn(func(r Result) *Times { return r.Cold }, func(t Times) float64 { return t.Median })},
	{"upload_median_ms", transfersColumn(func(t Transfers) *Times { return t.Upload })},
	{"download_median_ms", transfersColumn(func(t Transfers) *Times { return t.Download })},
	{"whole_median_ms", transfersColumn(func(t Transfers) *Times { return t.Whole })},
	{"first_run_ms", func(r Result) string { return numberText(r.FirstRun) }},
	{"images_per_s", func(r Result) string { return numberText(r.ImagesPerSecond) }},
	{"gflops", func(r Result) string { return numberText(r.GFLOPS) }},
	{"gb_per_s", func(r Result) string { return numberText(r.GBs) }},
	{"percent_of_peak", func(r Result) string { return numberText(r.PercentOfPeak) }},
	{"percent_of_bandwidth", func(r Result) string { return numberText(r.PercentOfBandwidth) }},
	{"roofline_gflops", func(r Result) string { return numberText(r.Roofline) }},
	{"percent_of_roofline", func(r Result) string { return numberText(r.PercentOfRoofline) }},
	{"verified", func(r Result) string { return strconv.FormatBool(r.Verified) }},
	{"bound_used", func(r Result) string {
		if r.BoundUsed == nil {
			return ""
		}
		return strconv.FormatFloat(*r.BoundUsed, 'g', -1, 64)
	}},
	{"error", func(r Result) string { return r.Error }},
	{"network", func(r Result) string { return r.Network }},
	{"gradient", func(r Result) string { return r.Gradient }},
	{"gpu_median_ms", timesColumn(func(r Result) *Times { return r.GPU }, func(t Times) float64 { return t.Median })},
}

func timesColumn(times func(Result) *Times, value func(Times) float64) func(Result) string {
	return func(r Result) string {
		t := times(r)
		if t == nil {
			return ""
		}
		return numberText(value(*t))
	}
}

func transfersColumn(part func(Transfers) *Times) func(Result) string {
	return timesColumn(func(r Result) *Times {
		if r.Transfers == nil {
			return nil
		}
		return part(*r.Transfers)
	}, func(t Times) float64 { return t.Median })
}

// numberText leaves a number that was not measured empty: it is never a zero.
func numberText(v float64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// WriteCSV writes a line for each result, under a header, without the raw samples. Percentiles that were
// asked for beyond those of every run stand behind the others.
func WriteCSV(w io.Writer, f File) error {
	columns := slices.Clone(csvColumns)
	for _, p := range f.Settings.percentiles() {
		if p != 10 && p != 90 {
			columns = append(columns, csvColumn{percentileName(p) + "_ms",
				timesColumn(func(r Result) *Times { return r.Time },
					func(t Times) float64 { return t.Percentile(p) })})
		}
	}
	c := csv.NewWriter(w)
	header := make([]string, len(columns))
	for i, column := range columns {
		header[i] = column.name
	}
	c.Write(header) // the writer keeps the first error
	for _, r := range f.Results {
		line := make([]string, len(columns))
		for i, column := range columns {
			line[i] = column.of(r)
		}
		c.Write(line)
	}
	c.Flush()
	return c.Error()
}
