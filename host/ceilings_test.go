package host_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
)

func peakKernel(fused bool, lanes uint32) shaders.Peak {
	return shaders.Peak{Threads: 256, Fused: fused, Lanes: lanes}
}

func copyKernel(each uint32) shaders.Copy { return shaders.Copy{Threads: 256, Each: each} }

// The killers of the kernels that measure ceilings: each once with the last workgroup half full, and once
// with as many workgroups as fill the folded grid.
func init() {
	for _, fused := range []bool{true, false} {
		for _, lanes := range []uint32{1, 4} {
			k := peakKernel(fused, lanes)
			killers[k] = []killer{
				{"700 threads", func(dev *host.Device) error { return host.AttemptPeak(dev, k, 700, 3) }},
				{"20 workgroups", func(dev *host.Device) error { return host.AttemptPeak(dev, k, 20*256, 1) }},
			}
		}
	}
	for _, each := range []uint32{1, 4} {
		k := copyKernel(each)
		killers[k] = []killer{
			{"1700 elements", func(dev *host.Device) error { return host.AttemptCopy(dev, k, 1700) }},
			{"20 workgroups", func(dev *host.Device) error { return host.AttemptCopy(dev, k, 20*256*int64(each)) }},
		}
	}
}

// TestCeilings holds that what is measured names a row of the table each, and that it can be stopped. How
// fast a device is no test can say.
func TestCeilings(t *testing.T) {
	dev := hosttest.Open(t)
	c, err := host.MeasureCeilings(context.Background(), dev)
	if err != nil {
		t.Fatal(err)
	}
	clock := host.ClockWall
	if dev.GPU().Info().HasFeature(gpu.FeatureTimestamps) {
		clock = host.ClockGPU
	}
	named := func(name string) bool {
		return slices.ContainsFunc(shaders.Variants(), func(v shaders.Variant) bool { return v.Name() == name })
	}
	if c.GFLOPS <= 0 || c.GBs <= 0 || !named(c.PeakKernel) || !named(c.CopyKernel) || c.Clock != clock {
		t.Errorf("ceilings %+v, clock must be %s", c, clock)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := host.MeasureCeilings(stopped, dev); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestCeilingsOfTheReference(t *testing.T) {
	dev, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := host.MeasureCeilings(context.Background(), dev); !errors.Is(err, host.ErrUnsupported) {
		t.Error(err)
	}
	dev.Close()
	if _, err := host.MeasureCeilings(context.Background(), dev); !errors.Is(err, gpu.ErrClosed) {
		t.Error(err)
	}
}

// TestCeilingsAreJudged holds that a kernel which does less, as a clever compiler might, is no ceiling.
func TestCeilingsAreJudged(t *testing.T) {
	dev := hosttest.Open(t)
	for was, is := range map[string]string{"round < p.rounds": "round + 1u < p.rounds", "original[i];": "original[i ^ 1u];"} {
		host.SetSource(t, dev, func(v shaders.Variant) (shaders.Shader, error) {
			s, err := shaders.Source(v)
			s.WGSL = strings.ReplaceAll(s.WGSL, was, is)
			return s, err
		})
		_, err := host.MeasureCeilings(context.Background(), dev)
		if !errors.Is(err, cpuref.ErrMismatch) || !strings.Contains(fmt.Sprint(err), "must be") {
			t.Errorf("%s: %v", is, err)
		}
	}
}

// ceilingShapes judges every row of the kernels that measure ceilings.
func ceilingShapes() (all []killer) {
	for _, k := range shaders.Peaks() {
		all = append(all, killer{k.Name(), func(dev *host.Device) error { return host.AttemptPeak(dev, k, 300, 5) }})
	}
	for _, k := range shaders.Copies() {
		all = append(all, killer{k.Name(), func(dev *host.Device) error { return host.AttemptCopy(dev, k, 1500) }})
	}
	return all
}
