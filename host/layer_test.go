package host_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// example is a small layer with integer data, built.
func example(t testing.TB, dev *host.Device, descriptor string, o host.LayerOptions) (*host.Layer, tensor.Volume) {
	t.Helper()
	if o.Algorithm == "" && dev.GPU() != nil {
		o.Algorithm = "direct" // whose memory is the plainest
	}
	c := proof.Case{Problem: problem(t, descriptor), Seed: 1, Mode: cpuref.Exact}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	return build(t, dev, c.Problem, data.W, o), data.X
}

const small = "g2mb2ic4ih5oc6kh3ph1"

func verify(l *host.Layer, x tensor.Volume) error {
	_, report, err := l.Verify(context.Background(), x, host.VerifyOptions{Mode: cpuref.Exact})
	if err != nil {
		return err
	}
	return report.Err()
}

// bothDevices runs a test on the GPU and on the CPU reference.
func bothDevices(t *testing.T, f func(*testing.T, *host.Device)) {
	t.Run("gpu", func(t *testing.T) { f(t, hosttest.Open(t)) })
	t.Run("cpu", func(t *testing.T) { f(t, cpu(t)) })
}

func TestFiltersAreCopied(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		c := proof.Case{Problem: problem(t, small), Seed: 1, Mode: cpuref.Exact}
		data, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		x, w := data.X, data.W
		before, err := cpuref.Conv(c.Problem, x, w)
		if err != nil {
			t.Fatal(err)
		}
		l := build(t, dev, c.Problem, w, host.LayerOptions{})
		cpuref.Poison(w.Data)
		cpuref.Poison(w.Bias)
		v, report, err := l.Verify(t.Context(), x, host.VerifyOptions{Mode: cpuref.Exact})
		if err != nil || !report.OK() || !slices.Equal(v.Data, before.Volume().Data) {
			t.Errorf("report %v, error %v, outputs equal %v", report, err, slices.Equal(v.Data, before.Volume().Data))
		}
	})
}

func TestNoBiasIsZeros(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		c := proof.Case{Problem: problem(t, small), Seed: 1, Mode: cpuref.Exact}
		data, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		x, w := data.X, data.W
		w.Bias = nil
		if err := verify(build(t, dev, c.Problem, w, host.LayerOptions{}), x); err != nil {
			t.Error(err)
		}
	})
}

// TestRunIsVerifysRun holds that Run, which neither poisons nor checks, gives what Verify judged, and
// that x is left alone.
func TestRunIsVerifysRun(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		for _, o := range []host.LayerOptions{{}, {Epilogue: conv.Activate(conv.ReLU)},
			{Epilogue: conv.Activate(conv.ReLU), Separate: true}} {
			l, x := example(t, dev, small, o)
			before := x.Clone()
			judged, report, err := l.Verify(t.Context(), x, host.VerifyOptions{Mode: cpuref.Exact})
			if err != nil || !report.OK() {
				t.Fatal(report, err)
			}
			for range 2 {
				v, err := l.Run(t.Context(), x)
				if err != nil || !slices.Equal(v.Data, judged.Data) {
					t.Errorf("%+v: error %v, outputs %v, judged were %v", o, err, v.Data, judged.Data)
				}
			}
			if !slices.Equal(x.Data, before.Data) {
				t.Error("Run changed x")
			}
		}
	})
}

