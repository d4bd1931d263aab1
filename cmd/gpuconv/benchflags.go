package main

import (
	"slices"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// benchFlags are what `gpuconv bench` was asked for.
type benchFlags struct {
	tuningFlags
	modelFlags
	dtypeFlag
	fuseFlag
	suite, match    string
	algorithms      []string
	budget          time.Duration
	rounds          int
	warmUp          int
	seed            uint64
	noCeilings      bool
	ceilings        bool
	percentiles     []float64
	dispatches      bool
	backward        bool
	filterGradients []string
	csv, html       string
	markdown        string
}

// outputs are the flags that name files of reports, and the files.
func (f *benchFlags) outputs() [][2]string {
	return [][2]string{{"--csv", f.csv}, {"--html", f.html}, {"--markdown", f.markdown}}
}

// register adds the flags.
func (f *benchFlags) register(flags *pflag.FlagSet) {
	f.tuningFlags.add(flags)
	f.dtypeFlag.add(flags)
	f.fuseFlag.add(flags)
	f.modelFlags.add(flags, "ONNX files of networks to measure whole, several with commas between them")
	flags.StringVar(
		&f.suite,
		"suite",
		"",
		"a suite's name, or a file with a descriptor a line, or - for stdin (default core where there is no --model)",
	)
	flags.StringSliceVar(&f.algorithms, "algorithm", nil,
		"algorithms by name, or all (default what the layer chooses)")
	flags.StringVar(&f.match, "match", "", "only layers whose name or descriptor matches this regular expression")
	flags.DurationVar(
		&f.budget,
		"budget",
		time.Second,
		"time for a layer's warm samples; cold ones and transfers take half of it each",
	)
	flags.IntVar(&f.rounds, "rounds", 5, "how often each layer has its turn, each time with its part of the budget")
	flags.IntVar(&f.warmUp, "warmup", 3, "runs of a layer before the samples of a round")
	flags.Uint64Var(&f.seed, "seed", 1, "of the data")
	flags.BoolVar(&f.noCeilings, "no-ceilings", false,
		"leave out the device's ceilings, and with them the percentages")
	flags.BoolVar(&f.ceilings, "ceilings", false, "measure the device's ceilings alone, and no layers")
	flags.BoolVar(&f.backward, "backward", false,
		"measure beside each layer the gradient with respect to its input, which is a layer too, its adjoint, and "+
			"on a GPU that with respect to its filters")
	flags.StringSliceVar(&f.filterGradients, "filter-gradient", nil,
		"algorithms by name, or all, of the gradients with respect to filters (default what the rules choose)")
	flags.BoolVar(
		&f.dispatches,
		"dispatches",
		false,
		"show the time of each dispatch in the tables, by the GPU's clock",
	)
	flags.Float64SliceVar(
		&f.percentiles,
		"percentiles",
		[]float64{10, 90},
		"of each layer's times, from 0, the shortest, to 100",
	)
	flags.StringVar(&f.csv, "csv", "", "write the results as CSV to a file, or - for stdout")
	flags.StringVar(&f.html, "html", "", "write a page with pictures to a file, or - for stdout")
	flags.StringVar(&f.markdown, "markdown", "", "write the table in Markdown to a file, or - for stdout")
}

// layers are those of the suite or the command line that match.
func (f *benchFlags) layers(a *app, args []string) ([]bench.Layer, error) {
	if len(args) == 0 && f.suite == "" && len(f.models) > 0 {
		if f.match != "" || len(f.algorithms) > 0 {
			return nil, usagef("--match and --algorithm are about layers: name some beside --model, or leave them out")
		}
		f.suite = "networks"
		return nil, nil
	}
	all, err := f.allLayers(a, args)
	if err != nil {
		return nil, err
	}
	return matching(all, f.match)
}

// adjoints are the layers that compute the gradients of these layers' inputs with --backward, none without it.
func (f *benchFlags) adjoints(layers []bench.Layer) (all []bench.Layer, err error) {
	if !f.backward && len(f.filterGradients) > 0 {
		return nil, usagef("--filter-gradient %s: only --backward measures gradients",
			strings.Join(f.filterGradients, ","))
	}
	if !f.backward {
		return nil, nil
	}
	for _, l := range layers {
		back, err := l.Problem.Adjoint()
		if err != nil {
			return nil, usagef("--backward of %s: %v", l.Problem, err)
		}
		if back.Name != "" {
			back.Name += " dX"
		}
		all = append(all, bench.Layer{Problem: back, Count: l.Count})
	}
	return all, nil
}

func (f *benchFlags) allLayers(a *app, args []string) ([]bench.Layer, error) {
	if len(args) == 0 {
		if f.suite == "" {
			f.suite = "core"
		}
		return a.readSuite(f.suite)
	}
	for _, d := range args {
		if strings.HasSuffix(d, ".json") {
			return nil,
				usagef("%s is no layer: --json prints results, --output-json %s writes them to that file", d, d)
		}
	}
	if f.suite != "" {
		return nil, usagef("--suite %s and descriptors: leave one of them out", f.suite)
	}
	f.suite = "the command line"
	var layers []bench.Layer
	for _, d := range args {
		p, err := conv.Parse(d)
		if err != nil {
			return nil, err
		}
		layers = append(layers, bench.Layer{Problem: p, Count: 1})
	}
	return layers, nil
}

// maxRounds is so many that a layer keeps samples of each.
const maxRounds = 1000

func (f *benchFlags) validate(a *app) error {
	switch {
	case f.budget <= 0:
		return usagef("--budget %v: must be positive, such as 1s", f.budget)
	case f.rounds < 1 || f.rounds > maxRounds:
		return usagef("--rounds %d: must be from 1 to %d", f.rounds, maxRounds)
	case f.warmUp < 0:
		return usagef("--warmup %d: must be 0 or more", f.warmUp)
	}
	if _, err := f.dtypeFlag.read(host.Float16, host.Int8); err != nil {
		return err
	}
	for _, algorithm := range f.algorithms {
		if algorithm == "" {
			return usagef("--algorithm is empty: name some, or leave it out")
		}
		if err := checkAlgorithm(algorithm); err != nil && algorithm != "all" {
			return err
		}
	}
	for _, p := range f.percentiles {
		if !(p >= 0 && p <= 100) {
			return usagef("--percentiles %g: must be from 0 to 100", p)
		}
	}
	return f.validateOutputs(a)
}

// validateOutputs refuses files that cannot be, and more than one report on stdout.
func (f *benchFlags) validateOutputs(a *app) error {
	stdout, names := 0, "--json"
	if a.json {
		stdout++
	}
	for _, out := range f.outputs() {
		names += ", " + out[0]
		switch {
		case out[1] == "":
		case out[1] == "-":
			stdout++
		case out[1][0] == '-': // the next flag, where the file was forgotten
			return usagef("%s %s: must be a file, or - for stdout", out[0], out[1])
		default:
			if err := hasFolder(out[0], out[1]); err != nil {
				return err
			}
		}
	}
	if stdout > 1 {
		return usagef("%s: only one of them can go to stdout", names)
	}
	return nil
}

// onlyCeilings refuses what is about layers where none are measured.
func (f *benchFlags) onlyCeilings(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("--ceilings measures no layers: leave out %s", args[0])
	}
	var wrong []string
	about := []string{"ceilings", "json", "output-json", "backend", "adapter"}
	c.Flags().Visit(func(flag *pflag.Flag) {
		if !slices.Contains(about, flag.Name) {
			wrong = append(wrong, "--"+flag.Name)
		}
	})
	if len(wrong) > 0 {
		return usagef("--ceilings measures no layers: leave out %s", strings.Join(wrong, ", "))
	}
	return nil
}
