package main

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"text/tabwriter"

	"github.com/gpuconv/gpuconv/internal/algo"
)

// report prints what figures choose, before and after, and which are to stand in rules.go.
func report(out io.Writer, software bool, all layers, c choice) {
	kind := "GPUs"
	if software {
		kind = "software adapters"
	}
	fmt.Fprintf(out, "%s: %d layers\n\n", kind, len(all))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "file\tlayer\tcandidates\tbefore\tof the best\tfitted\tof the best")
	for _, l := range all {
		before, fitted := l.chosen(c.before), l.chosen(c.fitted)
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%.2f\t%s\t%.2f\n", filepath.Base(l.file), l.name, len(l.candidates),
			before.name, l.best()/before.ms, fitted.name, l.best()/fitted.ms)
	}
	w.Flush()
	before, fitted := all.estimates(c.before), all.estimates(c.fitted)
	fmt.Fprintf(
		out,
		"\nspeed of the choices, of the best that was measured, geometric mean: before %.3f, fitted %.3f\n",
		speed(before.loss),
		speed(fitted.loss),
	)
	fmt.Fprintf(out, "on layers held out of the fit, in %d folds: before %.3f, fitted to the others %.3f\n",
		folds, speed(c.stayed), speed(c.heldOut))
	fmt.Fprintf(
		out,
		"errors of the estimates, mean log(1 + r^2): before %.3f, fitted %.3f\n\n",
		before.errors,
		fitted.errors,
	)
	fmt.Fprintf(out, "before  %s\nfitted  %s\n", literal(c.before), literal(c.fitted))
	if c.better {
		fmt.Fprint(out, "the fitted figures are better on layers held out: they belong in internal/algo/rules.go\n\n")
	} else {
		fmt.Fprint(out, "the fitted figures are not better on layers held out: those before stay\n\n")
	}
}

// speed is the part of the best's that a loss leaves.
func speed(loss float64) float64 { return math.Exp(-loss) }

// literal is a machine as it stands in rules.go.
func literal(m algo.Machine) string {
	g := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	return fmt.Sprintf("Machine{Load: %s, Uniform: %s, Texture: %s, Copy: %s, Store: %s, Address: %s, Neuron: %s, "+
		"Transform: %s, Dispatch: %s, Shared: %s, Barrier: %s, Threads: %s, Lanes: %s, Compile: %s}",
		g(m.Load), g(m.Uniform), g(m.Texture), g(m.Copy), g(m.Store), g(m.Address), g(m.Neuron), g(m.Transform),
		g(m.Dispatch), g(m.Shared), g(m.Barrier), g(m.Threads), g(m.Lanes), g(m.Compile))
}
