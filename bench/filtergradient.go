package bench

import (
	"context"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/tuning"
)

// GradientW is the [Result.Gradient] of gradients with respect to filters.
const GradientW = tuning.GradientW

// FilterGradients are the gradients of layers with respect to W and b, by algorithms as [Layers] takes their names.
func (d *Device) FilterGradients(layers []Layer, algorithms ...string) (subjects []Subject) {
	served := func(p conv.Problem) []string {
		all, err := host.FilterGradients(d.dev, p, host.LayerOptions{})
		if err != nil {
			return nil
		}
		return namesOf(all)
	}
	for _, l := range layers {
		for _, a := range named(algorithms, l.Problem, served) {
			about := newResult(l, a)
			if about.Gradient = GradientW; about.Name != "" {
				about.Name += " dW"
			}
			subjects = append(subjects, Subject{about, func(seed uint64) (Runner, error) {
				return d.openFilterGradient(l, a, seed)
			}})
		}
	}
	return subjects
}

func (d *Device) openFilterGradient(l Layer, algorithm string, seed uint64) (Runner, error) {
	o := host.LayerOptions{FilterGradient: algorithm, Tunings: d.Tunings}
	data, err := proof.Case{Problem: l.Problem, Seed: seed, Options: o, Backward: true}.Data()
	if err != nil {
		return nil, err
	}
	g, err := host.NewFilterGradient(d.dev, l.Problem, o)
	if err != nil {
		return nil, err
	}
	return filterGradientRunner{g, data.X, data.DV}, nil
}

// filterGradientRunner runs a [host.FilterGradient] whose operands are resident.
type filterGradientRunner struct {
	gradient *host.FilterGradient
	x, dz    tensor.Volume
}

func (r filterGradientRunner) Upload() error {
	return r.gradient.Upload(context.Background(), r.x, r.dz)
}
func (r filterGradientRunner) Compute() error { return r.gradient.Compute(context.Background()) }
func (filterGradientRunner) Timed() bool      { return true }

func (r filterGradientRunner) ComputeTimed(runs int) (time.Duration, error) {
	return r.gradient.ComputeTimed(context.Background(), runs)
}

func (r filterGradientRunner) Profile() ([]host.Dispatch, error) {
	return r.gradient.Profile(context.Background())
}

func (r filterGradientRunner) Download() error {
	_, err := r.gradient.Download(context.Background())
	return err
}

func (r filterGradientRunner) Verify() (boundUsed float64, err error) {
	judged, err := r.gradient.Verify(context.Background(), cpuref.Bounded)
	for _, j := range judged {
		if err == nil {
			err = j.Report.Err()
		}
		boundUsed = max(boundUsed, j.Report.BoundUsed)
	}
	return boundUsed, err
}

func (r filterGradientRunner) Algorithm() (algorithm, variant string) {
	a := r.gradient.Algorithm()
	return a.Name(), a.Variant()
}

func (r filterGradientRunner) Close() error { return r.gradient.Close() }
