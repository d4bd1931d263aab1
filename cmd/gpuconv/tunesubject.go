package main

import (
	"context"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tuning"
)

// tuneSubject is what algorithms are measured for: a layer, or the gradients with respect to its W and b.
type tuneSubject struct {
	problem  conv.Problem
	gradient string // [tuning.GradientW], or none
	options  host.LayerOptions
}

// subjects are the layers, and with --backward behind each its adjoint, where it has one, and its dW.
func (f *tuneFlags) subjects(layers []bench.Layer) (all []tuneSubject) {
	o := f.options()
	for _, l := range layers {
		if all = append(all, tuneSubject{problem: l.Problem, options: o}); !f.backward {
			continue
		}
		if adjoint, err := l.Problem.Adjoint(); err == nil {
			if adjoint.Name != "" {
				adjoint.Name += " dX"
			}
			all = append(all, tuneSubject{problem: adjoint, options: o})
		}
		all = append(all, tuneSubject{problem: l.Problem, gradient: tuning.GradientW, options: o})
	}
	return all
}

// String is its descriptor, and what is computed of it.
func (s tuneSubject) String() string { return ofLayer(s.problem.String(), s.gradient) }

// ofLayer names what is computed of a layer: V, which goes without saying, or a gradient.
func ofLayer(name, gradient string) string {
	if gradient == "" {
		return name
	}
	return name + " d" + gradient
}

// key is what its choice is kept for.
func (s tuneSubject) key(dev *host.Device) tuning.Key {
	key := tuning.KeyOf(dev.GPU().Info(), s.problem, s.options.DType)
	key.Gradient = s.gradient
	return key
}

// quantized is the data that layers of int8 are measured with.
func (s tuneSubject) quantized() (*proof.Quantized, error) {
	data, err := s.proofCase("").Data()
	return data.Quantized, err
}

// algorithms are the candidates.
func (s tuneSubject) algorithms(dev *host.Device) ([]host.Algorithm, error) {
	switch {
	case s.gradient != "":
		return host.FilterGradients(dev, s.problem, s.options)
	case s.options.DType != host.Int8:
		return host.Algorithms(dev, s.problem, s.options)
	}
	q, err := s.quantized()
	if err != nil {
		return nil, err
	}
	return host.QuantizedAlgorithms(dev, s.problem, q.Filters, q.Options)
}

// tune measures them, and has the tunings keep the quickest.
func (s tuneSubject) tune(
	ctx context.Context,
	a *app,
	dev *host.Device,
	tunings *tuning.Cache,
	options host.TuneOptions,
) (tuning.Result, error) {
	o := s.options
	o.Tunings = tunings
	switch {
	case s.gradient != "":
		return host.TuneFilterGradient(ctx, dev, s.problem, o, options)
	case o.DType != host.Int8:
		return a.tuneLayer(ctx, dev, s.problem, o, options)
	}
	q, err := s.quantized()
	if err != nil {
		return tuning.Result{}, err
	}
	q.Options.Tunings = tunings
	return host.TuneQuantized(ctx, dev, s.problem, q.X, q.Filters, q.Options, options)
}

// proofCase shows what an algorithm computes.
func (s tuneSubject) proofCase(algorithm string) proof.Case {
	c := proof.Case{Problem: s.problem, Seed: 1, Mode: cpuref.Bounded, Backward: s.gradient != "",
		Options: host.LayerOptions{DType: s.options.DType}}
	if c.Options.Algorithm = algorithm; c.Backward {
		c.Options.Algorithm, c.Options.FilterGradient = "", algorithm
	}
	return c
}
