package bench

import (
	"context"
	"errors"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
)

// quantizedRunner runs a [host.QuantizedLayer]: all of it is transferred in every computation, outputs of float32 with
// it, and the wall's clock is the only one.
type quantizedRunner struct {
	layer *host.QuantizedLayer
	x     []int8
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

func (quantizedRunner) Upload() error   { return nil }
func (quantizedRunner) Download() error { return nil }

func (r quantizedRunner) Compute() error {
	_, err := r.layer.Run(context.Background(), r.x)
	return err
}

func (quantizedRunner) Timed() bool { return false }

func (quantizedRunner) ComputeTimed(int) (time.Duration, error) { return 0, errNoClock }

func (quantizedRunner) Profile() ([]host.Dispatch, error) { return nil, errNoClock }

var errNoClock = errors.New("layers of int8 have the wall's clock alone")

func (r quantizedRunner) Verify() (float64, error) {
	_, report, err := r.layer.Verify(context.Background(), r.x)
	if err == nil {
		err = report.Err()
	}
	return report.BoundUsed, err
}

func (r quantizedRunner) Algorithm() (algorithm, variant string) {
	a := r.layer.Algorithm()
	return a.Name(), a.Variant()
}

func (r quantizedRunner) Close() error { return r.layer.Close() }
