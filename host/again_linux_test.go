package host_test

import (
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// TestManyRuns runs a layer 100,000 times, as a server does, and a tenth as often with its transfers: the same bits
// each time, nothing compiled or made on the device, and no more memory than after the first hundreds.
func TestManyRuns(t *testing.T) {
	runs := 100_000
	if testing.Short() {
		runs = 2000
	}
	dev := hosttest.Open(t)
	l, _, data := resident(t, dev, "ic4ih9oc8kh3ph1", host.LayerOptions{})
	want, err := l.Run(t.Context(), data.X)
	if err != nil {
		t.Fatal(err)
	}
	u, err := l.Upload(t.Context(), data.X)
	if err != nil {
		t.Fatal(err)
	}
	hosttest.Grows(t, dev, runs, func() {
		if err := u.Compute(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	v, err := u.Download(t.Context())
	if err != nil || !slices.Equal(v.Data, want.Data) {
		t.Errorf("other outputs after %d runs, error %v", runs, err)
	}
	hosttest.Grows(t, dev, runs/10, func() { // with transfers
		if v, err = l.Run(t.Context(), data.X); err != nil || !slices.Equal(v.Data, want.Data) {
			t.Fatalf("a later run gives %v, error %v", v.Data, err)
		}
	})
}
