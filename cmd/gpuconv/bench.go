package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/host"
	"github.com/spf13/cobra"
)

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "bench [DESCRIPTOR...]",
		Short: "Measure layers and networks, beside the device's own ceilings",
		Long: `Measures the layers of a suite (` + strings.Join(bench.Suites(), ", ") + `), of a file of
descriptors, or those that are named. First it measures what the device can do at
most, arithmetic and bandwidth. Each layer is built, run once, judged in every
output, and then timed: warm, with cold caches, and with its transfers. Times are
by the GPU's clock where there is one, and by the wall's. Layers take turns, in
several rounds, so that compare can tell a difference from what changes on the
machine meanwhile; a layer's row is printed when its last round is over. What was
measured when it is interrupted is kept.

--model measures whole networks, beside the layers where some are named: inferences
with all transfers by the wall clock, the sum of all dispatches by the GPU's, and the
first run, from the file to the answer. Every node is judged before that.`,
		RunE: func(c *cobra.Command, args []string) error {
			if f.ceilings {
				if err := f.onlyCeilings(c, args); err != nil {
					return err
				}
				return a.benchCeilings(c.Context())
			}
			layers, err := f.layers(a, args)
			if err != nil {
				return err
			}
			if err := f.validate(a); err != nil {
				return err
			}
			networks, err := f.modelFlags.read(a, f.seed)
			if err != nil {
				return err
			}
			adjoints, err := f.adjoints(layers)
			if err != nil {
				return err
			}
			return a.bench(c.Context(), benched{layers, adjoints, networks}, f)
		},
	}
	f.register(c.Flags())
	return c
}

// benched is what bench measures.
type benched struct {
	layers   []bench.Layer
	adjoints []bench.Layer // of each layer with --backward, what computes its input's gradient
	networks []seededNetwork
}

// subjects are all of it on the device.
func (b benched) subjects(ctx context.Context, device *bench.Device, f benchFlags) (all []bench.Subject) {
	for i := range b.layers {
		layer := b.layers[i : i+1]
		all = append(all, device.Layers(layer, f.algorithms...)...)
		if len(b.adjoints) == 0 {
			continue
		}
		all = append(all, device.Layers(b.adjoints[i:i+1], f.algorithms...)...)
		if device.HasFilterGradients() {
			all = append(all, device.FilterGradients(layer, f.filterGradients...)...)
		}
	}
	for _, n := range b.networks {
		all = append(all, device.Network(ctx, n.path, n.dims, n.inputs))
	}
	return all
}

// newFile describes what is measured on.
func newFile(dev *host.Device) bench.File {
	return bench.File{Schema: bench.Schema, Date: time.Now().UTC().Format(time.RFC3339), Commit: bench.Commit(),
		Command: commandLine(), Host: bench.ThisHost(), Adapter: bench.AdapterOf(dev), Results: []bench.Result{}}
}

