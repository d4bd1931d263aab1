package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/spf13/cobra"
)

// inferFlags are the flags of `gpuconv infer`.
type inferFlags struct {
	inputFlags
	tuningFlags
	fuseFlag
	outputs, bisect               []string
	tolerance                     float64
	labels, failure               string
	top, repeat, sample           int
	checkSeed                     uint64
	profile, check, deterministic bool
}

func (a *app) inferCommand() *cobra.Command {
	var f inferFlags
	c := &cobra.Command{
		Use:   "infer MODEL",
		Short: "Run a trained ONNX network",
		Long: `Runs an ONNX network on a GPU, all of its nodes in one submission, and shows what it
gives: of each output the shape, and where it looks like scores of classes the
highest of them.

  gpuconv infer MODEL --input PHOTO.jpg --labels LABELS.txt
  gpuconv infer MODEL --input a=A.npy --input b=B.pb --output y=Y.npy
  gpuconv infer MODEL --random 1 --check

An input is a .npy, an ONNX tensor (.pb), or a PNG or JPEG picture, known by its
first bytes. A picture is resized, and each of its pixels v, from 0 to 255, becomes
(v - mean) / std * scale: first the mean is taken off, then it is divided, then
multiplied. --mean and --std are in the order R,G,B whatever --channels says. An output
is written by its file's ending: .npy, .pb, or a picture where it has 1 or 3 channels,
each number rounded and clipped to 0 to 255. A file named - is stdin or stdout.

--check judges each node's outputs in float64 within a bound of its own, given what
the node really read. --bisect TENSOR=FILE, of a .npy or .pb that another runtime gave,
says which of the two is wrong and at which node first: of outputs, and the nearer the
more tensors before them are given. --deterministic runs the network twice and compares all bits.
--profile shows where the GPU's time goes, --repeat measures whole inferences, with all
transfers, by the wall clock. Files are written only where nothing failed.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.random = c.Flags().Changed("random")
			if err := f.validate(c); err != nil {
				return err
			}
			return a.infer(c.Context(), args[0], &f)
		},
	}
	f.inputFlags.add(c)
	flags := c.Flags()
	flags.StringArrayVar(
		&f.outputs,
		"output",
		nil,
		"NAME=FILE: a .npy, .pb, .png or .jpg, or - for stdout; of a single one without NAME=",
	)
	flags.IntVar(&f.top, "top", 5, "how many of the highest scores are shown")
	flags.StringVar(&f.labels, "labels", "", "file with a line for each class")
	flags.BoolVar(&f.profile, "profile", false, "show the GPU's time of each node, the median of --repeat runs")
	flags.IntVar(&f.repeat, "repeat", 0, "measure so many inferences by the wall clock, after a first one")
	flags.BoolVar(&f.check, "check", false, "judge the outputs of every node")
	flags.IntVar(&f.sample, "check-sample", 0, "judge so many outputs of each layer, chosen by --check-seed, not all")
	flags.Uint64Var(&f.checkSeed, "check-seed", 0, "chooses which outputs --check-sample judges")
	flags.StringArrayVar(&f.bisect, "bisect", nil,
		"NAME=FILE: expected values of a tensor, .npy or .pb, to be held against the GPU and the reference")
	flags.Float64Var(&f.tolerance, "bisect-tolerance", model.Tolerance,
		"how far --bisect lets values be apart, as a part of the tensor's largest number")
	flags.StringVar(&f.failure, "failure", "",
		"folder to which --check and --bisect write what is wrong first (default a temporary one)")
	flags.BoolVar(
		&f.deterministic,
		"deterministic",
		false,
		"run the network twice and fail unless all bits are the same",
	)
	f.tuningFlags.add(flags)
	f.fuseFlag.add(flags)
	return c
}

// validate refuses flags that make no sense, or none together.
func (f *inferFlags) validate(c *cobra.Command) error {
	if err := refuseEmpty(c, "labels", "failure", "cache", "size", "channels", "layout"); err != nil {
		return err
	}
	if _, err := f.fuseFlag.fusing(); err != nil {
		return err
	}
	sampled := c.Flags().Changed("check-sample")
	switch {
	case f.failure != "" && !f.check && f.bisect == nil:
		return usagef("--failure %s: only --check and --bisect find one", f.failure)
	case c.Flags().Changed("bisect-tolerance") && f.bisect == nil:
		return usagef("--bisect-tolerance %v: is for --bisect", f.tolerance)
	case !(f.tolerance > 0):
		return usagef("--bisect-tolerance %v: must be more than 0", f.tolerance)
	case f.top < 0 || f.repeat < 0:
		return usagef("--top %d and --repeat %d: must be 0 or more", f.top, f.repeat)
	case sampled && (!f.check || f.sample < 1):
		return usagef("--check-sample %d: must be 1 or more, of what --check judges", f.sample)
	case c.Flags().Changed("check-seed") && !sampled:
		return usagef("--check-seed %d: chooses what --check-sample judges: give both", f.checkSeed)
	}
	return nil
}

// infer reads all that the command line names, and runs the network.
func (a *app) infer(ctx context.Context, path string, f *inferFlags) error {
	n, err := a.readNetwork(path, f.dims)
	if err != nil {
		return err
	}
	r := inference{app: a, flags: f, network: n}
	if r.files, err = a.outputFiles(f.outputs, n.outputs); err != nil {
		return err
	}
	if r.inputs, r.report.Inputs, err = f.read(a, n); err != nil {
		return err
	}
	if r.labels, err = a.readLabels(f.labels); err == nil {
		err = checkPorts(r.labels, n.outputs)
	}
	if err != nil {
		return err
	}
	if r.expected, err = f.readExpected(a, n); err != nil {
		return err
	}
	dev, err := a.openGPU("infer")
	if err != nil {
		return err
	}
	defer dev.Close()
	if info := dev.GPU().Info(); f.profile && !info.HasFeature(gpu.FeatureTimestamps) {
		return usagef("--profile: %s has no clock of its own (%s): leave it out", dev, gpu.FeatureTimestamps)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	if err := r.run(ctx, dev); err != nil {
		return err
	}
	return r.give()
}

// openGPU opens the device of a command that only GPUs serve.
func (a *app) openGPU(command string) (*host.Device, error) {
	dev, err := host.Open(a.device)
	if err == nil && dev.GPU() == nil {
		dev.Close()
		return nil, usagef("gpuconv %s runs networks on a GPU: leave out the backend %s", command, host.CPU)
	}
	return dev, err
}

// inference is one command's work on a network.
type inference struct {
	app      *app
	flags    *inferFlags
	network  *network
	inputs   map[string]tensor.Array
	expected map[string]tensor.Array // of --bisect
	files    map[string]string       // that outputs are written to
	labels   []string
	dev      *host.Device
	options  model.Options
	net      *model.Network
	outputs  map[string]tensor.Array
	report   inferReport
}

// run does all that the flags ask for.
func (r *inference) run(ctx context.Context, dev *host.Device) (err error) {
	begun := time.Now()
	r.dev = dev
	r.options = model.Options{
		Dims:    r.network.dims,
		Exact:   r.flags.exact,
		Tunings: r.flags.tuningFlags.open(r.app),

		CheckSample: r.flags.sample,
		CheckSeed:   r.flags.checkSeed,
	}
	if r.options.Fuse, err = r.flags.fuseFlag.fusing(); err != nil {
		return err
	}
	if r.net, err = model.New(dev, r.network.model, r.options); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.net.Close()) }()
	if err := r.first(ctx); err != nil {
		return err
	}
	r.report.FirstMillis = milliseconds(time.Since(begun))
	for _, part := range []struct {
		asked bool
		do    func(context.Context) error
	}{
		{r.flags.deterministic, r.again},
		{r.flags.check, r.judge},
		{r.flags.bisect != nil, r.against},
		{r.flags.profile, r.profile},
		{r.flags.repeat > 0, r.repeat},
	} {
		if !part.asked {
			continue
		}
		if err := part.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// stage is one of several runs, or more, that a bar shows until they are over.
func (r *inference) stage(ctx context.Context, what string, total int, do func(step func()) error) error {
	what += " " + r.network.path
	bar := r.app.progress(what, total)
	r.app.begin(ctx, what)
	err := do(bar.step)
	bar.end()
	if errors.Is(err, context.Canceled) {
		return failure{fmt.Errorf("interrupted while %s: nothing was written", what)}
	}
	return err
}

// first compiles the network and runs it.
func (r *inference) first(ctx context.Context) error {
	return r.stage(ctx, "compiling and running", -1, func(func()) (err error) {
		summary, err := r.net.Plan(ctx, r.inputs)
		if err != nil {
			return err
		}
		if r.outputs, err = r.net.Run(ctx, r.inputs); err != nil {
			return err
		}
		r.describe(summary)
		return nil
	})
}

// results are the outputs in the network's order, as they go into the hash.
func (r *inference) results(outputs map[string]tensor.Array) (all []result) {
	for _, port := range r.network.outputs {
		a := outputs[port.Name]
		all = append(all, result{what: fmt.Sprintf("output %q", port.Name), data: a.Data, ints: a.Ints})
	}
	return all
}

// again runs the network once more, and reports bits that are not those of the first run.
func (r *inference) again(ctx context.Context) error {
	return r.stage(ctx, "running again", -1, func(func()) error {
		outputs, err := r.net.Run(ctx, r.inputs)
		if err != nil {
			return err
		}
		second := r.results(outputs)
		if r.app.spoil != nil {
			r.app.spoil(second)
		}
		for i, first := range r.results(r.outputs) {
			if err := sameBits(first, second[i]); err != nil {
				return fmt.Errorf("%s on %s: %w; again: %s", r.network.path, r.dev, err, commandLine())
			}
		}
		r.report.Deterministic = true
		return nil
	})
}
