package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tuning"
	"github.com/spf13/cobra"
)

// Exit codes of every subcommand.
const (
	exitFine      = 0
	exitFailed    = 1 // a check failed, or the device did
	exitUsage     = 2 // bad usage or input
	exitNoAdapter = 3
)

// app is what all subcommands share.
type app struct {
	stdin          *standardInput
	stdout, stderr io.Writer
	terminal       func(io.Writer) (columns int, is bool) // [terminalOf], but in tests
	device         host.Options
	json           bool   // --json: results go to stdout as JSON
	outputJSON     string // --output-json: the file that gets them as JSON, or ""

	// Tests of the checks set these: what verify runs a case with, what tune tunes a layer with, what a
	// second run's results become, what happens at each turn of bench, how many bytes params --measure
	// takes, what happens at each stage of infer, and what its verdict becomes.
	runCase   func(proof.Case, *host.Device) (cpuref.Report, error)
	tuneLayer func(context.Context, *host.Device, conv.Problem, host.LayerOptions, host.TuneOptions) (tuning.Result,
		error)
	spoil        func([]result)
	turn         func(context.Context, bench.Turn)
	measureLimit int64
	begin        func(context.Context, string)
	spoilVerdict func(*model.Verdict)
}

// execute runs one command line and gives its exit code.
func execute(args []string, stdout, stderr io.Writer) int {
	return newApp(stdout, stderr).commandLine(args)
}

func newApp(stdout, stderr io.Writer) *app {
	return &app{
		stdin:        &standardInput{from: os.Stdin},
		stdout:       stdout,
		stderr:       stderr,
		terminal:     terminalOf,
		runCase:      proof.Case.Run,
		tuneLayer:    host.Tune,
		turn:         func(context.Context, bench.Turn) {},
		measureLimit: maxMeasured,
		begin:        func(context.Context, string) {},
	}
}

func (a *app) commandLine(args []string) int {
	root := a.rootCommand(&runFlags{})
	root.SetArgs(args)
	root.SetErr(a.stderr)
	out := &steadyWriter{to: a.stdout}
	a.stdout = out
	root.SetOut(out)
	err := root.Execute()
	if err == nil && out.err != nil {
		err = failure{fmt.Errorf("writing the output: %w", out.err)}
	}
	if err != nil && !errors.Is(err, errReported) {
		fmt.Fprintln(a.stderr, "gpuconv:", err)
	}
	return exitCode(err)
}

// steadyWriter remembers the first error, so that what prints need not look at each line's.
type steadyWriter struct {
	to  io.Writer
	err error
}

func (w *steadyWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

// rootCommand builds the commands; run holds the flags of `gpuconv run` once they are parsed.
func (a *app) rootCommand(run *runFlags) *cobra.Command {
	root := &cobra.Command{
		Use:   "gpuconv",
		Short: "Convolution layers on GPUs, every number proved",
		Long: `gpuconv runs convolution layers on GPUs through WebGPU compute shaders and
checks every output against a CPU reference.

A layer is named in one line, in benchdnn's grammar: ic3ih227oc96kh11sh4 is an
input of 227x227x3, 96 filters of 11x11x3, stride 4, no padding.`,
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return a.checkOutputJSON(c) },
	}
	flags := root.PersistentFlags()
	flags.StringVar(
		&a.device.Backend,
		"backend",
		"",
		"vulkan, metal, dx12, gl, or cpu for the reference (GPUCONV_BACKEND)",
	)
	flags.StringVar(&a.device.Adapter, "adapter", "", "adapter by index or part of its name (GPUCONV_ADAPTER)")
	flags.BoolVar(&a.json, "json", false, "print the results as JSON to stdout")
	flags.StringVar(&a.outputJSON, "output-json", "", "write the results as JSON to a file")
	root.AddCommand(
		a.runCommand(run),
		a.inferCommand(),
		a.inspectCommand(),
		a.conformanceCommand(),
		a.paramsCommand(),
		a.verifyCommand(),
		a.benchCommand(),
		a.compareCommand(),
		a.tuneCommand(),
		a.devicesCommand(),
		a.doctorCommand(),
		a.webCommand(),
		a.versionCommand(),
	)
	if err := a.complete(root); err != nil {
		panic(err) // two completions for one flag: a test would have seen it
	}
	return root
}

// errReported marks a failure that was already printed.
var errReported = errors.New("already reported")

// usageError is about what the user wrote.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// refuseEmpty reports flags that were given without a value.
func refuseEmpty(c *cobra.Command, names ...string) error {
	for _, name := range names {
		if flag := c.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
			return usagef("--%s is empty: name one, or leave it out", name)
		}
	}
	return nil
}

// failure is a check that failed, or a device that did.
type failure struct{ error }

func (e failure) Unwrap() error { return e.error }

// exitCode sorts errors: what is neither a check nor a device that failed is the user's to mend.
func exitCode(err error) int {
	var f failure
	var g *gpu.Error
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, gpu.ErrNoAdapter):
		return exitNoAdapter
	case errors.As(err, &f), isCheck(err):
		return exitFailed
	case errors.As(err, &g) && !errors.Is(err, gpu.ErrMisuse) && !errors.Is(err, gpu.ErrLimit):
		return exitFailed
	}
	return exitUsage
}

func isCheck(err error) bool {
	return errors.Is(err, cpuref.ErrMismatch) || errors.Is(err, cpuref.ErrGuard) || errors.Is(err, cpuref.ErrChanged)
}

// openOrFallBack opens the device for `run`: where no adapter was asked for and there is none, it says
// so and takes the CPU reference.
func (a *app) openOrFallBack() (*host.Device, error) {
	dev, err := host.Open(a.device)
	if err == nil || !errors.Is(err, gpu.ErrNoAdapter) || a.choseDevice() {
		return dev, err
	}
	fmt.Fprintf(
		a.stderr,
		"WARNING: NO GPU. %v\nWARNING: computing on the CPU reference instead; nothing of this shows what a GPU "+
			"does.\n",
		err,
	)
	return host.Open(host.Options{Backend: host.CPU})
}
