package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/files"
	"github.com/gpuconv/gpuconv/shaders"
)

// candidate is one algorithm that a layer was measured by.
type candidate struct {
	name string // with its variant
	cost func(algo.Machine) float64
	ms   float64
}

// layer is what one file holds of one layer: two candidates or more. Times of several files are not comparable.
type layer struct {
	file       string
	software   bool
	name       string
	candidates []candidate
}

// best is how long the quickest candidate took, in milliseconds.
func (l layer) best() float64 {
	ms := l.candidates[0].ms
	for _, c := range l.candidates {
		ms = min(ms, c.ms)
	}
	return ms
}

// chosen is the candidate that the rules would choose among those that were measured.
func (l layer) chosen(m algo.Machine) candidate {
	chosen, least := l.candidates[0], l.candidates[0].cost(m)
	for _, c := range l.candidates[1:] {
		if cost := c.cost(m); cost < least {
			chosen, least = c, cost
		}
	}
	return chosen
}

type layers []layer

// of are the layers of one kind of device.
func (all layers) of(software bool) (some layers) {
	for _, l := range all {
		if l.software == software {
			some = append(some, l)
		}
	}
	return some
}

// limits are larger than any device's: what was measured has been served.
func limits(software bool) algo.Limits {
	const many = 1 << 30
	return algo.Limits{Software: software, Limits: gpu.Limits{
		MaxBufferSize: 1 << 40, MaxStorageBinding: 1 << 40, MaxUniformBinding: 1 << 16, MaxStorageBuffers: 8,
		MaxTexture:             many,
		StorageOffsetAlignment: 256, UniformOffsetAlignment: 256,
		MaxWorkgroupStorage: many, MaxWorkgroupInvocations: many, MaxWorkgroupsPerDimension: many,
		MaxWorkgroupSizeX: many, MaxWorkgroupSizeY: many, MaxWorkgroupSizeZ: many,
	}}
}

// samples are as few as a result may have: of one or two nobody knows what else ran on the machine.
const samples = 3

// tellsNothing is about results that failed or have too few samples.
func tellsNothing(r bench.Result) bool { return r.Error != "" || len(r.Time.Samples) < samples }

// read reads files of results. Layers of which one algorithm tells something are left out.
func read(files []string) (all layers, err error) {
	for _, name := range files {
		f, err := bench.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if f.Adapter.Name == "" {
			return nil, fmt.Errorf("%s: names no adapter: must be the JSON of gpuconv bench", name)
		}
		for i, r := range f.Results {
			if tellsNothing(r) {
				continue
			}
			if err := all.add(name, f.Adapter.Type == gpu.Software.String(), r); err != nil {
				return nil, fmt.Errorf("%s: results[%d]: %w", name, i, err)
			}
		}
	}
	return slices.DeleteFunc(all, func(l layer) bool { return len(l.candidates) < 2 }), nil
}

// add adds a result to its layer.
func (all *layers) add(file string, software bool, r bench.Result) error {
	p, err := conv.Parse(r.Problem)
	if err != nil {
		return err
	}
	c, err := newCandidate(p, r, software)
	if err != nil {
		return err
	}
	same := func(l layer) bool { return l.file == file && l.name == r.Name }
	at := slices.IndexFunc(*all, same)
	if at < 0 {
		at = len(*all)
		*all = append(*all, layer{file: file, software: software, name: r.Name})
	}
	l := &(*all)[at]
	l.candidates = append(l.candidates, c)
	return nil
}

// newCandidate finds the algorithm of a result. The time is that of the quick tenth of its samples: what else runs on
// a machine can only lengthen it.
func newCandidate(p conv.Problem, r bench.Result, software bool) (candidate, error) {
	name := r.Algorithm + "/" + r.Variant
	s := algo.Spec{Problem: p, DType: shaders.Float32}
	all := algo.All(s)
	at := slices.IndexFunc(all, func(a algo.Algorithm) bool { return algo.Name(a) == name })
	if at < 0 {
		return candidate{}, fmt.Errorf("%s by %s: %w", p, name, algo.ErrUnknown)
	}
	plan, err := all[at].Plan(s, limits(software))
	if err != nil {
		return candidate{}, fmt.Errorf("%s by %s: %w", p, name, err)
	}
	return candidate{name, plan.Cost, r.Time.P10}, nil
}

// trim writes results without what the fit does not read: those that tell nothing, and all times but the
// computation's.
func trim(from, to string) error {
	f, err := bench.ReadFile(from)
	if err != nil {
		return err
	}
	f.Results = slices.DeleteFunc(f.Results, tellsNothing)
	for i, r := range f.Results {
		f.Results[i] = bench.Result{
			Problem:   r.Problem,
			Name:      r.Name,
			FLOP:      r.FLOP,
			Algorithm: r.Algorithm,
			Variant:   r.Variant,
			Time:      r.Time,
			Clock:     r.Clock,
			Verified:  r.Verified,
			BoundUsed: r.BoundUsed,
		}
	}
	text, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	return files.WriteBytes(to, append(text, '\n'))
}
