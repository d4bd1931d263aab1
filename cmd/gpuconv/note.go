package main

import (
	"fmt"

	"github.com/gpuconv/gpuconv/internal/note"
)

// runNote runs the example of the notes: X of 11x11x4, two filters of F=5, S=2, P=0, hence V of 4x4x2.
func (a *app) runNote() error {
	dev, err := a.openOrFallBack()
	if err != nil {
		return err
	}
	defer dev.Close()
	r, err := note.Run(dev)
	if err != nil {
		return err
	}
	if err := a.report(r, func(a *app) { printNote(a, r) }); err != nil {
		return err
	}
	if !r.Verified {
		return failure{fmt.Errorf("the notes' example came out wrong on %s; again: %s", dev, commandLine())}
	}
	return nil
}

// printNote prints the example for people.
func printNote(a *app, r note.Report) {
	table(
		a.stdout,
		"The example of the CS231n notes on parameter sharing: X is 11x11x4, two filters W0 and W1 of 5x5x4, stride "+
			"2, no padding, hence V is 4x4x2. X, W and b are seeded integers.",
		"Device: "+r.Device,
	)
	for d := range r.Volume.D {
		fmt.Fprintf(a.stdout, "\nV[:,:,%d]\n", d)
		rows := []string{"\tx=0\tx=1\tx=2\tx=3"}
		for y := range r.Volume.H {
			row := fmt.Sprintf("  y=%d", y)
			for x := range r.Volume.W {
				row += fmt.Sprintf("\t%g", r.Volume.At(x, y, d))
			}
			rows = append(rows, row)
		}
		table(a.stdout, rows...)
	}
	fmt.Fprintln(a.stdout)
	rows := []string{"formula\tcomputed\treference\tverdict"}
	for _, f := range r.Formulas {
		verdict := "equal"
		if !f.Equal {
			verdict = "WRONG"
		}
		rows = append(rows, fmt.Sprintf("%s\t%g\t%g\t%s", f.Formula, f.Got, f.Reference, verdict))
	}
	table(a.stdout, rows...)
	fmt.Fprintln(a.stdout)
	table(a.stdout, r.Checks...)
}
