package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/conformance"
	"github.com/spf13/cobra"
)

func (a *app) conformanceCommand() *cobra.Command {
	var match string
	var verbose bool
	c := &cobra.Command{
		Use:   "conformance DIR...",
		Short: "Run test cases in the layout of ONNX's operator tests",
		Long: `Runs all test cases below the folders: those that have a model.onnx and folders
test_data_set_0, test_data_set_1 and so on with input_0.pb, output_0.pb and their like,
as ONNX's own operator tests have them.

A case passes where every node is right within the bound of its own reference and the
outputs agree with the expected ones within ONNX's own tolerance. Whatever fails is
shown at once, with the command that runs it alone. Cases with what no network of ours
runs are counted by their reasons, and are no failure.`,
		Example: "  gpuconv conformance /usr/share/libonnx-testdata/data/node --match 'conv|pool'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cases, err := findCases(args, match)
			if err != nil {
				return err
			}
			return a.conformance(c.Context(), cases, verbose)
		},
	}
	c.Flags().StringVar(&match, "match", "", "only cases whose name this regular expression finds")
	c.Flags().BoolVar(&verbose, "verbose", false, "a line for each case")
	return c
}

// findCases are the cases below the folders whose names match.
func findCases(folders []string, match string) ([]conformance.Case, error) {
	by, err := matcher(match)
	if err != nil {
		return nil, err
	}
	all, err := conformance.Find(folders...)
	if err != nil {
		return nil, err
	}
	count := len(all)
	all = slices.DeleteFunc(all, func(c conformance.Case) bool { return !by.MatchString(c.Name) })
	if len(all) == 0 {
		return nil, usagef("--match %s: none of the %d cases matches", match, count)
	}
	return all, nil
}

// conformanceReport is the JSON of `gpuconv conformance`.
type conformanceReport struct {
	Adapter     bench.Adapter     `json:"adapter"`
	Shaders     string            `json:"shaders"`
	Count       int               `json:"count"` // cases that ran
	Asked       int               `json:"asked"` // cases that there are
	Passed      int               `json:"passed"`
	Failed      int               `json:"failed"`
	Unsupported int               `json:"unsupported"`
	Numbers     int               `json:"numbers"` // that were judged
	Used        float64           `json:"bound_used"`
	Reasons     map[string]int    `json:"reasons"` // of the unsupported ones
	Cases       []conformanceCase `json:"cases"`
}

type conformanceCase struct {
	Name    string  `json:"name"`
	Folder  string  `json:"folder"`
	Status  string  `json:"status"`
	Reason  string  `json:"reason,omitempty"` // why it did not pass
	Repro   string  `json:"repro,omitempty"`  // of one that failed
	Numbers int     `json:"numbers"`
	Used    float64 `json:"bound_used"`
}

// conformance runs the cases and reports.
func (a *app) conformance(ctx context.Context, cases []conformance.Case, verbose bool) error {
	dev, err := a.openGPU("conformance")
	if err != nil {
		return err
	}
	defer dev.Close()
	ctx, stop := interruptible(ctx)
	defer stop()
	report := conformanceReport{Adapter: bench.AdapterOf(dev), Shaders: host.ShadersHash(), Asked: len(cases)}
	results := a.runCases(ctx, dev, cases, &report, verbose)
	report.Reasons = conformance.Reasons(results)
	if err := a.report(report, report.print); err != nil {
		return err
	}
	return report.verdict(ctx, results)
}

// runCases runs one case after the other, until ctx ends or the device is lost. What fails is printed at once.
func (a *app) runCases(
	ctx context.Context,
	dev *host.Device,
	cases []conformance.Case,
	report *conformanceReport,
	verbose bool,
) (results []conformance.Result) {
	lines := a.forPeople(a.stdout).stdout
	bar := a.progress("cases on "+report.Adapter.Name, len(cases))
	defer bar.end()
	for i, c := range cases {
		bar.at(i, c.Name)
		a.begin(ctx, c.Name)
		r := conformance.Run(ctx, dev, c)
		if ctx.Err() != nil {
			return results // what was interrupted has no verdict
		}
		results = append(results, r)
		one := report.add(r, dev)
		bar.aside(func() {
			if r.Status == conformance.Failed {
				fmt.Fprintf(a.stderr, "FAILED %s: %s\n  again: %s\n", one.Name, one.Reason, one.Repro)
			}
			if verbose && !a.json {
				table(lines, one.String())
			}
		})
		if errors.Is(r.Err, gpu.ErrDeviceLost) {
			return results
		}
	}
	return results
}

// add counts a case and keeps it.
func (r *conformanceReport) add(of conformance.Result, dev *host.Device) conformanceCase {
	c := conformanceCase{
		Name:    of.Name,
		Folder:  of.Folder,
		Status:  of.Status.String(),
		Numbers: of.Numbers,
		Used:    of.Bound,
	}
	if of.Err != nil {
		c.Reason = of.Err.Error()
	}
	r.Count++
	r.Numbers += of.Numbers
	switch of.Status {
	case conformance.Passed:
		r.Passed++
		r.Used = max(r.Used, of.Bound)
	case conformance.Failed:
		r.Failed++
		c.Repro = caseCommand(dev, of.Folder)
	default:
		r.Unsupported++
	}
	r.Cases = append(r.Cases, c)
	return c
}

// caseCommand is the command that runs the cases of a folder again.
func caseCommand(dev *host.Device, folder string) string {
	info := dev.GPU().Info()
	return fmt.Sprintf(
		"%sgpuconv conformance --backend %s --adapter %d '%s'", drivers(), info.Backend, info.Index, folder,
	)
}

// String is the line of --verbose.
func (c conformanceCase) String() string {
	switch {
	case c.Reason != "":
		return fmt.Sprintf("%s %s: %s", c.Status, c.Name, c.Reason)
	case c.Used > 0:
		return fmt.Sprintf(
			"%s %s: %d numbers, at most %.3g%% of a bound used",
			c.Status,
			c.Name,
			c.Numbers,
			100*c.Used,
		)
	}
	return fmt.Sprintf("%s %s: %d numbers, bit for bit", c.Status, c.Name, c.Numbers)
}

func (r conformanceReport) print(a *app) {
	rows := []string{}
	for _, reason := range byCount(r.Reasons) {
		rows = append(rows, fmt.Sprintf("%d\tunsupported: %s", r.Reasons[reason], reason))
	}
	rows = append(rows, fmt.Sprintf(
		"%d passed, %d failed, %d unsupported on %s (%s): %s numbers judged, at most %.3g%% of a bound used",
		r.Passed, r.Failed, r.Unsupported, r.Adapter.Name, r.Adapter.Backend, thousands(int64(r.Numbers)), 100*r.Used,
	))
	table(a.stdout, rows...)
}

// verdict is nil where nothing failed and nothing is missing.
func (r conformanceReport) verdict(ctx context.Context, results []conformance.Result) error {
	switch {
	case ctx.Err() != nil:
		return failure{fmt.Errorf("interrupted: %d of %d cases ran", r.Count, r.Asked)}
	case r.Count < r.Asked:
		return failure{fmt.Errorf("%d of %d cases ran: %w", r.Count, r.Asked, results[r.Count-1].Err)}
	case r.Failed > 0:
		return failure{errReported}
	}
	return nil
}
