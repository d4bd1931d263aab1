package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tensor"
)

// Device opens package host's layers, with seeded real numbers.
type Device struct {
	Tunings  *host.Tunings // choose algorithms where none is named; nil for the rules
	dev      *host.Device
	from, to *gpu.Buffer // copied to overwrite caches; nil until first asked for
}

// NewDevice measures on dev, which stays the caller's to close.
func NewDevice(dev *host.Device) *Device { return &Device{dev: dev} }

// Timestamps reports whether there is the GPU's clock.
func (d *Device) Timestamps() bool {
	return false // layers do not tell the GPU's time yet
}

// Algorithms implements [Opener].
func (d *Device) Algorithms(conv.Problem) []string { return []string{"direct"} }

// Open implements [Opener]. The error wraps [ErrInput] for an algorithm that does not take the problem.
func (d *Device) Open(p conv.Problem, algorithm string, seed uint64) (Runner, error) {
	if known := d.Algorithms(p); algorithm != "" && !slices.Contains(known, algorithm) {
		return nil, fmt.Errorf("%w: algorithm %q, for %s there are %s", ErrInput, algorithm, p, strings.Join(known, ", "))
	}
	data, err := proof.Case{Problem: p, Seed: seed}.Data()
	if err != nil {
		return nil, err
	}
	layer, err := host.NewLayer(d.dev, p, data.W, host.LayerOptions{Tunings: d.Tunings})
	if err != nil {
		return nil, err
	}
	return &layerRunner{layer: layer, x: data.X}, nil
}

// layerRunner runs a [host.Layer]. As long as layers have no resident operands a computation transfers too.
type layerRunner struct {
	layer *host.Layer
	x     tensor.Volume
}

func (r *layerRunner) Upload() error   { return nil }
func (r *layerRunner) Download() error { return nil }

func (r *layerRunner) Compute() error {
	_, err := r.layer.Run(r.x)
	return err
}

func (r *layerRunner) ComputeTimed() (time.Duration, error) {
	begun := time.Now()
	err := r.Compute()
	return time.Since(begun), err
}

func (r *layerRunner) Verify() (float64, error) {
	_, report, err := r.layer.Verify(r.x, host.VerifyOptions{Mode: cpuref.Bounded})
	if err == nil {
		err = report.Err()
	}
	return report.BoundUsed, err
}

func (r *layerRunner) Algorithm() (algorithm, variant string) { return "direct", "" }
func (r *layerRunner) Close() error                           { return r.layer.Close() }