func TestRunAgainMakesNothing(t *testing.T) {
	dev := hosttest.Open(t)
	l, x := example(t, dev, small, host.LayerOptions{Epilogue: conv.Activate(conv.ReLU), Separate: true})
	if err := verify(l, x); err != nil {
		t.Fatal(err)
	}
	before := dev.GPU().Live()
	for range 3 {
		if err := verify(l, x); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Run(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if after := dev.GPU().Live(); after != before || before.Buffers != 7 {
		t.Errorf("open after running again: %+v, before %+v, must be 7 buffers and all the same", after, before)
	}
	second, x := example(t, dev, small, host.LayerOptions{Epilogue: conv.Activate(conv.ReLU), Separate: true})
	if err := verify(second, x); err != nil {
		t.Fatal(err)
	}
	if kernels := dev.GPU().Live().Kernels; kernels != before.Kernels {
		t.Errorf("a second layer alike compiled: %d kernels, were %d", kernels, before.Kernels)
	}
}

// together runs f in n goroutines and waits for all.
func together(n int, f func(i int)) {
	var wait sync.WaitGroup
	for i := range n {
		wait.Add(1)
		go func() {
			defer wait.Done()
			f(i)
		}()
	}
	wait.Wait()
}

func TestTwoLayersOnOneDevice(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		one, x1 := example(t, dev, small, host.LayerOptions{Epilogue: conv.Activate(conv.ReLU)})
		two, x2 := example(t, dev, "ic3ih7oc5kh3sh2", host.LayerOptions{})
		together(8, func(i int) {
			l, x := one, x1
			if i%2 == 1 {
				l, x = two, x2
			}
			if err := verify(l, x); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestOneLayerManyGoroutines gives each goroutine an input of its own: runs that got into each other's
// way would give one the other's outputs.
func TestOneLayerManyGoroutines(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		l, x := example(t, dev, small, host.LayerOptions{})
		together(8, func(i int) {
			mine := x.Clone()
			tensor.FillIntegers(mine.Data, rand.New(rand.NewPCG(1, uint64(i))), 50)
			for range 3 {
				if err := verify(l, mine); err != nil {
					t.Error(err)
				}
			}
		})
	})
}

// TestCloseWhileRunning holds that a run either ends well or says that the layer is closed.
func TestCloseWhileRunning(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		l, x := example(t, dev, small, host.LayerOptions{})
		together(5, func(i int) {
			if i == 4 {
				l.Close()
				return
			}
			for range 5 {
				if err := verify(l, x); err != nil && !errors.Is(err, gpu.ErrClosed) {
					t.Error(err)
				}
			}
		})
	})
}

func TestClose(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		l, x := example(t, dev, small, host.LayerOptions{Epilogue: conv.Activate(conv.ReLU), Separate: true})
		for range 2 {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := l.Run(t.Context(), x); !errors.Is(err, gpu.ErrClosed) {
			t.Errorf("running a closed layer: %v", err)
		}
		if g := dev.GPU(); g != nil && g.Live().Buffers != 0 {
			t.Errorf("closed, and still open: %+v", g.Live())
		}
		for range 2 {
			if err := dev.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestRunOnClosedDevice(t *testing.T) {
	dev := cpu(t) // TestLeak has the GPU
	l, x := example(t, dev, small, host.LayerOptions{})
	dev.Close()
	if _, err := l.Run(t.Context(), x); !errors.Is(err, gpu.ErrClosed) {
		t.Errorf("running on a closed device: %v", err)
	}
}

// TestLeak leaves a layer open: closing the device must say so, and closing the layer late must not hurt.
func TestLeak(t *testing.T) {
	dev, err := host.Open(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, x := example(t, dev, small, host.LayerOptions{Epilogue: conv.Activate(conv.ReLU), Separate: true})
	if err := dev.Close(); !errors.Is(err, gpu.ErrLeak) {
		t.Errorf("closing a device under its layer: %v, must be %v", err, gpu.ErrLeak)
	}
	if _, err := l.Run(t.Context(), x); !errors.Is(err, gpu.ErrClosed) {
		t.Errorf("running on a closed device: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestSampledVerify judges few outputs, says how many, and misses nothing when it judges all.
func TestSampledVerify(t *testing.T) {
	bothDevices(t, func(t *testing.T, dev *host.Device) {
		for _, f := range []conv.Function{conv.Identity, conv.ReLU} {
			l, x := example(t, dev, "ic3ih9oc5kh3", host.LayerOptions{Epilogue: conv.Activate(f)})
			const total = 7 * 7 * 5
			for sample, want := range map[int]int{0: total, 1: 8, 20: 20, total: total, 10 * total: total} {
				_, report, err := l.Verify(t.Context(), x,
					host.VerifyOptions{Mode: cpuref.Exact, Sample: sample, Seed: 3})
				if err != nil || !report.OK() || report.Checked != want || report.Total != total {
					t.Errorf("a sample of %d: %v (error %v), must have checked %d", sample, report, err, want)
				}
			}
		}
	})
}

func TestSampledVerifyFinds(t *testing.T) {
	l, x := example(t, hosttest.Open(t), "ic3ih9oc5kh3", host.LayerOptions{})
	numbers, _ := host.Words(t, l, host.OperandV)
	host.Corrupt(t, l, host.OperandV, numbers/2, 0.5)
	for sample, found := range map[int]bool{8: false, int(numbers): true} {
		_, report, err := l.Verify(t.Context(), x, host.VerifyOptions{Mode: cpuref.Exact, Sample: sample})
		if err != nil || report.OK() == found || found && (report.Failed != 1 || report.First.Got != 0.5) {
			t.Errorf("a sample of %d: %v (error %v), the wrong output found must be %v", sample, report, err, found)
		}
	}
	// Other seeds choose other outputs: some small samples find it.
	hits := 0
	for seed := range uint64(60) {
		_, report, err := l.Verify(t.Context(), x, host.VerifyOptions{Mode: cpuref.Exact, Sample: 50, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if !report.OK() {
			hits++
		}
	}
	if hits == 0 || hits == 60 {
		t.Errorf("samples of 50 outputs of 245 found the wrong one %d times in 60", hits)
	}
}
