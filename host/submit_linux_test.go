package host_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// BenchmarkSubmitAgain is what a program of a hundred nodes that compute next to nothing costs the host until it is
// sent, for each node: the device's work comes behind that, which a software adapter does on the host, too. A run has
// the time for inputs and outputs on top, which the number of nodes does not change. Beside the wall clock's it has
// the
// thread's own time, which others' work on the machine does not change.
func BenchmarkSubmitAgain(b *testing.B) {
	const nodes = 100
	dev := hosttest.Open(b)
	builder := host.NewProgram(dev)
	v := builder.Input(1, 1, 1, 4)
	for range nodes {
		v = builder.Operator("relu", v)
	}
	program, err := builder.Compile(v)
	if err != nil {
		b.Fatal(err)
	}
	defer program.Close()
	x := tensor.Volume{N: 1, H: 1, W: 1, D: 4, Data: []float32{1, 2, 3, 4}}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var own, wall time.Duration
	for b.Loop() {
		begun, used := time.Now(), threadTime(b)
		running, err := program.Submit(b.Context(), x)
		wall, own = wall+time.Since(begun), own+threadTime(b)-used
		if err == nil {
			_, err = running.Wait(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(wall.Nanoseconds())/float64(b.N)/nodes, "ns/node")
	b.ReportMetric(float64(own.Nanoseconds())/float64(b.N)/nodes, "own-ns/node")
}

// threadTime is what the calling thread has had of processors.
func threadTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
