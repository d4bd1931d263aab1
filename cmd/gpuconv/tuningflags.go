package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tuning"
	"github.com/spf13/pflag"
)

// tuningFlags say which algorithms a command chooses from, and which stored tunings it uses.
type tuningFlags struct {
	tuned, exact bool
	cache        string
}

// dtypeFlag is how the volumes and filters of measured layers are stored.
type dtypeFlag string

func (f *dtypeFlag) add(flags *pflag.FlagSet) {
	flags.StringVar((*string)(f), "dtype", string(host.Float32),
		"how volumes and filters are stored: float32, float16, which is computed in float32, or int8")
}

// read gives it as options have it, "" for float32. It is one of those that are named.
func (f dtypeFlag) read(others ...host.DType) (host.DType, error) {
	t := host.DType(f)
	switch {
	case t == host.Float32:
		return "", nil
	case slices.Contains(others, t):
		return t, nil
	}
	return "", usagef("--dtype %s: must be %s or one of %s", f, host.Float32, others)
}

// fuseFlag says which depthwise layers of a network are computed together with the 1x1 layer behind them.
type fuseFlag string

func (f *fuseFlag) add(flags *pflag.FlagSet) {
	flags.StringVar((*string)(f), "fuse", "rules",
		"which depthwise layers of a network are computed together with the 1x1 layer behind them: rules, always or "+
			"never")
}

func (f fuseFlag) fusing() (host.Fusing, error) {
	to, err := host.ParseFusing(string(f))
	if err != nil {
		return "", usagef("--fuse %s: must be rules, always or never", string(f))
	}
	return to, nil
}

func (f *tuningFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(
		&f.tuned,
		"tuned",
		true,
		"use the algorithms that `gpuconv tune` chose; --tuned=false leaves the choice to rules",
	)
	f.addCommon(flags)
}

// addCommon registers what tune has, too.
func (f *tuningFlags) addCommon(flags *pflag.FlagSet) {
	flags.BoolVar(
		&f.exact,
		"exact",
		false,
		"leave out algorithms that round within their transforms, or spread a NaN or infinity beyond the outputs "+
			"that depend on it",
	)
	flags.StringVar(&f.cache, "cache", "", "tuning file (default gpuconv/tuning.json in your folder for caches)")
}

// open gives the stored tunings, nil where they are not wanted. A file that is of no use is a warning.
func (f *tuningFlags) open(a *app) *tuning.Cache {
	if !f.tuned {
		return nil
	}
	t, err := tuning.Open(f.cache)
	if err != nil && t.Path() != "" { // without a folder for caches there cannot be any
		fmt.Fprintf(a.stderr, "WARNING: %v\n", err)
	}
	return t
}

// checkAlgorithm refuses a name that no algorithm has, before any device is opened.
func checkAlgorithm(algorithm string) error {
	name, variant, found := strings.Cut(algorithm, "/")
	if algorithm == "" || slices.Contains(host.AlgorithmNames(), name) && (!found || variant != "") {
		return nil
	}
	return usagef(
		"--algorithm %s: must be one of %s, or one of them with its variant, as in direct/t64",
		algorithm,
		strings.Join(host.AlgorithmNames(), ", "),
	)
}

// errNoAlgorithms is about --algorithm where there is no GPU.
var errNoAlgorithms = errors.New("algorithms are for GPUs, and this is the CPU reference: leave --algorithm out")
