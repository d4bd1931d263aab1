package ceiling_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/ceiling"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// open opens the adapter that the environment names.
func open(t *testing.T) *exec.Device {
	t.Helper()
	o, err := gpu.Options{}.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	dev, err := gpu.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	})
	return exec.On(dev)
}

// measures are what has a ceiling.
var measures = map[string]func(context.Context, *exec.Device) (ceiling.Rate, error){
	"arithmetic": ceiling.Arithmetic,
	"bandwidth":  ceiling.Bandwidth,
}

// TestRates holds that what is measured names a row of the table, and that it can be stopped. How fast a
// device is no test can say.
func TestRates(t *testing.T) {
	dev := open(t)
	stopped, stop := context.WithCancel(context.Background())
	stop()
	for what, measure := range measures {
		r, err := measure(context.Background(), dev)
		named := slices.ContainsFunc(shaders.Variants(), func(v shaders.Variant) bool { return v.Name() == r.Kernel })
		if err != nil || r.Most <= 0 || !named {
			t.Errorf("%s: %+v, %v", what, r, err)
		}
		if _, err := measure(stopped, dev); !errors.Is(err, context.Canceled) {
			t.Errorf("%s stopped: %v", what, err)
		}
	}
}

// TestRatesAreJudged holds that a kernel which does less, as a clever compiler might, is no ceiling.
func TestRatesAreJudged(t *testing.T) {
	dev := open(t)
	for what, change := range map[string][2]string{
		"arithmetic": {"round < p.rounds", "round + 1u < p.rounds"},
		"bandwidth":  {"original[i];", "original[i ^ 1u];"},
	} {
		dev.Source = func(v shaders.Variant) (shaders.Shader, error) {
			s, err := shaders.Source(v)
			s.WGSL = strings.ReplaceAll(s.WGSL, change[0], change[1])
			return s, err
		}
		_, err := measures[what](context.Background(), dev)
		if !errors.Is(err, cpuref.ErrMismatch) || !strings.Contains(fmt.Sprint(err), "must be") {
			t.Errorf("%s: %v", change[1], err)
		}
	}
}
