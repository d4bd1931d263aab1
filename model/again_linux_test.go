package model

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/tensor"
)

// TestRunAgain runs a network thousands of times: the same bits each time, nothing compiled or made on the device, and
// no more memory of the process, the driver's included, than after the first hundreds.
func TestRunAgain(t *testing.T) {
	runs := 10000
	if testing.Short() {
		runs = 300
	}
	g := body()
	net := g.network(t, Options{})
	inputs := map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	run := func() []float32 {
		out, err := net.Run(context.Background(), inputs)
		if err != nil {
			t.Fatal(err)
		}
		return out["v6"].Data
	}
	want := run()
	for range runs / 10 { // pools fill
		run()
	}
	d := net.dev.GPU()
	made, live, heap, resident := d.Stats(), d.Live(), heapBytes(), residentBytes(t)
	for i := range runs {
		if got := run(); !slices.Equal(got, want) {
			t.Fatalf("run %d gives %v, the first %v", i, got, want)
		}
	}
	now := d.Stats()
	if now.Submissions-made.Submissions != uint64(runs) {
		t.Errorf("%d submissions for %d runs, must be one each", now.Submissions-made.Submissions, runs)
	}
	if now.Submissions = made.Submissions; now != made || d.Live() != live {
		t.Errorf("%+v were made and %+v live, before the runs %+v and %+v", now, d.Live(), made, live)
	}
	if grown := heapBytes() - heap; grown > 64<<10 {
		t.Errorf("the heap grew by %d bytes in %d runs", grown, runs)
	}
	if grown := residentBytes(t) - resident; grown > 4<<20 {
		t.Errorf("the process grew by %d bytes in %d runs", grown, runs)
	}
}

// heapBytes is how much of Go's heap is in use.
func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// residentBytes is how much memory the process has, of which the software adapters' is a part.
func residentBytes(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	var size, resident int64
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &resident)
	}
	if err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}
