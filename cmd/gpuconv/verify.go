package main

import (
	"fmt"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/spf13/cobra"
)

// verifyReport is the JSON of `gpuconv verify`, one for each adapter.
type verifyReport struct {
	Adapter  string          `json:"adapter"`
	Backend  string          `json:"backend"`
	Seed     uint64          `json:"seed"`
	Count    int             `json:"count"`
	Exact    int             `json:"exact"` // problems compared bit for bit; the others by the bound
	Outputs  int64           `json:"outputs"`
	Worst    float64         `json:"worst_bound_used"`
	Failures []verifyFailure `json:"failures"`
}

type verifyFailure struct {
	Problem string `json:"problem"`
	Error   string `json:"error"`
	Repro   string `json:"repro"`
}

func (a *app) verifyCommand() *cobra.Command {
	var count int
	var seed uint64
	var all bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "Run random layers and judge every output",
		Long: `Draws random layers, leaning towards the edges, and runs each with seeded data:
half of them with integers, which must come out bit for bit, half with real
numbers, which must stay within the rounding bound. Every failure comes with the
command that shows it again.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if count < 1 {
				return usagef("--count %d: must be 1 or more", count)
			}
			return a.verifyAll(count, seed, all)
		},
	}
	c.Flags().IntVar(&count, "count", 500, "random layers on each adapter")
	c.Flags().Uint64Var(&seed, "seed", 1, "of the series of layers")
	c.Flags().BoolVar(&all, "all", false, "on every adapter, not only the chosen one")
	return c
}

// verifyAll runs the series on the chosen adapter, or on every one.
func (a *app) verifyAll(count int, seed uint64, all bool) error {
	options := []host.Options{a.device}
	if all {
		if a.choseDevice() {
			return usagef("--all takes every adapter: leave out --backend and --adapter, GPUCONV_BACKEND and GPUCONV_ADAPTER")
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
	return a.verifyEach(options, count, seed)
}

// verifyEach runs the series on one adapter after the other and sums up.
func (a *app) verifyEach(options []host.Options, count int, seed uint64) error {
	var reports []verifyReport
	failed := 0
	for _, o := range options {
		r, err := a.verifyOn(o, count, seed)
		if err != nil {
			return err
		}
		reports = append(reports, r)
		failed += len(r.Failures)
	}
	switch {
	case a.json:
		if err := a.printJSON(reports); err != nil {
			return err
		}
	case len(reports) > 1:
		fmt.Fprintf(a.stdout, "%d adapters, %s layers, %d failures\n", len(reports), thousands(int64(count*len(reports))), failed)
	}
	if failed > 0 {
		return failure{errReported}
	}
	return nil
}

func (a *app) verifyOn(o host.Options, count int, seed uint64) (verifyReport, error) {
	dev, err := host.Open(o)
	if err != nil {
		return verifyReport{}, err
	}
	defer dev.Close()
	r := verifyReport{Adapter: dev.String(), Backend: host.CPU, Seed: seed, Count: count, Failures: []verifyFailure{}}
	if g := dev.GPU(); g != nil {
		r.Adapter, r.Backend = g.Info().Name, string(g.Info().Backend)
	}
	bar := a.progress("verifying on "+r.Adapter, count)
	for i := range count {
		r.add(a, dev, proof.Draw(seed, i))
		bar.step()
	}
	bar.end()
	if !a.json {
		fmt.Fprintln(a.stdout, r)
	}
	return r, nil
}

// add runs one case; a failure is printed at once, for a long series.
func (r *verifyReport) add(a *app, dev *host.Device, c proof.Case) {
	report, err := c.Run(dev)
	if err != nil {
		f := verifyFailure{Problem: c.Problem.String(), Error: err.Error(), Repro: c.Repro(dev)}
		r.Failures = append(r.Failures, f)
		fmt.Fprintf(a.stderr, "FAILED %s: %s\n  again: %s\n", f.Problem, f.Error, f.Repro)
		return
	}
	r.Outputs += int64(report.Checked)
	if proof.DataName(c.Mode) == "integers" {
		r.Exact++
	} else {
		r.Worst = max(r.Worst, report.BoundUsed)
	}
}

// String is the line that sums up.
func (r verifyReport) String() string {
	verdict := "all right"
	if len(r.Failures) > 0 {
		verdict = fmt.Sprintf("%d FAILED", len(r.Failures))
	}
	passed := r.Count - len(r.Failures)
	return fmt.Sprintf("%s on %s (%s): %d of %d layers passed, %d bit for bit, %d within the bound (at most %.1f%% of it used), %s outputs; seed %d",
		verdict, r.Adapter, r.Backend, passed, r.Count, r.Exact, passed-r.Exact, 100*r.Worst, thousands(r.Outputs), r.Seed)
}
