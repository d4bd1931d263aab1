//go:build !js

package bench_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/gpu"
)

// TestDispatches holds that each dispatch has its times, round by round, and that they sum to the
// computation's.
func TestDispatches(t *testing.T) {
	r := measure(t, always(fake{gpu: 2 * time.Millisecond}), layer(t, small), "",
		bench.Options{Rounds: 3, Budget: time.Millisecond, Timestamps: true})
	if r.Error != "" || r.Clock != gpu.ClockGPU || r.Time.Median != 2 || len(r.Dispatches) != 2 {
		t.Fatalf("%+v", r)
	}
	for i, want := range []struct {
		kernel string
		ms     float64
	}{{"transform", 0.5}, {"product", 1.5}} {
		if d := r.Dispatches[i]; d.Kernel != want.kernel || d.Time.Median != want.ms ||
			len(d.Time.Samples) != len(r.Time.Samples) || len(d.Time.Rounds) != 3 {
			t.Errorf("dispatch %d: %s, %+v, want %v of %d samples", i, d.Kernel, d.Time, want, len(r.Time.Samples))
		}
	}
}

// TestUntimed holds that what the GPU's clock cannot time has the wall's times, under that name.
func TestUntimed(t *testing.T) {
	open := always(fake{untimed: true, gpu: time.Hour})
	r := measure(t, open, layer(t, small), "",
		bench.Options{Budget: time.Millisecond, Timestamps: true, EvictCache: func() error { return nil }})
	if r.Error != "" || r.Clock != gpu.ClockWall || r.Time != r.Wall || r.Dispatches != nil || r.Cold == nil ||
		open.opened[0].calls["timed"] != 0 {
		t.Errorf("%+v", r)
	}
}

// TestDispatchRows holds that tables and the page show dispatches where that was asked for, each with its kernel.
func TestDispatchRows(t *testing.T) {
	f := reported()
	f.Results[0].Dispatches = []bench.Dispatch{{Kernel: "transform_k", Time: times(0.2, 0.25, 0.3)},
		{Kernel: "product_k", Time: times(0.7, 0.75, 0.8)}}
	for _, shown := range []bool{true, false} {
		f.Settings.Dispatches = shown
		var table, markdown bytes.Buffer
		if err := errors.Join(bench.WriteTable(&table, f), bench.WriteMarkdown(&markdown, f)); err != nil {
			t.Fatal(err)
		}
		words := strings.Join(strings.Fields(table.String()), " ")
		if strings.Contains(words,
			"dispatch 1 250 us 200 us 300 us transform_k dispatch 2 750 us 700 us 800 us product_k second ") != shown {
			t.Errorf("dispatches shown %v:\n%s", shown, &table)
		}
		if strings.Contains(markdown.String(), "| dispatch 2 | 750 us | 700 us | 800 us |") != shown ||
			strings.Contains(markdown.String(), `product\_k`) != shown {
			t.Errorf("dispatches shown %v:\n%s", shown, &markdown)
		}
		all := rows(t, pageOf(t, f))
		if !shown {
			if len(all) != len(f.Results) {
				t.Errorf("%d rows of a page without dispatches, must be %d", len(all), len(f.Results))
			}
			continue
		}
		if len(all) != len(f.Results)+2 {
			t.Fatalf("%d rows, must be the %d results' and two dispatches'", len(all), len(f.Results))
		}
		contains(t, all[1], `class="dispatch"`, ">dispatch 1<", "transform_k", ">250 us<", ">200 us<", ">300 us<")
		contains(t, all[2], `class="dispatch"`, ">dispatch 2<", "product_k", ">750 us<", ">700 us<", ">800 us<")
		contains(t, all[3], `id="r2"`)
		for i, row := range all[:3] {
			if n, head := strings.Count(row, "<td ")+strings.Count(row, "<th "),
				strings.Count(all[0], "<td ")+strings.Count(all[0], "<th "); n != head {
				t.Errorf("row %d has %d cells, the first %d", i+1, n, head)
			}
		}
	}
}

// TestOtherDispatches holds that a computation whose dispatches become more is an error, not a panic.
func TestOtherDispatches(t *testing.T) {
	runs := 0
	f := fake{after: func(call string) {
		if call == "timed" {
			runs++
		}
	}}
	f.more = func() bool { return runs > 2 }
	r := measure(t, always(f), layer(t, small), "", bench.Options{Budget: time.Second, Timestamps: true})
	if !strings.Contains(r.Error, "3 dispatches were timed, 2 before") {
		t.Errorf("%+v", r)
	}
}
