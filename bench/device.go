package bench

import (
	"context"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/tuning"
)

// Device opens package host's layers, with seeded real numbers.
type Device struct {
	Tunings  *tuning.Cache // choose algorithms where none is named; nil for the rules
	Exact    bool          // only algorithms that [host.LayerOptions] calls exact
	DType    host.DType    // how volumes and filters are stored; "" is float32
	Fuse     host.Fusing   // of networks
	dev      *host.Device
	from, to *gpu.Buffer // copied to overwrite caches; nil until first asked for
}

// NewDevice measures on dev, which stays the caller's to close.
func NewDevice(dev *host.Device) *Device { return &Device{dev: dev} }

// HasFilterGradients reports whether it measures [Device.FilterGradients]: on a GPU, for they are float32.
func (d *Device) HasFilterGradients() bool {
	return d.dev.GPU() != nil && (d.DType == "" || d.DType == host.Float32)
}

// Timestamps reports whether there is the GPU's clock.
func (d *Device) Timestamps() bool {
	return d.dev.GPU() != nil && d.dev.GPU().Info().HasFeature(gpu.FeatureTimestamps)
}

// Algorithms implements [Opener]: those of [host.Algorithms], each with its variant.
func (d *Device) Algorithms(p conv.Problem) (names []string) {
	if d.DType == host.Int8 {
		return d.quantizedAlgorithms(p)
	}
	all, err := host.Algorithms(d.dev, p, host.LayerOptions{Exact: d.Exact, DType: d.DType})
	if err != nil {
		return nil
	}
	return namesOf(all)
}

func namesOf(all []host.Algorithm) (names []string) {
	for _, a := range all {
		names = append(names, host.AlgorithmName(a))
	}
	return names
}

// Layers are [Layers] on the device, as their volumes are stored.
func (d *Device) Layers(layers []Layer, algorithms ...string) []Subject {
	all := Layers(d, layers, algorithms...)
	smaller := map[host.DType]int64{host.Float16: 2, host.Int8: 4}[d.DType]
	if smaller == 0 {
		return all
	}
	for i := range all {
		all[i].About.DType = string(d.DType)
		all[i].About.Bytes /= smaller
	}
	return all
}

// Open implements [Opener]. The error is host's own for an algorithm that does not take the problem.
func (d *Device) Open(p conv.Problem, algorithm string, seed uint64) (Runner, error) {
	o := host.LayerOptions{Algorithm: algorithm, Tunings: d.Tunings, Exact: d.Exact, DType: d.DType}
	data, err := proof.Case{Problem: p, Seed: seed, Options: o}.Data()
	if err != nil {
		return nil, err
	}
	if q := data.Quantized; q != nil {
		q.Options.Tunings = d.Tunings
		return d.openQuantized(p, q)
	}
	layer, err := host.NewLayer(d.dev, p, data.W, o)
	if err != nil {
		return nil, err
	}
	r := layerRunner{layer: layer, x: data.X}
	if layer.Resident() {
		return &r, nil
	}
	return transferringRunner{&r, func() error {
		_, err := layer.Run(context.Background(), r.x)
		return err
	}}, nil
}

// layerRunner runs a [host.Layer] whose operands are resident.
type layerRunner struct {
	layer    *host.Layer
	x        tensor.Volume
	uploaded *host.Uploaded
}

func (r *layerRunner) Upload() (err error) {
	r.uploaded, err = r.layer.Upload(context.Background(), r.x)
	return err
}

func (r *layerRunner) Compute() error { return r.uploaded.Compute(context.Background()) }

func (r *layerRunner) Timed() bool { return true }

func (r *layerRunner) ComputeTimed(runs int) (time.Duration, error) {
	return r.uploaded.ComputeTimed(context.Background(), runs)
}

func (r *layerRunner) Profile() ([]host.Dispatch, error) {
	return r.uploaded.Profile(context.Background())
}

func (r *layerRunner) Download() error {
	_, err := r.uploaded.Download(context.Background())
	return err
}

func (r *layerRunner) Verify() (float64, error) {
	_, report, err := r.layer.Verify(context.Background(), r.x, host.VerifyOptions{Mode: cpuref.Bounded})
	if err == nil {
		err = report.Err()
	}
	return report.BoundUsed, err
}

func (r *layerRunner) Algorithm() (algorithm, variant string) {
	a := r.layer.Algorithm()
	return a.Name(), a.Variant()
}

func (r *layerRunner) Close() error { return r.layer.Close() }

// transferringRunner runs a layer that is computed in blocks or on the CPU: all of it is transferred in
// every computation, and the wall's clock is the only one.
type transferringRunner struct {
	Runner
	run func() error
}

func (transferringRunner) Upload() error   { return nil }
func (transferringRunner) Download() error { return nil }

func (r transferringRunner) Compute() error { return r.run() }

func (transferringRunner) Timed() bool { return false }
