package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/spf13/cobra"
)

// runFlags are the flags of `gpuconv run`.
type runFlags struct {
	input, filters, bias, output, maps, alexnet string
	layout, filterLayout                        string
	stride, pad, dilation                       string
	groups                                      int
	relu, verify, data                          string
	sample                                      int
	seed                                        uint64
	threads                                     uint32
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run [DESCRIPTOR]",
		Short: "Run a layer and judge its outputs; alone, the notes' example",
		Long: `Runs one convolution layer and judges every output against the CPU reference.

  gpuconv run                          the example of the CS231n notes
  gpuconv run DESCRIPTOR               any layer, with seeded data
  gpuconv run --input X --filters W    a layer from .npy files
  gpuconv run --alexnet PHOTO          AlexNet's first layer over a photo

X is a .npy of shape (H, W, D) or (N, H, W, D), or a PNG or JPEG; W is a .npy of
shape (K, Fh, Fw, D). With a descriptor, files stand in for the seeded data.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.run(c, f, args) },
	}
	flags := c.Flags()
	flags.StringVar(&f.input, "input", "", "input volume X: .npy, .png or .jpg")
	flags.StringVar(&f.filters, "filters", "", "filter bank W: .npy")
	flags.StringVar(&f.bias, "bias", "", "biases b: .npy of K numbers; without it 0")
	flags.StringVar(&f.output, "output", "", "write the output volume V: .npy")
	flags.StringVar(&f.maps, "maps", "", "write V as a picture, a map for each depth slice: .png")
	flags.StringVar(&f.alexnet, "alexnet", "", "AlexNet's first layer over this photo, with Gabor filters")
	flags.StringVar(&f.layout, "layout", "NHWC", "order of the axes of X: NHWC or NCHW; V is written NHWC")
	flags.StringVar(&f.filterLayout, "filter-layout", "OHWI", "order of the axes of W: OHWI, HWIO or OIHW")
	flags.StringVar(&f.stride, "stride", "1", "stride S of a layer from files, or WxH")
	flags.StringVar(&f.pad, "pad", "0", "zero padding P of a layer from files, or WxH")
	flags.StringVar(&f.dilation, "dilation", "1", "dilation of a layer from files, or WxH; 1 is none")
	flags.IntVar(&f.groups, "groups", 1, "filter groups of a layer from files")
	flags.StringVar(&f.relu, "relu", "", "apply ReLU: fused into the layer, or separate")
	flags.Lookup("relu").NoOptDefVal = "fused"
	flags.StringVar(&f.verify, "verify", "full", "judge the outputs: full, sample or off")
	flags.IntVar(&f.sample, "sample", 4096, "outputs that --verify sample judges")
	flags.StringVar(&f.data, "data", "reals", "seeded data: reals, judged by the bound, or integers, bit for bit")
	flags.Uint64Var(&f.seed, "seed", 1, "of the seeded data and of the sample")
	flags.Uint32Var(&f.threads, "threads", 0, "threads in a workgroup; 0 chooses")
	return c
}

// run does one of the four things that `gpuconv run` does.
func (a *app) run(c *cobra.Command, f runFlags, args []string) error {
	if c.Flags().NFlag() == a.sharedFlags(c) && len(args) == 0 {
		return a.runNote()
	}
	j, err := f.job(args)
	if err != nil {
		return err
	}
	dev, err := a.openOrFallBack()
	if err != nil {
		return err
	}
	defer dev.Close()
	return a.runJob(dev, j)
}

// sharedFlags counts those flags that were given and that every subcommand has.
func (a *app) sharedFlags(c *cobra.Command) int {
	n := 0
	for _, name := range []string{"backend", "adapter", "json"} {
		if c.Flags().Changed(name) {
			n++
		}
	}
	return n
}

// runReport is the JSON of `gpuconv run`.
type runReport struct {
	Problem  string   `json:"problem"`
	Device   string   `json:"device"`
	Output   [4]int   `json:"output_nhwd"`
	Unread   []string `json:"unread,omitempty"`
	Verified bool     `json:"verified"`
	Checked  int      `json:"outputs_checked"`
	Check    string   `json:"check"`
	Used     *float64 `json:"bound_used,omitempty"`
	Millis   float64  `json:"time_ms"` // wall clock: upload, compute, read back and, unless off, the check
	Wrote    []string `json:"wrote,omitempty"`
}

// runJob runs a layer on dev and reports on it. Files are written only for outputs that passed.
func (a *app) runJob(dev *host.Device, j job) error {
	bar := a.progress("running "+j.problem.String(), -1)
	r, v, err := j.execute(dev)
	bar.end()
	if err != nil {
		if isCheck(err) {
			fmt.Fprintf(a.stderr, "FAILED: %v\n  again: %s\n", err, j.repro(dev))
			return failure{errReported}
		}
		return err
	}
	if err := j.write(&r, v); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(r)
	}
	r.print(a)
	return nil
}

// execute runs and judges the layer.
func (j job) execute(dev *host.Device) (r runReport, v tensor.Volume, err error) {
	layer, err := host.NewLayer(dev, j.problem, j.w, j.options)
	if err != nil {
		return r, v, err
	}
	defer layer.Close()
	r = runReport{Problem: j.problem.String(), Device: dev.String(), Unread: unreadText(j.problem)}
	begun := time.Now()
	if j.verify == "off" {
		r.Check = "off: nothing was checked"
		v, err = layer.Run(j.x)
	} else {
		var report cpuref.Report
		v, report, err = layer.Verify(j.x, host.VerifyOptions{Mode: j.mode, Sample: j.sampleSize(), Seed: j.seed})
		if err == nil {
			err = report.Err()
		}
		r.Verified, r.Checked, r.Check = err == nil, report.Checked, report.String()
		if err == nil && j.mode == cpuref.Bounded {
			r.Used = &report.BoundUsed
		}
	}
	r.Millis = float64(time.Since(begun).Microseconds()) / 1e3
	r.Output = [4]int{v.N, v.H, v.W, v.D}
	return r, v, err
}

func (j job) sampleSize() int {
	if j.verify == "sample" {
		return j.sample
	}
	return 0
}

// write writes the files that were asked for.
func (j job) write(r *runReport, v tensor.Volume) error {
	if j.output != "" {
		if err := tensor.WriteNPYFile(j.output, v.Array()); err != nil {
			return err
		}
		r.Wrote = append(r.Wrote, j.output)
	}
	if j.maps != "" {
		if err := tensor.WriteMapsFile(j.maps, v, tensor.MapOptions{Title: j.title()}); err != nil {
			return err
		}
		r.Wrote = append(r.Wrote, j.maps)
	}
	return nil
}

func (r runReport) print(a *app) {
	rows := []string{
		"layer\t" + r.Problem,
		"device\t" + r.Device,
		fmt.Sprintf("output\t%dx%dx%d", r.Output[2], r.Output[1], r.Output[3]),
	}
	if r.Output[0] > 1 {
		rows[2] += fmt.Sprintf(", %d images", r.Output[0])
	}
	for _, u := range r.Unread {
		rows = append(rows, "note\t"+u)
	}
	what := "to upload, compute, read back and check"
	if !r.Verified {
		what = "to upload, compute and read back"
	}
	rows = append(rows, "check\t"+r.Check, fmt.Sprintf("time\t%.1f ms %s (wall clock, first run)", r.Millis, what))
	for _, w := range r.Wrote {
		rows = append(rows, "wrote\t"+w)
	}
	table(a.stdout, rows...)
}

// repro is the one command that shows a failure again.
func (j job) repro(dev *host.Device) string {
	if j.fromFiles {
		return "the same command line, with the same files"
	}
	return proof.Case{Problem: j.problem, Seed: j.seed, Mode: j.mode, Options: j.options}.Repro(dev)
}

var errNoInput = errors.New("no input: name a descriptor, or --input and --filters, or --alexnet; alone, `gpuconv run` shows the notes' example")
