package main

import (
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/spf13/cobra"
)

// gradientFiles are the .npy files that --backward writes, "" for none.
type gradientFiles struct{ dx, dw, db, dslopes string }

func (g *gradientFiles) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&g.dx, "dx", "", "write the gradient dX of --backward, of X's size: .npy")
	flags.StringVar(
		&g.dw,
		"dw",
		"",
		"write the gradient dW of --backward: .npy of the shape that --filters reads, OHWI",
	)
	flags.StringVar(&g.db, "db", "", "write the gradient db of --backward: .npy of the shape that --bias reads")
	flags.StringVar(
		&g.dslopes,
		"dslopes",
		"",
		"write the gradient dslope of --backward --activation prelu: .npy of K numbers",
	)
}

// outputs are the flags with their files and what these must end in.
func (g gradientFiles) outputs() [][3]string {
	return [][3]string{
		{"--dx", g.dx, ".npy"},
		{"--dw", g.dw, ".npy"},
		{"--db", g.db, ".npy"},
		{"--dslopes", g.dslopes, ".npy"},
	}
}

// write writes the files that were asked for and adds their names to wrote.
func (g gradientFiles) write(a *app, of host.Gradients, unshared bool, wrote *[]string) error {
	w, b := of.W.Array(), vector(of.W.Bias)
	if unshared {
		w, b = of.W.BanksArray(), tensor.Array{Shape: []int{of.W.BankCount(), of.W.K}, Data: of.W.Bias}
	}
	for _, file := range []struct {
		path  string
		array tensor.Array
	}{{g.dx, of.X.Array()}, {g.dw, w}, {g.db, b}, {g.dslopes, vector(of.Slopes)}} {
		if file.path == "" {
			continue
		}
		if err := a.writeNPY(file.path, file.array); err != nil {
			return err
		}
		*wrote = append(*wrote, file.path)
	}
	return nil
}

// vector is data as an array of one axis.
func vector(data []float32) tensor.Array { return tensor.Array{Shape: []int{len(data)}, Data: data} }
