package hosttest

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
)

// Grows fails where runs make or compile anything on the device, submit more than once each, or leave memory behind,
// the process's own or its driver's, after a tenth as many more that fill pools.
func Grows(t *testing.T, dev *host.Device, runs int, run func()) {
	t.Helper()
	for range runs / 10 {
		run()
	}
	d := dev.GPU()
	made, live, heap, resident := d.Stats(), d.Live(), heapBytes(), residentBytes(t)
	for range runs {
		run()
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
	most := int64(4 << 20)
	if d.Info().Type != gpu.Software {
		most = 16 << 20 // the pools of an H100's driver grow by 8 MiB in hundreds of runs, and not in 100,000
	}
	if grown := residentBytes(t) - resident; grown > most {
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
