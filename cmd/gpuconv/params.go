package main

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/spf13/cobra"
)

// paramsFlags are a whole layer in the notes' letters.
type paramsFlags struct {
	sizeFlags
	input, filter string
	depth, batch  int
}

// problem reads the flags, or the descriptor where there is one.
func (f *paramsFlags) problem(args []string) (conv.Problem, error) {
	if len(args) == 1 {
		return conv.Parse(args[0])
	}
	in, err := sizes("--input", f.input, 3, 4)
	if err != nil {
		return conv.Problem{}, err
	}
	size, solid := extents{1, in[1], in[0]}, len(in) == 4
	if solid {
		size[0] = in[2]
	}
	filter, err := perAxis("--filter", f.filter, solid)
	if err != nil {
		return conv.Problem{}, err
	}
	return f.sizeFlags.problem(f.batch, size, in[len(in)-1], f.depth, filter)
}

// paramsReport is the JSON of `gpuconv params`.
type paramsReport struct {
	Problem string       `json:"problem"`
	Output  [3]int       `json:"output_whd"`
	Planes  int          `json:"output_planes"` // Z of a 3D layer, else 1
	Counts  conv.Counts  `json:"counts"`
	Saved   float64      `json:"factor_saved"`
	FLOPs   int64        `json:"flop"`
	Bytes   conv.Bytes   `json:"bytes"`
	Unread  []string     `json:"unread,omitempty"`
	problem conv.Problem // for the table
}

func (a *app) paramsCommand() *cobra.Command {
	var f paramsFlags
	var measure bool
	c := &cobra.Command{
		Use:   "params [DESCRIPTOR]",
		Short: "Parameters of a layer, with and without sharing",
		Long: `Counts neurons and parameters as the CS231n notes do: all neurons of one depth
slice share one filter and one bias, and without sharing each has its own.
With --measure the layer is run both ways on the device, each run judged against
the CPU reference first, and the times stand beside the counts.`,
		Example: "  gpuconv params --input 227x227x3 --filter 11 --stride 4 --pad 0 --depth 96\n  gpuconv params " +
			"ic3ih227oc96kh11sh4\n  gpuconv params --measure",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if measure && len(args) == 0 && !f.given(c) {
				args = []string{measuredLayer}
			}
			if len(args) == 1 && f.given(c) {
				return usagef(
					"a descriptor and flags of a layer: leave one of them out, for the descriptor %s says it all",
					args[0],
				)
			}
			if f.batch < 1 {
				return usagef("--batch %d: must be 1 or more", f.batch)
			}
			p, err := f.problem(args)
			switch {
			case err != nil:
				return err
			case measure:
				return a.measure(p)
			}
			return a.params(p)
		},
	}
	c.Flags().StringVar(&f.input, "input", "", "input volume as WxHxD, e.g. 227x227x3, or WxHxZxD of a 3D layer")
	c.Flags().StringVar(&f.filter, "filter", "", "filter size F, or WxH, in 3D WxHxZ")
	f.add(c, "")
	c.Flags().IntVar(&f.depth, "depth", 0, "number of filters K, the depth of the output")
	c.Flags().IntVar(&f.batch, "batch", 1, "images")
	c.Flags().
		BoolVar(&measure, "measure", false, "run the layer with and without sharing; without a layer "+measuredLayer)
	return c
}

// given reports whether flags describe a layer.
func (f *paramsFlags) given(c *cobra.Command) bool {
	return len(f.changed(c)) > 0 || c.Flags().Changed("input") || c.Flags().Changed("filter") ||
		c.Flags().Changed("depth") ||
		c.Flags().Changed("batch")
}

// params prints the counts of a layer.
func (a *app) params(p conv.Problem) error {
	r := paramsReport{
		Problem: p.String(),
		Output:  [3]int{p.W.Out, p.H.Out, p.OutChannels},
		Planes:  p.Z.Out,
		Counts:  p.Counts(),
		Saved:   p.Counts().Saved(),
		FLOPs:   p.FLOPs(),
		Bytes:   p.Bytes(),
		Unread:  unreadText(p),
		problem: p,
	}
	return a.report(r, r.print)
}

func (r paramsReport) print(a *app) {
	p, n := r.problem, r.Counts
	each := "2 for each weight of each output"
	if p.Transposed {
		each = "2 for each weight of each input position"
	}
	rows := []string{
		"layer\t" + r.Problem,
		"input\t" + sizeText(p.Z.In, p.H.In, p.W.In, p.InChannels),
		"output\t" + sizeText(p.Z.Out, p.H.Out, p.W.Out, p.OutChannels) + "\t" + p.WidthFormula(),
		fmt.Sprintf("neurons\t%s\tone for each output", thousands(n.Neurons)),
		fmt.Sprintf("weights per neuron\t%s\tand 1 bias", thousands(n.WeightsPerNeuron)),
		fmt.Sprintf(
			"parameters, unshared\t%s\t%s neurons x (%s + 1)\t%s",
			thousands(n.Unshared),
			thousands(n.Neurons),
			thousands(n.WeightsPerNeuron),
			bytesText(4*uint64(n.Unshared)),
		),
		fmt.Sprintf(
			"parameters, shared\t%s\t%s weights + %s biases\t%s",
			thousands(n.Shared),
			thousands(n.SharedWeights),
			thousands(n.Biases),
			bytesText(4*uint64(n.Shared)),
		),
		fmt.Sprintf("saved by sharing\t%.4g times", r.Saved),
		fmt.Sprintf("operations\t%s\t%s", thousands(r.FLOPs), each),
		fmt.Sprintf("memory, float32\t%s\tinput %s, filters %s, output %s", bytesText(uint64(r.Bytes.Total())),
			bytesText(uint64(r.Bytes.Input)), bytesText(uint64(r.Bytes.Filters)), bytesText(uint64(r.Bytes.Output))),
	}
	for _, u := range r.Unread {
		rows = append(rows, "note\t"+u)
	}
	table(a.stdout, rows...)
}
