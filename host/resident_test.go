package host_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/hosttest"
	"github.com/gpuconv/gpuconv/host/proof"
)

// resident builds a layer whose operands are on the device.
func resident(t testing.TB, dev *host.Device, descriptor string, o host.LayerOptions) (*host.Layer, proof.Operands) {
	t.Helper()
	c := proof.Case{Problem: problem(t, descriptor), Seed: 1, Options: o}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	l := build(t, dev, c.Problem, data.W, o)
	if err := l.Upload(data.X, data.Residual...); err != nil {
		t.Fatal(err)
	}
	return l, data
}

// againLayers are layers which every algorithm serves one of at least.
var againLayers = []string{
	"ic4ih9oc8kh3ph1", "ic4ih9oc8kh3sh2ph1", "ic3ih9oc8kh3sh2ph1", "g8ic8ih9oc8kh3ph1", "g2ic8ih9oc8kh3ph1", "g2ic8ih9oc8kh3sh2ph1", "g8ic8ih9oc8kh3sh2ph1",
	"ic3ih9oc8kh3ph1", "ic3ih12oc8kh7sh2ph3", "ic3ih23oc8kh11sh4", "ic256ih4oc72kh1", "g3ic3ih5oc6kh2",
}

// TestRunAgain holds that a layer with resident operands, once it ran, makes nothing on the device and
// compiles nothing, by each algorithm, and gives what Run gives.
func TestRunAgain(t *testing.T) {
	dev := hosttest.Open(t)
	o := host.LayerOptions{Epilogue: conv.Epilogue{Residual: conv.AfterFunction}}
	ran := map[string]bool{}
	for _, descriptor := range againLayers {
		list, err := host.Algorithms(dev, problem(t, descriptor), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			if !ran[againName(a)] || hosttest.Transforms(a) && !ran[a.Name()+" of "+descriptor] {
				ran[againName(a)], ran[a.Name()+" of "+descriptor] = true, true
				o.Algorithm = host.AlgorithmName(a)
				runAgain(t, dev, descriptor, o)
			}
		}
	}
	for _, a := range host.EveryAlgorithm() {
		splitUniform := strings.Contains(host.AlgorithmName(a), "_uniform_k") // which serves no layer
		if !ran[againName(a)] && !splitUniform {
			t.Errorf("%s was not run", againName(a))
		}
	}
}

// againName is the same for what TestRunAgain need not tell apart: what a transform is around, which is tried by
// itself, and how many threads the direct algorithm has.
func againName(a host.Algorithm) string {
	if hosttest.Transforms(a) || a.Name() == "direct" {
		return a.Name()
	}
	return host.AlgorithmName(a)
}

func runAgain(t *testing.T, dev *host.Device, descriptor string, o host.LayerOptions) {
	t.Helper()
	l, data := resident(t, dev, descriptor, o)
	want, err := l.Run(data.X, data.Residual...)
	if err == nil {
		err = l.Compute()
	}
	if err != nil {
		t.Fatal(err)
	}
	before := dev.GPU().Stats()
	for range 3 {
		if err := l.Compute(); err != nil {
			t.Fatal(err)
		}
	}
	after := dev.GPU().Stats()
	if after.Submissions != before.Submissions+3 {
		t.Errorf("%s: %d submissions for 3 runs", o.Algorithm, after.Submissions-before.Submissions)
	}
	if after.Submissions = before.Submissions; after != before {
		t.Errorf("%s: made %+v, had %+v", o.Algorithm, after, before)
	}
	if v, err := l.Download(); err != nil || !slices.Equal(v.Data, want.Data) {
		t.Errorf("%s: other outputs than Run's, error %v", o.Algorithm, err)
	}
}

// TestComputeTimed holds that the device's clock is asked where there is one, and that its absence is said. The
// layer is so large that any clock goes on meanwhile, and its time lies within that of the call.
func TestComputeTimed(t *testing.T) {
	dev := hosttest.Open(t)
	l, _ := resident(t, dev, "ic64ih40oc64kh3ph1", host.LayerOptions{})
	begun := time.Now()
	took, err := l.ComputeTimed()
	call := time.Since(begun)
	if dev.GPU().Info().HasFeature(gpu.FeatureTimestamps) {
		if err != nil || took <= 0 || took > call {
			t.Errorf("the layer took %v of the %v that the call took, error %v", took, call, err)
		}
	} else if !errors.Is(err, gpu.ErrLimit) {
		t.Errorf("%v, must wrap ErrLimit", err)
	}
}

// TestNotResident holds that what cannot stay on a device says so.
func TestNotResident(t *testing.T) {
	dev, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	c := proof.Case{Problem: problem(t, small), Seed: 1}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	l := build(t, dev, c.Problem, data.W, host.LayerOptions{})
	for _, err := range []error{l.Upload(data.X), l.Compute()} {
		says(t, "CPU", err, host.ErrUnsupported, "use Run")
	}
	l.Close()
	if err := l.Compute(); !errors.Is(err, gpu.ErrClosed) || l.Resident() {
		t.Errorf("closed: %v, resident %v", err, l.Resident())
	}
	onGPU, gpuData := resident(t, hosttest.Open(t), small, host.LayerOptions{})
	gpuData.X.W++
	if err := onGPU.Upload(gpuData.X); !errors.Is(err, cpuref.ErrShape) {
		t.Errorf("a wrong shape: %v", err)
	}
}

// BenchmarkComputeAgain is a layer so small that nearly all of its time is the host's.
func BenchmarkComputeAgain(b *testing.B) {
	dev := hosttest.Open(b)
	l, _ := resident(b, dev, "ic1ih1oc1kh1", host.LayerOptions{})
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Compute(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestExactLeavesOutRounding holds that integers are never judged bit for bit by an algorithm that rounds:
// by default with Exact another one computes, and one that was named says so.
func TestExactLeavesOutRounding(t *testing.T) {
	dev := hosttest.Open(t)
	const descriptor = "ic64ih14oc64kh3ph1" // by rule winograd4's
	l, x := example(t, dev, descriptor, host.LayerOptions{Algorithm: "winograd4"})
	_, _, err := l.Verify(x, host.VerifyOptions{Mode: cpuref.Exact})
	says(t, "named", err, cpuref.ErrNoVerdict, "winograd4")
	c := proof.Case{Problem: problem(t, descriptor), Seed: 1, Mode: cpuref.Exact}
	if _, err := c.Run(dev); err != nil {
		t.Error(err)
	}
}
