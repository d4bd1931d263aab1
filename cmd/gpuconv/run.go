package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/spf13/cobra"
)

func (a *app) runCommand(f *runFlags) *cobra.Command {
	f.app = a
	c := &cobra.Command{
		Use:   "run [DESCRIPTOR]",
		Short: "Run a layer and judge its outputs; alone, the notes' example",
		Long: `Runs one convolution layer and judges every output against the CPU reference.

  gpuconv run                          the example of the CS231n notes
  gpuconv run DESCRIPTOR               any layer, with seeded data
  gpuconv run --input X --filters W    a layer from .npy files
  gpuconv run --alexnet PHOTO          AlexNet's first layer over a photo

X is a .npy of shape (H, W, D), (N, H, W, D) or, of a 3D layer, (N, Z, H, W, D), or
a PNG or JPEG, known by its first bytes; W is a .npy of shape (K, Fh, Fw, D) or (K, Fz, Fh, Fw, D). With a
descriptor, files stand in for the seeded data. A descriptor may end in +transposed,
+unshared, +reflect, +replicate or +circular. A file named - is stdin or stdout; what
is printed goes to stderr then.

An unshared layer has a bank of filters for each output position, in V's order, so
W is (banks, K, Fh, Fw, D) or (banks, K, Fz, Fh, Fw, D), and b is (banks, K), with
banks = Oz*Oh*Ow.

With --backward the gradients are computed instead of V, and each volume on the way
(Z, dZ, dX, dW, db, dslope) is judged given those that it was computed from. --dx,
--dw, --db and --dslopes write them in the shapes of X, W, b and the slopes: what
--dw writes, --filters reads.

The hash is that of V's float32 numbers, -0 counted as 0; with --backward that of
dX, dW, db and dslope, one after the other. Every kernel adds up in an order that
only the layer, its algorithm and --threads decide, so the same command gives the same
hash on the same adapter as long as no tuning chooses another algorithm:
--deterministic runs the layer twice and holds it to that. With --data integers nothing
is ever rounded, and the hash is the same on every adapter.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.sizesGiven = f.changed(c)
			if err := refuseEmpty(c, "input", "filters", "bias", "residual-input", "slopes", "dv", "alexnet",
				"algorithm", "cache", "output", "maps", "dx", "dw", "db", "dslopes"); err != nil {
				return err
			}
			return a.run(c, f, args)
		},
	}
	f.addTo(c)
	return c
}

// run does one of the four things that `gpuconv run` does.
func (a *app) run(c *cobra.Command, f *runFlags, args []string) error {
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
	if dev.GPU() == nil && j.options.Algorithm != "" {
		return usagef("--algorithm %s: %w", j.options.Algorithm, errNoAlgorithms)
	}
	j.options.Tunings = f.tuningFlags.open(a)
	if q := j.data.Quantized; q != nil {
		q.Options.Tunings = j.options.Tunings
	}
	return a.runJob(dev, j)
}

// sharedFlags counts those flags that were given and that every subcommand has.
func (a *app) sharedFlags(c *cobra.Command) int {
	n := 0
	for _, name := range []string{"backend", "adapter", "json", "output-json"} {
		if c.Flags().Changed(name) {
			n++
		}
	}
	return n
}

// runJob runs a layer on dev and reports on it. Files are written only for outputs that passed.
func (a *app) runJob(dev *host.Device, j job) error {
	bar := a.progress("running "+j.problem.String(), -1)
	r, made, err := a.runAndJudge(dev, j)
	bar.end()
	if err != nil {
		if isCheck(err) {
			fmt.Fprintf(a.stderr, "FAILED: %v\n  again: %s\n", err, j.repro(dev, r))
			return failure{errReported}
		}
		return err
	}
	if err := a.write(j, &r, made); err != nil {
		return err
	}
	if slices.Contains(r.Wrote, stream) {
		return a.report(r, func(*app) { r.print(a.forPeople(a.stderr)) })
	}
	return a.report(r, r.print)
}

// runAndJudge runs and judges the layer, and with --deterministic runs it once more.
func (a *app) runAndJudge(dev *host.Device, j job) (r runReport, made volumes, err error) {
	r = runReport{Problem: j.problem.String(), Device: dev.String(), Unread: unreadText(j.problem)}
	p := j.problem
	r.Output, r.Planes = [4]int{p.Batch, p.H.Out, p.W.Out, p.OutChannels}, p.Z.Out
	begun := time.Now()
	made, err = j.once(dev, &r)
	if err != nil {
		return r, made, err
	}
	r.Millis = milliseconds(time.Since(begun))
	r.Hash = hash(made.results())
	if j.deterministic {
		err = a.again(dev, j, made.results())
		r.Deterministic = err == nil
	}
	return r, made, err
}

// volumes are what a run gives: V, or with --backward the gradients.
type volumes struct {
	v         tensor.Volume
	gradients *host.Gradients
}

// result is one of them, as it goes into the hash.
type result struct {
	what string
	data []float32
	ints []int64 // in the place of data, of a network's whole numbers
}

func (made volumes) results() []result {
	if g := made.gradients; g != nil {
		return []result{
			{what: "dX", data: g.X.Data},
			{what: "dW", data: g.W.Data},
			{what: "db", data: g.W.Bias},
			{what: "dslope", data: g.Slopes},
		}
	}
	return []result{{what: "V", data: made.v.Data}}
}

// once builds the layer, runs it and has it judged.
func (j job) once(dev *host.Device, r *runReport) (made volumes, err error) {
	if j.data.Quantized != nil {
		return j.onceQuantized(dev, r)
	}
	layer, err := host.NewLayer(dev, j.problem, j.data.W, j.options)
	if err != nil {
		return made, err
	}
	defer layer.Close()
	if j.backward {
		g, err := j.judgeGradients(layer, r)
		return volumes{gradients: &g}, err
	}
	r.algorithm(layer, dev, j.options)
	made.v, err = j.judgeOutputs(layer, r)
	return made, err
}

// judgeOutputs runs the layer and judges V.
func (j job) judgeOutputs(layer *host.Layer, r *runReport) (v tensor.Volume, err error) {
	if j.verify == "off" {
		r.Check = "off: nothing was checked"
		return layer.Run(context.Background(), j.data.X, j.data.Residual...)
	}
	v, report, err := layer.Verify(
		context.Background(),
		j.data.X,
		host.VerifyOptions{Mode: j.mode, Sample: j.sampleSize(), Seed: j.seed},
		j.data.Residual...)
	if err == nil {
		err = report.Err()
	}
	r.Verified, r.Checked, r.Check = err == nil, report.Checked, report.String()
	if err == nil && j.mode == cpuref.Bounded {
		r.Used = &report.BoundUsed
	}
	return v, err
}

// judgeGradients runs the layer backward and judges each stage.
func (j job) judgeGradients(layer *host.Layer, r *runReport) (g host.Gradients, err error) {
	if j.verify == "off" {
		r.Check = "off: nothing was checked"
		return layer.Backward(context.Background(), j.data.X, j.data.DV, j.data.Residual...)
	}
	g, judged, err := layer.VerifyBackward(context.Background(), j.data.X, j.data.DV, j.mode, j.data.Residual...)
	if err != nil {
		return g, err
	}
	var worst float64
	for _, stage := range judged {
		if err := stage.Report.Err(); err != nil {
			return g, fmt.Errorf("%s: %w", stage.What, err)
		}
		r.Stages = append(r.Stages, newRunStage(stage))
		r.Checked += stage.Report.Checked
		worst = max(worst, stage.Report.BoundUsed)
	}
	r.Verified, r.Check = true, fmt.Sprintf("%d stages right", len(judged))
	if j.mode == cpuref.Bounded {
		r.Used = &worst
	}
	return g, nil
}

func (j job) sampleSize() int {
	if j.verify == "sample" {
		return j.sample
	}
	return 0
}

// write writes the files that were asked for.
func (a *app) write(j job, r *runReport, made volumes) error {
	if made.gradients != nil {
		return j.gradients.write(a, *made.gradients, j.problem.Unshared, &r.Wrote)
	}
	if j.output != "" {
		if err := a.writeNPY(j.output, made.v.Array()); err != nil {
			return err
		}
		r.Wrote = append(r.Wrote, j.output)
	}
	if j.maps != "" {
		if err := a.writeMaps(j.maps, made.v, j.mapOptions()); err != nil {
			return err
		}
		r.Wrote = append(r.Wrote, j.maps)
	}
	return nil
}
