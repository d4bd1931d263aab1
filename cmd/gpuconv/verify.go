package main

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/spf13/cobra"
)

func (a *app) verifyCommand() *cobra.Command {
	var count int
	var seed uint64
	var all bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "Run random layers and judge every output",
		Long: `Draws random layers of all kinds, leaning towards the edges, and runs each with
seeded data, forward or backward: nearly half of them with integers, which must come
out bit for bit, nearly half with real numbers, which must stay within the rounding
bound, and some with int8 numbers, the int32 sums of which must be exact.
Layers that several algorithms serve are computed by any of them, drawn as well.
At the end, or where it is interrupted, it counts the cases by what they cover.
Every failure comes with the command that shows it again, the first few also with one
for a layer as small as still fails.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if count < 1 {
				return usagef("--count %d: must be 1 or more", count)
			}
			return a.verifyAll(c.Context(), count, seed, all)
		},
	}
	c.Flags().IntVar(&count, "count", 500, "random layers on each adapter")
	c.Flags().Uint64Var(&seed, "seed", 1, "of the series of layers")
	c.Flags().BoolVar(&all, "all", false, "on every adapter, not only the chosen one")
	return c
}

// verifyAll runs the series on the chosen adapter, or on every one.
func (a *app) verifyAll(ctx context.Context, count int, seed uint64, all bool) error {
	options := []host.Options{a.device}
	if all {
		if a.choseDevice() {
			return usagef(
				"--all takes every adapter: leave out --backend and --adapter, GPUCONV_BACKEND and GPUCONV_ADAPTER",
			)
		}
		list, err := gpu.Adapters()
		if err != nil {
			return failure{err}
		}
		options = nil
		for _, info := range list {
			options = append(options, host.Options{Backend: string(info.Backend), Adapter: fmt.Sprint(info.Index)})
		}
		if len(list) == 0 {
			return fmt.Errorf("%w: %s", gpu.ErrNoAdapter, gpu.InstallHint)
		}
	}
	return a.verifyEach(ctx, options, count, seed)
}

// verifyEach runs the series on one adapter after the other and sums up, by what ran where ctx ended it.
func (a *app) verifyEach(ctx context.Context, options []host.Options, count int, seed uint64) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	var reports []verifyReport
	failed, ran := 0, 0
	for _, o := range options {
		if ctx.Err() != nil {
			break
		}
		r, err := a.verifyOn(ctx, o, count, seed)
		if err != nil && len(options) == 1 {
			return err
		}
		if err != nil { // counted, and the others still have their turn
			fmt.Fprintf(a.stderr, "FAILED to open an adapter: %v\n", err)
			r = verifyReport{
				Adapter:  o.Adapter,
				Backend:  o.Backend,
				Seed:     seed,
				Failures: []verifyFailure{{Error: err.Error()}},
			}
		}
		reports = append(reports, r)
		failed += len(r.Failures)
		ran += r.Count
	}
	sum := func(a *app) {
		if len(reports) > 1 {
			fmt.Fprintf(a.stdout, "%d adapters, %s layers, %d failures\n", len(reports), thousands(int64(ran)), failed)
		}
	}
	if err := a.report(reports, sum); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return failure{fmt.Errorf("interrupted: %d of %d layers ran", ran, count*len(options))}
	case failed > 0:
		return failure{errReported}
	}
	return nil
}

// verifyOn runs the series on one adapter, until ctx ends.
func (a *app) verifyOn(ctx context.Context, o host.Options, count int, seed uint64) (verifyReport, error) {
	dev, err := host.Open(o)
	if err != nil {
		return verifyReport{}, err
	}
	defer dev.Close()
	r := newVerifyReport(dev, seed)
	bar := a.progress("verifying on "+r.Adapter, count)
	for r.Count < count && ctx.Err() == nil {
		a.verifyCase(ctx, &r, dev, proof.Draw(seed, r.Count).WithAlgorithm(dev))
		bar.step()
	}
	r.Interrupted = r.Count < count
	bar.end()
	if !a.json {
		r.print(a.forPeople(a.stdout))
	}
	return r, nil
}

// verifyCase runs one case; a failure is printed at once, for a long series.
func (a *app) verifyCase(ctx context.Context, r *verifyReport, dev *host.Device, c proof.Case) {
	report, err := a.runCase(c, dev)
	r.count(c, err != nil)
	if err != nil {
		f := verifyFailure{Problem: c.Problem.String(), Error: err.Error(), Repro: drivers() + c.Repro(dev)}
		fmt.Fprintf(a.stderr, "FAILED %s: %s\n  again: %s\n", f.Problem, f.Error, f.Repro)
		if len(r.Failures) < shrunkFailures {
			small := a.shrink(ctx, dev, c, err)
			f.Small, f.SmallRepro = small.Problem.String(), drivers()+small.Repro(dev)
			fmt.Fprintf(a.stderr, "  small: %s\n", f.SmallRepro)
		}
		r.Failures = append(r.Failures, f)
		return
	}
	r.Outputs += int64(report.Checked)
	if c.Options.DType == host.Int8 {
		r.Int8++
	}
	if proof.DataName(c.Mode) == "integers" {
		r.Exact++
	} else {
		r.Worst = max(r.Worst, report.BoundUsed)
	}
}
