package main

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tuning"
)

// tuneSubject is what algorithms are measured for: a layer, the gradients with respect to its W and b, or a depthwise
// layer together with the 1x1 layer behind it in a model.
type tuneSubject struct {
	problem  conv.Problem
	gradient string // [tuning.GradientW], or none
	behind   *conv.Problem
	model    string // its file
	options  host.LayerOptions
}

// pair are the two layers.
func (s tuneSubject) pair() host.Pair { return host.Pair{Depthwise: s.problem, Pointwise: *s.behind} }

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
func (s tuneSubject) String() string {
	behind := ""
	if s.behind != nil {
		behind = s.behind.String()
	}
	return ofLayer(s.problem.String(), s.gradient, behind)
}

// ofLayer names what is computed of a layer: V, which goes without saying, a gradient, or what a layer behind it
// gives.
func ofLayer(name, gradient, behind string) string {
	switch {
	case behind != "":
		return name + " and " + behind
	case gradient != "":
		return name + " d" + gradient
	}
	return name
}

// key is what its choice is kept for.
func (s tuneSubject) key(dev *host.Device) tuning.Key {
	if s.behind != nil {
		return s.pair().Key(dev.GPU().Info())
	}
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
	case s.behind != nil:
		return host.PairAlgorithms(dev, s.pair())
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
	case s.behind != nil:
		return host.TunePair(ctx, dev, s.pair(), o, options)
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

// repro is the command that shows what an algorithm computes.
func (s tuneSubject) repro(algorithm string, dev *host.Device) string {
	if s.behind != nil {
		return fmt.Sprintf("gpuconv infer %s --random 1 --check --fuse always", s.model)
	}
	return s.proofCase(algorithm).Repro(dev)
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
