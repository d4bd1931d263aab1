package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/spf13/cobra"
)

// runFlags are the flags of `gpuconv run`.
type runFlags struct {
	app *app // whose streams stand for files named -
	sizeFlags
	gradientFiles
	tuningFlags
	input, filters, bias, residualInput, slopes, dv string
	output, maps, alexnet                           string
	layout, filterLayout                            string
	activation, residual, relu                      string
	separate, backward, deterministic               bool
	filterGradient                                  string
	dtype, verify, data                             string
	sample                                          int
	seed                                            uint64
	algorithm                                       string
	threads                                         uint32
	sizesGiven                                      []string // the sizeFlags that stand on the command line
}

func (f *runFlags) addTo(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(
		&f.input,
		"input",
		"",
		"input volume X: .npy, PNG or JPEG, known by its content, or - for stdin, as everywhere",
	)
	flags.StringVar(
		&f.filters,
		"filters",
		"",
		"filter bank W: .npy; of an unshared layer (banks, K, Fh, Fw, D), a bank for each output position in V's "+
			"order",
	)
	flags.StringVar(&f.bias, "bias", "", "biases b: .npy of K numbers, of an unshared layer (banks, K); without it 0")
	flags.StringVar(&f.residualInput, "residual-input", "", "residual R, of V's size: .npy; without it seeded")
	flags.StringVar(&f.slopes, "slopes", "", "slopes of --activation prelu: .npy of K numbers; without it seeded")
	flags.StringVar(&f.dv, "dv", "", "gradient dV of --backward, of V's size: .npy; without it seeded")
	flags.StringVar(&f.output, "output", "", "write the output volume V: .npy, or - for stdout")
	flags.StringVar(
		&f.maps,
		"maps",
		"",
		"write V as a picture, a map for each depth slice: .png; of a 3D layer its first plane; or - for stdout",
	)
	f.gradientFiles.add(c)
	flags.StringVar(&f.alexnet, "alexnet", "", "AlexNet's first layer over this photo, with Gabor filters")
	flags.StringVar(
		&f.layout,
		"layout",
		"NHWC",
		"order of the axes of X, R and dV: NHWC or NCHW, in 3D with Z before H; V and dX are written NHWC",
	)
	flags.StringVar(
		&f.filterLayout,
		"filter-layout",
		"OHWI",
		"order of the axes of W: OHWI, HWIO or OIHW, in 3D with Z before H",
	)
	f.sizeFlags.add(c, " of a layer from files")
	flags.StringVar(&f.activation, "activation", "none", "applied to each output: "+activationNames())
	flags.StringVar(&f.residual, "residual", "none", "add a volume R of V's size: before or after the activation")
	flags.StringVar(&f.relu, "relu", "", "short for --activation relu; --relu=separate adds --separate")
	flags.Lookup("relu").NoOptDefVal = "fused"
	flags.BoolVar(
		&f.separate,
		"separate",
		false,
		"activation and residual in a step of their own, not fused into the layer",
	)
	flags.BoolVar(
		&f.backward,
		"backward",
		false,
		"compute the gradients dX, dW, db and dslope, given dV, and judge each stage",
	)
	flags.StringVar(&f.filterGradient, "filter-gradient", "", "how --backward computes dW and db: "+
		strings.Join(host.FilterGradientNames(), ", ")+", or NAME/VARIANT; without it the likely quickest")
	flags.BoolVar(&f.deterministic, "deterministic", false,
		"run the layer twice and fail unless all bits are the same")
	flags.StringVar(
		&f.dtype,
		"dtype",
		"float32",
		"how volumes and filters are stored: float32, float16 with float32 arithmetic, or seeded int8 with exact "+
			"int32 sums",
	)
	flags.StringVar(&f.verify, "verify", "full", "judge the outputs: full, sample or off")
	flags.IntVar(&f.sample, "sample", 4096, "outputs that --verify sample judges, corners always among them")
	flags.StringVar(&f.data, "data", "reals", "seeded data: reals, judged by the bound, or integers, bit for bit")
	flags.Uint64Var(&f.seed, "seed", 1, "of the seeded data and of the sample")
	flags.StringVar(
		&f.algorithm,
		"algorithm",
		"",
		"how the layer is computed: "+strings.Join(
			host.AlgorithmNames(),
			", ",
		)+", or NAME/VARIANT; without it the tuned one, or the likely quickest",
	)
	f.tuningFlags.add(flags)
	flags.Uint32Var(&f.threads, "threads", 0, "threads in a workgroup of the direct algorithm; 0 chooses")
}

// activationNames lists the activations with what follows their colons.
func activationNames() string {
	var names []string
	for _, a := range conv.Activations() {
		name := a.Function.String()
		switch a.Function {
		case conv.Clip:
			name += "[:LOW:HIGH]"
		case conv.LeakyReLU, conv.ELU:
			name += "[:ALPHA]"
		case conv.HardSigmoid:
			name += "[:ALPHA:BETA]"
		}
		names = append(names, name)
	}
	return strings.Join(append(names, "relu6"), ", ")
}

// files are the flags that name files of data, which no seed makes again.
func (f *runFlags) files() []string {
	return slices.DeleteFunc(
		[]string{f.input, f.filters, f.bias, f.residualInput, f.slopes, f.dv, f.alexnet},
		func(s string) bool { return s == "" },
	)
}

