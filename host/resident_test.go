package host_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// resident builds a layer whose operands are on the device.
func resident(
	t testing.TB, dev *host.Device, descriptor string, o host.LayerOptions,
) (*host.Layer, *host.Uploaded, proof.Operands) {
	t.Helper()
	c := proof.Case{Problem: problem(t, descriptor), Seed: 1, Options: o}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	l := build(t, dev, c.Problem, data.W, o)
	u, err := l.Upload(t.Context(), data.X, data.Residual...)
	if err != nil {
		t.Fatal(err)
	}
	return l, u, data
}

// againLayers are layers which every algorithm serves one of at least.
var againLayers = []string{
	"ic4ih9oc8kh3ph1", "ic4ih9oc8kh3sh2ph1", "ic3ih10oc8kh3sh2ph1", "g8ic8ih9oc8kh3ph1", "g2ic8ih9oc8kh3ph1",
	"g2ic8ih9oc8kh3sh2ph1", "g8ic8ih9oc8kh3sh2ph1", "g8ic8ih9oc8kh5ph2", "g8ic8ih9oc8kh5sh2ph2", "g8ic8ih9oc8kh7ph3",
	"ic3ih10oc8kh3ph1", "ic3ih12oc8kh7sh2ph3", "ic3ih24oc8kh11sh4", "ic256ih4oc72kh1", "g3ic3ih5oc6kh2",
	"ic4ih5oc8kh3ph1+unshared",
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
			if testing.Short() && hosttest.LeftOut(a) {
				continue
			}
			if !ran[againName(a)] || hosttest.Transforms(a) && !ran[a.Name()+" of "+descriptor] {
				ran[againName(a)], ran[a.Name()+" of "+descriptor] = true, true
				o.Algorithm = host.AlgorithmName(a)
				runAgain(t, dev, descriptor, o)
			}
		}
	}
	for _, a := range host.EveryAlgorithm() {
		if !(testing.Short() && hosttest.LeftOut(a)) && !ran[againName(a)] && !wideOnGPU(dev, againName(a)) {
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
	l, _, data := resident(t, dev, descriptor, o)
	want, err := l.Run(t.Context(), data.X, data.Residual...)
	if err != nil {
		t.Fatal(err)
	}
	u, err := l.Upload(t.Context(), data.X, data.Residual...)
	if err == nil {
		err = u.Compute(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	before := dev.GPU().Stats()
	for range 3 {
		if err := u.Compute(t.Context()); err != nil {
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
	if v, err := u.Download(t.Context()); err != nil || !slices.Equal(v.Data, want.Data) {
		t.Errorf("%s: other outputs than Run's, error %v", o.Algorithm, err)
	}
}

// TestComputeTimed holds that the device's clock is asked where there is one, and that its absence is said. The
// layer is so large that any clock goes on meanwhile, and its time lies within that of the call.
func TestComputeTimed(t *testing.T) {
	dev := hosttest.Open(t)
	_, u, _ := resident(t, dev, "ic64ih40oc64kh3ph1", host.LayerOptions{})
	begun := time.Now()
	took, err := u.ComputeTimed(t.Context(), 2)
	call := time.Since(begun)
	if dev.GPU().Info().HasFeature(gpu.FeatureTimestamps) {
		if err != nil || took <= 0 || 2*took > call {
			t.Errorf("the layer took %v of the %v that the call took, error %v", took, call, err)
		}
	} else if !errors.Is(err, gpu.ErrLimit) {
		t.Errorf("%v, must wrap ErrLimit", err)
	}
	for _, runs := range []int{0, 1001} {
		if _, err := u.ComputeTimed(t.Context(), runs); !errors.Is(err, gpu.ErrMisuse) {
			t.Errorf("%d runs: %v, must wrap ErrMisuse", runs, err)
		}
	}
	for took, want := range map[time.Duration]int{0: 16, 1e4: 16, 1e5: 3, 1e9: 1} {
		if got := host.RunsOf(took); got != want {
			t.Errorf("%d runs of %v are measured together, must be %d", got, took, want)
		}
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
	_, err = l.Upload(t.Context(), data.X)
	says(t, "CPU", err, host.ErrUnsupported, "use Run")
	l.Close()
	if _, err := l.Upload(t.Context(), data.X); !errors.Is(err, gpu.ErrClosed) || l.Resident() {
		t.Errorf("closed: %v, resident %v", err, l.Resident())
	}
	onGPU, uploaded, gpuData := resident(t, hosttest.Open(t), small, host.LayerOptions{})
	gpuData.X.W++
	if _, err := onGPU.Upload(t.Context(), gpuData.X); !errors.Is(err, cpuref.ErrShape) {
		t.Errorf("a wrong shape: %v", err)
	}
	onGPU.Close()
	if err := uploaded.Compute(t.Context()); !errors.Is(err, gpu.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestUploadedMisuse holds that operands which another caller has replaced are never computed with, and that nothing
// is downloaded that was not computed.
func TestUploadedMisuse(t *testing.T) {
	dev := hosttest.Open(t)
	l, u, data := resident(t, dev, small, host.LayerOptions{})
	_, err := u.Download(t.Context())
	says(t, "Download before Compute", err, gpu.ErrMisuse, "call Compute first")
	for name, replace := range map[string]func() error{
		"Upload": func() error { _, err := l.Upload(t.Context(), data.X); return err },
		"Run":    func() error { _, err := l.Run(t.Context(), data.X); return err },
	} {
		if u, err = l.Upload(t.Context(), data.X); err == nil {
			err = u.Compute(t.Context())
		}
		if err == nil {
			err = replace()
		}
		if err != nil {
			t.Fatal(err)
		}
		says(t, "Compute after another "+name, u.Compute(t.Context()), gpu.ErrMisuse, "have taken the place")
		_, err = u.Download(t.Context())
		says(t, "Download after another "+name, err, gpu.ErrMisuse, "have taken the place")
	}
	says(t, "no handle", (*host.Uploaded)(nil).Compute(t.Context()), gpu.ErrMisuse, "nothing was uploaded")
}

// TestUploadedSideBySide has two callers upload to one layer, and download what each computed: an answer is the
// caller's own, or an error.
func TestUploadedSideBySide(t *testing.T) {
	dev := hosttest.Open(t)
	l, _, data := resident(t, dev, small, host.LayerOptions{})
	var own, refused atomic.Int64
	var callers sync.WaitGroup
	for n := range 2 {
		x := data.X.Clone()
		for i := range x.Data {
			x.Data[i] *= float32(n + 1)
		}
		want, err := l.Run(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		callers.Add(1)
		go func() {
			defer callers.Done()
			for range 100 {
				switch v, err := computed(t, l, x); {
				case errors.Is(err, gpu.ErrMisuse):
					refused.Add(1)
				case err != nil:
					t.Error(err)
				case !slices.Equal(v.Data, want.Data):
					t.Error("a download of another caller's answer")
				default:
					own.Add(1)
				}
			}
		}()
	}
	callers.Wait()
	if own.Load() == 0 || own.Load()+refused.Load() != 200 {
		t.Errorf("%d answers and %d refusals of 200", own.Load(), refused.Load())
	}
}

// computed uploads, computes and downloads, one call after the other.
func computed(t *testing.T, l *host.Layer, x tensor.Volume) (tensor.Volume, error) {
	u, err := l.Upload(t.Context(), x)
	if err == nil {
		err = u.Compute(t.Context())
	}
	if err != nil {
		return tensor.Volume{}, err
	}
	return u.Download(t.Context())
}

// BenchmarkComputeAgain is a layer so small that nearly all of its time is the host's.
func BenchmarkComputeAgain(b *testing.B) {
	dev := hosttest.Open(b)
	_, u, _ := resident(b, dev, "ic1ih1oc1kh1", host.LayerOptions{})
	b.ReportAllocs()
	for b.Loop() {
		if err := u.Compute(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// TestExactLeavesOutRounding holds that integers are never judged bit for bit by an algorithm that rounds:
// by default with Exact another one computes, and one that was named says so.
func TestExactLeavesOutRounding(t *testing.T) {
	dev := hosttest.Open(t)
	const descriptor = "ic128ih14oc128kh3ph1" // by rule winograd4's
	l, x := example(t, dev, descriptor, host.LayerOptions{Algorithm: "winograd4"})
	_, _, err := l.Verify(t.Context(), x, host.VerifyOptions{Mode: cpuref.Exact})
	says(t, "named", err, cpuref.ErrNoVerdict, "winograd4")
	c := proof.Case{Problem: problem(t, descriptor), Seed: 1, Mode: cpuref.Exact}
	if _, err := c.Run(dev); err != nil {
		t.Error(err)
	}
}
