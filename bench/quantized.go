package bench

import (
	"context"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
)

// quantizedRunner runs a [host.QuantizedLayer] whose operands are resident, outputs of float32 with them.
type quantizedRunner struct {
	layer    *host.QuantizedLayer
	x        []int8
	uploaded *host.QuantizedUploaded
}

// quantizedAlgorithms are those that serve a layer of int8 with the data that it is measured on.
func (d *Device) quantizedAlgorithms(p conv.Problem) []string {
	data, err := proof.Case{Problem: p, Options: host.LayerOptions{DType: host.Int8}}.Data()
	if err != nil {
		return nil
	}
	all, err := host.QuantizedAlgorithms(d.dev, p, data.Quantized.Filters, data.Quantized.Options)
	if err != nil {
		return nil
	}
	return namesOf(all)
}

// openQuantized builds the layer with these operands.
func (d *Device) openQuantized(p conv.Problem, q *proof.Quantized) (Runner, error) {
	layer, err := host.NewQuantizedLayer(d.dev, p, q.Filters, q.Options)
	if err != nil {
		return nil, err
	}
	r := quantizedRunner{layer: layer, x: q.X}
	if layer.Resident() {
		return &r, nil
	}
	return transferringRunner{&r, func() error {
		_, err := layer.Run(context.Background(), q.X)
		return err
	}}, nil
}

func (r *quantizedRunner) Upload() (err error) {
	r.uploaded, err = r.layer.Upload(context.Background(), r.x)
	return err
}

func (r *quantizedRunner) Compute() error { return r.uploaded.Compute(context.Background()) }

func (r *quantizedRunner) Timed() bool { return true }

func (r *quantizedRunner) ComputeTimed(runs int) (time.Duration, error) {
	return r.uploaded.ComputeTimed(context.Background(), runs)
}

func (r *quantizedRunner) Profile() ([]host.Dispatch, error) {
	return r.uploaded.Profile(context.Background())
}

func (r *quantizedRunner) Download() error {
	_, err := r.uploaded.Download(context.Background())
	return err
}

func (r *quantizedRunner) Verify() (float64, error) {
	_, report, err := r.layer.Verify(context.Background(), r.x)
	if err == nil {
		err = report.Err()
	}
	return report.BoundUsed, err
}

func (r *quantizedRunner) Algorithm() (algorithm, variant string) {
	a := r.layer.Algorithm()
	return a.Name(), a.Variant()
}

func (r *quantizedRunner) Close() error { return r.layer.Close() }