// options reads the flags that are about neither sizes nor data.
func (f *runFlags) options(j *job) error {
	if err := f.epilogue(j); err != nil {
		return err
	}
	switch f.data {
	case "reals":
	case "integers":
		if j.fromFiles {
			return usagef("--data integers is about seeded data: leave it out where files are read")
		}
		if a := j.options.Epilogue.Activation; a.Function != conv.PReLU &&
			!cpuref.ExactEpilogue(j.options.Epilogue, nil) { // seeded slopes are exact
			return usagef(
				"--data integers with --activation %s: it rounds, so that nothing is to be had bit for bit; use "+
					"--data reals",
				a,
			)
		}
		j.mode, j.options.Exact = cpuref.Exact, true
	default:
		return usagef("--data %s: must be reals or integers", f.data)
	}
	if err := f.outputs(); err != nil {
		return err
	}
	if err := checkAlgorithm(f.algorithm); err != nil {
		return err
	}
	j.options.Algorithm, j.exact = f.algorithm, f.exact
	j.options.Exact = j.options.Exact || f.exact
	switch j.options.Threads = f.threads; f.dtype {
	case string(host.Float32):
	case string(host.Float16):
		j.options.DType = host.Float16
	case string(host.Int8):
		if err := f.quantized(j); err != nil {
			return err
		}
	default:
		return usagef("--dtype %s: must be %s, %s or %s", f.dtype, host.Float32, host.Float16, host.Int8)
	}
	return f.gradients(j)
}

// outputs reads how V is judged and where it goes.
func (f *runFlags) outputs() error {
	streams := []string{}
	if f.app.json {
		streams = append(streams, "--json")
	}
	if f.verify != "full" && f.verify != "sample" && f.verify != "off" {
		return usagef("--verify %s: must be full, sample or off", f.verify)
	}
	if f.sample < 1 {
		return usagef("--sample %d: must be 1 or more", f.sample)
	}
	taken := map[string]string{filepath.Clean(f.app.outputJSON): "--output-json"}
	for _, out := range append(f.gradientFiles.outputs(), [3]string{"--output", f.output, ".npy"},
		[3]string{"--maps", f.maps, ".png"}) {
		switch out[1] {
		case "":
			continue
		case stream:
			streams = append(streams, out[0]+" "+stream)
			continue
		}
		if other := taken[filepath.Clean(out[1])]; other != "" {
			return usagef("%s %s: %s writes that file already", out[0], out[1], other)
		}
		taken[filepath.Clean(out[1])] = out[0]
		if !strings.EqualFold(filepath.Ext(out[1]), out[2]) {
			return usagef("%s %s: must end in %s", out[0], out[1], out[2])
		}
		if err := hasFolder(out[0], out[1]); err != nil {
			return err
		}
	}
	if len(streams) > 1 {
		return usagef("%s: only one of them can go to stdout", strings.Join(streams, ", "))
	}
	return nil
}

// epilogue reads what happens to the sums.
func (f *runFlags) epilogue(j *job) (err error) {
	e := &j.options.Epilogue
	if e.Activation, err = conv.ParseActivation(f.activation); err != nil {
		return usageError{err}
	}
	if f.relu != "" && f.relu != "fused" && f.relu != "separate" {
		return usagef("--relu=%s: must be fused or separate", f.relu)
	}
	if f.relu != "" {
		relu := conv.Activation{Function: conv.ReLU}
		if e.Activation != (conv.Activation{}) && e.Activation != relu {
			return usagef("--relu --activation %s: a layer has one activation; leave one of them out", f.activation)
		}
		e.Activation = relu
	}
	j.options.Separate = f.separate || f.relu == "separate"
	at := slices.Index([]string{"none", "before", "after"}, f.residual)
	if at < 0 {
		return usagef("--residual %s: must be none, before or after (the activation)", f.residual)
	}
	e.Residual = conv.Residual(at)
	if f.residualInput != "" && e.Residual == conv.NoResidual {
		return usagef("--residual-input %s: say with --residual before or after where it is added", f.residualInput)
	}
	if f.slopes != "" && e.Activation.Function != conv.PReLU {
		return usagef("--slopes %s: only --activation prelu has slopes, not %s", f.slopes, e.Activation)
	}
	return nil
}

// gradients reads what is about the way back.
func (f *runFlags) gradients(j *job) error {
	j.backward, j.options.FilterGradient = f.backward, f.filterGradient
	switch {
	case !f.backward && f.filterGradient != "":
		return usagef("--filter-gradient %s: only --backward computes one", f.filterGradient)
	case !f.backward && f.dv != "":
		return usagef("--dv %s: only --backward takes a gradient", f.dv)
	case !f.backward && f.gradientFiles != (gradientFiles{}):
		return usagef("--dx, --dw, --db and --dslopes write gradients: add --backward")
	case f.dslopes != "" && j.options.Epilogue.Activation.Function != conv.PReLU:
		return usagef(
			"--dslopes %s: only --activation prelu has slopes, not %s",
			f.dslopes,
			j.options.Epilogue.Activation,
		)
	case f.backward && f.verify == "sample":
		return usagef("--verify sample judges V: with --backward use full or off")
	case f.backward && (f.output != "" || f.maps != ""):
		return usagef(
			"--output and --maps write V, which --backward does not give: write gradients with --dx, --dw, --db and " +
				"--dslopes",
		)
	}
	return nil
}
