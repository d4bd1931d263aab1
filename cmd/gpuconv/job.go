package main

import (
	"errors"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
)

// job is one layer to run: its operands, how it is judged, and what is written.
type job struct {
	problem       conv.Problem
	data          proof.Operands
	options       host.LayerOptions
	mode          cpuref.Mode
	backward      bool
	deterministic bool
	exact         bool // asked for; whole numbers ask for it themselves
	verify        string
	sample        int
	seed          uint64
	fromFiles     bool // data that no seed makes again
	output, maps  string
	gradients     gradientFiles
}

var errNoInput = errors.New(
	"no input: name a descriptor, or --input and --filters, or --alexnet; alone, `gpuconv run` shows the notes' " +
		"example",
)

// job reads flags and files. Nothing of the GPU is touched before all of them are right.
func (f *runFlags) job(args []string) (job, error) {
	j := job{
		verify:        f.verify,
		sample:        f.sample,
		seed:          f.seed,
		output:        f.output,
		maps:          f.maps,
		gradients:     f.gradientFiles,
		deterministic: f.deterministic,
		fromFiles:     len(f.files()) > 0,
	}
	if err := f.options(&j); err != nil {
		return j, err
	}
	if len(f.sizesGiven) > 0 && (len(args) == 1 || f.alexnet != "") {
		return j, usagef(
			"%s: sizes of a layer from files; the descriptor, or --alexnet, has its own",
			strings.Join(f.sizesGiven, ", "),
		)
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
	if q := j.data.Quantized; q != nil {
		return j, q.Options.Validate(j.problem)
	}
	j.options.Slopes = j.data.Slopes
	return j, j.check()
}

// descriptorJob takes the sizes from a descriptor; files replace what the seed would make.
func (f *runFlags) descriptorJob(j *job, descriptor string) (err error) {
	if j.problem, err = conv.Parse(descriptor); err != nil {
		return err
	}
	if j.data, err = j.proofCase().Data(); err != nil {
		return err
	}
	if f.input != "" {
		if j.data.X, err = f.readVolume("--input", f.input); err != nil {
			return err
		}
	}
	if f.filters != "" {
		j.data.W, err = f.readFilters(j.problem.Unshared)
	} else if f.bias != "" {
		j.data.W.Bias, err = f.readBiases(j.data.W, j.problem.Unshared)
	}
	if err != nil {
		return err
	}
	return f.readRest(j)
}

// filesJob takes the sizes from the files. The volumes that no file holds are seeded.
func (f *runFlags) filesJob(j *job) error {
	x, err := f.readVolume("--input", f.input)
	if err != nil {
		return err
	}
	w, err := f.readFilters(f.unshared)
	if err != nil {
		return err
	}
	j.problem, err = f.problem(x.N, extents{x.Planes(), x.H, x.W}, x.D, w.K, extents{w.Planes(), w.H, w.W})
	if err != nil {
		return err
	}
	if err := f.seedRest(j); err != nil {
		return err
	}
	j.data.X, j.data.W = x, w
	return f.readRest(j)
}

// seedRest makes seeded operands where the layer has more than X and W and no files hold them.
func (f *runFlags) seedRest(j *job) (err error) {
	e := j.options.Epilogue
	if e.Residual != conv.NoResidual && f.residualInput == "" ||
		e.Activation.Function == conv.PReLU && f.slopes == "" ||
		f.backward && f.dv == "" {
		j.data, err = j.proofCase().Data()
	}
	return err
}

// proofCase is the job as a case with seeded data.
func (j job) proofCase() proof.Case {
	o := j.options
	o.Slopes, o.Tunings, o.Exact = nil, nil, false // what a case has from its seed and its mode, or not at all
	return proof.Case{Problem: j.problem, Seed: j.seed, Mode: j.mode, Options: o, Backward: j.backward}
}

// repro is the one command that shows a failure of r's run again. The choice of an algorithm that was
// tuned may be another one by then.
func (j job) repro(dev *host.Device, r runReport) string {
	if j.fromFiles {
		return "the same command line, with the same files: " + commandLine()
	}
	c := j.proofCase()
	if r.Tuned {
		c.Options.Algorithm = r.Algorithm
	}
	command := drivers() + c.Repro(dev)
	if j.exact {
		command += " --exact"
	}
	if j.deterministic {
		command += " --deterministic"
	}
	return command
}

// title names the picture of the maps.
func (j job) title() string {
	if j.problem.Name != "" {
		return j.problem.Name
	}
	return j.problem.String()
}
