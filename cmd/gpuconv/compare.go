package main

import (
	"github.com/gpuconv/gpuconv/bench"
	"github.com/spf13/cobra"
)

func (a *app) compareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compare A.json B.json",
		Short: "Hold two files of results against each other, layer by layer",
		Long: `Gives for each layer of two files of bench's results the ratio of the medians with
a 95% confidence interval (bootstrap), what is significant and what is noise, and
the geometric mean of all. Layers are the same where their problems are, whatever
their names. A file of another program's times ({"peer": ...}) has no samples:
there the ratio stands alone, and our times are those with upload and download.`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			one, err := bench.ReadFile(args[0])
			if err != nil {
				return err
			}
			other, err := bench.ReadFile(args[1])
			if err != nil {
				return err
			}
			c := bench.Compare(one, other, nameOf(one, args[0]), nameOf(other, args[1]))
			if len(c.Rows) == 0 {
				return usagef("%s and %s have no layer in common that was measured in both", args[0], args[1])
			}
			return a.report(c, func(a *app) { bench.WriteComparison(a.stdout, c) }) // the command line reports what gets lost
		},
	}
}

// nameOf is the file and what it was measured on.
func nameOf(f bench.File, path string) string {
	name := path + ": " + f.Adapter.Name
	if f.Date != "" {
		name += ", " + f.Date
	}
	return name
}
