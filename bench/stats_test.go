package bench

import (
	"slices"
	"testing"
	"time"
)

func TestNewTimes(t *testing.T) {
	samples := []float64{7, 1, 10, 4, 2, 9, 3, 8, 6, 5}
	got := newTimes(slices.Clone(samples))
	if got.Median != 5 || got.P10 != 1 || got.P90 != 9 || !slices.Equal(got.Samples, samples) {
		t.Errorf("%+v, must keep the samples' order", got)
	}
	if newTimes(nil) != nil {
		t.Error("times of nothing")
	}
}

func TestMilliseconds(t *testing.T) {
	if got := milliseconds(1500 * time.Microsecond); got != 1.5 {
		t.Errorf("%g ms", got)
	}
	if got := milliseconds(0); got <= 0 {
		t.Errorf("what no clock sees takes %g", got)
	}
}

func TestMsText(t *testing.T) {
	for ms, want := range map[float64]string{0.9999: "1 ms", 0.0123: "12.3 us", 999.9: "1 s", 123.4: "123 ms",
		1.5e6: "1500 s", 0.00049: "0.49 us", 0: "-"} {
		if got := msText(ms); got != want {
			t.Errorf("%g ms is %q, want %q", ms, got, want)
		}
	}
}
