package bench_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
)

// TestReadCSV holds that what was written as CSV is read as it was, but for the samples, and is compared.
func TestReadCSV(t *testing.T) {
	used := 0.25
	want := result("ic1ih4oc1kh1", "x, \"quoted\"", 1, 2, 3)
	want.Count, want.Wall, want.Cold, want.BoundUsed = 3, times(2), times(4), &used
	want.Transfers = &bench.Transfers{Upload: times(5), Download: times(6), Whole: times(7)}
	failed := bench.Result{Problem: "ic1ih5oc1kh1", Error: "it\nbroke"}
	var text bytes.Buffer
	if err := bench.WriteCSV(&text, file(want, failed)); err != nil {
		t.Fatal(err)
	}
	got, err := bench.Read(bytes.NewReader(text.Bytes()), "r")
	if err != nil || len(got.Results) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if r := got.Results[1]; r.Problem != failed.Problem || r.Error != failed.Error || r.Time != nil {
		t.Errorf("%+v, must have failed", r)
	}
	// a CSV has neither samples nor the spread of what is beside the time
	for _, r := range []*bench.Result{&want, &got.Results[0]} {
		for _, t := range []*bench.Times{r.Time, r.Wall, r.Cold, r.Transfers.Upload, r.Transfers.Download,
			r.Transfers.Whole} {
			if t != nil {
				t.Samples = nil
			}
		}
	}
	if r := got.Results[0]; r.FLOP == 0 || r.Bytes == 0 {
		t.Errorf("%+v: the problem has operations and bytes", r)
	}
	want.FLOP, want.Bytes = got.Results[0].FLOP, got.Results[0].Bytes
	if !reflect.DeepEqual(got.Results[0], want) {
		t.Errorf("read  %+v\nwrote %+v", got.Results[0], want)
	}
	if c := compare(file(result("ic1ih4oc1kh1", "", 4)), got); len(c.Rows) != 1 || c.Rows[0].Value != 2 ||
		c.Rows[0].Interval != nil {
		t.Errorf("%+v, must be one row of the ratio 2 without an interval", c)
	}
}

func TestReadCSVRefuses(t *testing.T) {
	const header = "problem,clock,median_ms,error,gflops\n"
	for line, words := range map[string]string{
		"ic1ih4oc1kh9,wall,1,,":    "does not fit",
		"ic1ih4oc1kh1,wall,x,,":    `median_ms: strconv.ParseFloat: parsing "x"`,
		"ic1ih4oc1kh1,wall,-1,,":   "median_ms is -1",
		"ic1ih4oc1kh1,wall,NaN,,":  "median_ms is NaN",
		"ic1ih4oc1kh1,wall,1,,Inf": "gflops is +Inf",
		"ic1ih4oc1kh1,wall,,,":     "neither median_ms nor error",
		"ic1ih4oc1kh1,sun,1,,":     `clock "sun"`,
		"ic1ih4oc1kh1,wall":        "wrong number of fields",
	} {
		_, err := bench.Read(strings.NewReader(header+"ic2ih4oc1kh1,wall,1,,\n"+line), "r.csv")
		if !errors.Is(err, bench.ErrInput) || !strings.Contains(err.Error(), "r.csv: ") ||
			!strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", line, err, words)
		}
	}
	for _, text := range []string{"", "a,b\n1,2", "problem\nx", "\x89PNG"} {
		if _, err := bench.Read(strings.NewReader(text), "r"); !errors.Is(err, bench.ErrInput) ||
			!strings.Contains(err.Error(), "no JSON of results, and no CSV") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
