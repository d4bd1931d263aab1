package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tensor"
)

// job is one layer to run: its operands, how it is judged, and what is written.
type job struct {
	problem      conv.Problem
	x            tensor.Volume
	w            tensor.Filters
	options      host.LayerOptions
	mode         cpuref.Mode
	verify       string
	sample       int
	seed         uint64
	fromFiles    bool // data that no seed makes again
	output, maps string
}

// job reads flags and files. Nothing of the GPU is touched before all of them are right.
func (f runFlags) job(args []string) (job, error) {
	j := job{verify: f.verify, sample: f.sample, seed: f.seed, output: f.output, maps: f.maps,
		fromFiles: f.input != "" || f.filters != "" || f.bias != "" || f.alexnet != ""}
	if err := f.options(&j); err != nil {
		return j, err
	}
	var err error
	switch {
	case f.alexnet != "":
		err = f.alexnetJob(&j, args)
	case len(args) == 1:
		err = f.descriptorJob(&j, args[0])
	case f.input != "" && f.filters != "":
		err = f.filesJob(&j)
	default:
		err = usageError{errNoInput}
	}
	if err != nil {
		return j, err
	}
	return j, cpuref.CheckShapes(j.problem, j.x, j.w)
}

// options reads the flags that are about neither sizes nor data.
func (f runFlags) options(j *job) error {
	switch f.relu {
	case "":
	case "fused":
		j.options.Activation = host.ReLU
	case "separate":
		j.options.Activation = host.SeparateReLU
	default:
		return usagef("--relu=%s: must be fused or separate", f.relu)
	}
	switch f.data {
	case "reals":
	case "integers":
		if j.fromFiles {
			return usagef("--data integers is about seeded data: leave it out where files are read")
		}
		j.mode = cpuref.Exact
	default:
		return usagef("--data %s: must be reals or integers", f.data)
	}
	if f.verify != "full" && f.verify != "sample" && f.verify != "off" {
		return usagef("--verify %s: must be full, sample or off", f.verify)
	}
	if f.sample < 1 {
		return usagef("--sample %d: must be 1 or more", f.sample)
	}
	for flag, path := range map[string][2]string{"--output": {f.output, ".npy"}, "--maps": {f.maps, ".png"}} {
		if path[0] != "" && !strings.EqualFold(filepath.Ext(path[0]), path[1]) {
			return usagef("%s %s: must end in %s", flag, path[0], path[1])
		}
	}
	j.options.Threads = f.threads
	return nil
}

// descriptorJob takes the sizes from a descriptor; files replace what the seed would make.
func (f runFlags) descriptorJob(j *job, descriptor string) (err error) {
	if j.problem, err = conv.Parse(descriptor); err != nil {
		return err
	}
	if j.x, j.w, err = (proof.Case{Problem: j.problem, Seed: f.seed, Mode: j.mode}).Data(); err != nil {
		return err
	}
	if f.input != "" {
		if j.x, err = f.readVolume(f.input); err != nil {
			return err
		}
	}
	if f.filters != "" {
		j.w, err = f.readFilters()
	} else if f.bias != "" {
		j.w.Bias, err = readBias(f.bias)
	}
	return err
}

// filesJob takes the sizes from the files.
func (f runFlags) filesJob(j *job) (err error) {
	if j.x, err = f.readVolume(f.input); err != nil {
		return err
	}
	if j.w, err = f.readFilters(); err != nil {
		return err
	}
	s := sizeFlags{input: fmt.Sprintf("%dx%dx%d", j.x.W, j.x.H, j.x.D), filter: fmt.Sprintf("%dx%d", j.w.W, j.w.H),
		stride: f.stride, pad: f.pad, dilation: f.dilation, depth: j.w.K, groups: f.groups, batch: j.x.N}
	j.problem, err = s.problem(nil)
	return err
}

func (f runFlags) readVolume(path string) (tensor.Volume, error) {
	if !strings.EqualFold(filepath.Ext(path), ".npy") {
		return tensor.ReadImageFile(path)
	}
	layout, err := tensor.ParseVolumeLayout(f.layout)
	if err != nil {
		return tensor.Volume{}, usageError{err}
	}
	array, err := tensor.ReadNPYFile(path)
	if err != nil {
		return tensor.Volume{}, err
	}
	v, err := tensor.VolumeFrom(array, layout)
	if err != nil {
		return v, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

func (f runFlags) readFilters() (tensor.Filters, error) {
	layout, err := tensor.ParseFilterLayout(f.filterLayout)
	if err != nil {
		return tensor.Filters{}, usageError{err}
	}
	array, err := tensor.ReadNPYFile(f.filters)
	if err != nil {
		return tensor.Filters{}, err
	}
	w, err := tensor.FiltersFrom(array, layout)
	if err != nil {
		return w, fmt.Errorf("%s: %w", f.filters, err)
	}
	w.Bias = make([]float32, w.K)
	if f.bias != "" {
		w.Bias, err = readBias(f.bias)
	}
	return w, err
}

func readBias(path string) ([]float32, error) {
	array, err := tensor.ReadNPYFile(path)
	if err != nil {
		return nil, err
	}
	bias, err := tensor.BiasFrom(array)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return bias, nil
}

// title names the picture of the maps.
func (j job) title() string {
	if j.problem.Name != "" {
		return j.problem.Name
	}
	return j.problem.String()
}