// benchCeilings measures the ceilings alone.
func (a *app) benchCeilings(ctx context.Context) error {
	dev, err := host.Open(a.device)
	if err != nil {
		return err
	}
	defer dev.Close()
	if dev.GPU() == nil {
		return usagef("--ceilings: the CPU reference has none; leave out --backend %s", host.CPU)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	r := newFile(dev)
	switch err := a.measureCeilings(ctx, dev, &r); {
	case errors.Is(err, context.Canceled):
		return failure{errors.New("interrupted before the ceilings were measured: nothing was written")}
	case err != nil:
		return err
	}
	return a.report(r, func(a *app) { bench.WriteCeilings(a.stdout, r) }) // the command line reports what gets lost
}

// measureCeilings fills them in.
func (a *app) measureCeilings(ctx context.Context, dev *host.Device, r *bench.File) error {
	wait := a.progress("measuring the ceilings of "+r.Adapter.Name, -1)
	defer wait.end()
	c, err := bench.MeasureCeilings(ctx, dev)
	if err != nil {
		return err
	}
	r.Ceilings = &c
	return nil
}

// bench measures and reports.
func (a *app) bench(ctx context.Context, of benched, f benchFlags) error {
	dev, err := host.Open(a.device)
	if err != nil {
		return err
	}
	defer dev.Close()
	device := bench.NewDevice(dev)
	defer device.Close()
	if device.DType, err = f.dtypeFlag.read(host.Float16, host.Int8); err != nil {
		return err
	}
	device.Exact = f.exact
	if device.Fuse, err = f.fuseFlag.fusing(); err != nil {
		return err
	}
	if err := f.serve(dev, device, slices.Concat(of.layers, of.adjoints)); err != nil {
		return err
	}
	device.Tunings = f.open(a)
	ctx, stop := interruptible(ctx)
	defer stop()
	r := newFile(dev)
	r.Settings = bench.Settings{
		Suite:       f.suite,
		Match:       f.match,
		Algorithms:  f.algorithms,
		BudgetMS:    float64(f.budget) / 1e6,
		Rounds:      f.rounds,
		WarmUp:      f.warmUp,
		Seed:        f.seed,
		Percentiles: f.percentiles,
		Dispatches:  f.dispatches,
		Exact:       f.exact,
		DType:       string(device.DType),
		Models:      f.models,
		Fuse:        string(device.Fuse),
	}
	err = a.measureSuite(ctx, dev, device, of, f, &r)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if err := a.reportBench(r, f); err != nil {
		return err
	}
	return a.benchVerdict(r, f)
}

// serve refuses an algorithm that can compute none of the layers, and a clock that there is not, before
// anything is measured.
func (f *benchFlags) serve(dev *host.Device, device *bench.Device, layers []bench.Layer) error {
	if err := f.onGPU(dev); err != nil {
		return err
	}
	if len(f.algorithms) > 0 && dev.GPU() == nil {
		return usageError{errNoAlgorithms}
	}
	if f.dispatches && !device.Timestamps() {
		return usagef("--dispatches: %s has no clock of its own to time them by; leave it out", dev)
	}
	var served []string
	for _, l := range layers {
		for _, name := range device.Algorithms(l.Problem) {
			served = append(served, name, strings.Split(name, "/")[0])
		}
	}
	for _, algorithm := range f.algorithms {
		if algorithm != "all" && len(served) > 0 && !slices.Contains(served, algorithm) {
			slices.Sort(served)
			return usagef("--algorithm %s computes none of the layers on %s, which these do: %s",
				algorithm, dev, strings.Join(slices.Compact(served), ", "))
		}
	}
	return nil
}

// measureSuite fills in the ceilings and the results.
func (a *app) measureSuite(
	ctx context.Context,
	dev *host.Device,
	device *bench.Device,
	of benched,
	f benchFlags,
	r *bench.File,
) error {
	o := bench.Options{Budget: f.budget, Rounds: f.rounds, WarmUp: f.warmUp, Seed: f.seed,
		Timestamps: device.Timestamps(),
		Repro:      func(about bench.Result) string { return of.repro(dev, about, f) }}
	if dev.GPU() != nil {
		o.Ramp, o.EvictCache = dev.GPU().Info().ClockRamp(), device.EvictCache
		if !f.noCeilings {
			if err := a.measureCeilings(ctx, dev, r); err != nil && ctx.Err() == nil {
				return err
			}
			o.Ceilings = r.Ceilings
		}
	}
	subjects := of.subjects(ctx, device, f)
	rows := a.newRows(*r, bench.Names(subjects), f)
	bar := a.progress("measuring on "+r.Adapter.Name, o.Turns(len(subjects)))
	o.Begin = func(t bench.Turn) {
		bar.at(t.Number, turnText(t, f.rounds))
		a.turn(ctx, t)
	}
	o.Done = func(result bench.Result) { bar.aside(func() { rows.add(result) }) }
	results, err := bench.Run(ctx, subjects, o)
	bar.end()
	r.Results, r.Interrupted = append(r.Results, results...), err != nil
	rows.end(*r)
	return err
}

// turnText names what is under way, the layer first: a narrow terminal cuts the rest.
func turnText(t bench.Turn, rounds int) string {
	text := t.About.Label()
	if t.About.Algorithm != "" {
		text += " by " + t.About.Algorithm
	}
	return fmt.Sprintf("%s, round %d of %d", text, t.Round+1, rounds)
}

// repro is the command that measures one layer or network again.
func (b benched) repro(dev *host.Device, about bench.Result, f benchFlags) string {
	s := drivers() + "gpuconv bench --no-ceilings"
	switch {
	case about.Gradient != "":
		s += " --backward"
		if about.Algorithm != "" {
			s += " --filter-gradient " + about.Algorithm
		}
	case about.Algorithm != "":
		s += " --algorithm " + about.Algorithm
	}
	if f.exact {
		s += " --exact"
	}
	if about.DType != "" {
		s += " --dtype " + about.DType
	}
	if g := dev.GPU(); g != nil {
		s += fmt.Sprintf(" --backend %s --adapter %d", g.Info().Backend, g.Info().Index)
	} else {
		s += " --backend " + host.CPU
	}
	s += fmt.Sprintf(" --seed %d", f.seed)
	for _, n := range b.networks {
		if n.id() == about.Network {
			return s + n.flags()
		}
	}
	return s + fmt.Sprintf(" '%s'", about.Problem)
}

// benchVerdict is the error of a run in which something failed.
func (a *app) benchVerdict(r bench.File, f benchFlags) error {
	failed := 0
	for _, result := range r.Results {
		if result.Error != "" {
			failed++
		}
	}
	switch {
	case failed > 0:
		return failure{fmt.Errorf("%d of %d results failed", failed, len(r.Results))}
	case r.Interrupted && len(r.Results) == 0:
		files := slices.DeleteFunc([]string{a.outputJSON, f.csv, f.html, f.markdown},
			func(s string) bool { return s == "" || s == "-" })
		if len(files) == 0 {
			return failure{errors.New("interrupted before a layer was measured")}
		}
		return failure{fmt.Errorf("interrupted before a layer was measured: nothing was written to %s",
			strings.Join(files, ", "))}
	case r.Interrupted:
		return failure{fmt.Errorf("interrupted after %d results, which were kept", len(r.Results))}
	}
	return nil
}
