package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/spf13/cobra"
)

// sizeFlags are a layer in the notes' letters, for those who do not write descriptors.
type sizeFlags struct {
	input, filter, stride, pad, dilation string
	depth, groups, batch                 int
}

func (f *sizeFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.input, "input", "", "input volume as WxHxD, e.g. 227x227x3")
	c.Flags().StringVar(&f.filter, "filter", "", "filter size F, or WxH")
	c.Flags().StringVar(&f.stride, "stride", "1", "stride S, or WxH")
	c.Flags().StringVar(&f.pad, "pad", "0", "zero padding P on each side, or WxH")
	c.Flags().StringVar(&f.dilation, "dilation", "1", "dilation, or WxH; 1 is none")
	c.Flags().IntVar(&f.depth, "depth", 0, "number of filters K, the depth of the output")
	c.Flags().IntVar(&f.groups, "groups", 1, "filter groups")
	c.Flags().IntVar(&f.batch, "batch", 1, "images")
}

// problem reads the flags, or the descriptor where there is one.
func (f *sizeFlags) problem(args []string) (conv.Problem, error) {
	if len(args) == 1 {
		return conv.Parse(args[0])
	}
	in, err := sizes("--input", f.input, 3)
	if err != nil {
		return conv.Problem{}, err
	}
	h, w := conv.Axis{In: in[1]}, conv.Axis{In: in[0]}
	for _, part := range []struct {
		flag, value string
		h, w        *int
	}{
		{"--filter", f.filter, &h.Filter, &w.Filter}, {"--stride", f.stride, &h.Stride, &w.Stride},
		{"--pad", f.pad, &h.Pad, &w.Pad}, {"--dilation", f.dilation, &h.Dilation, &w.Dilation},
	} {
		if err := pair(part.flag, part.value, part.w, part.h); err != nil {
			return conv.Problem{}, err
		}
	}
	if h.Stride == 0 || w.Stride == 0 || h.Dilation == 0 || w.Dilation == 0 {
		return conv.Problem{}, usagef("--stride %s --dilation %s: must be 1 or more", f.stride, f.dilation)
	}
	return conv.New(conv.Problem{Batch: f.batch, Groups: f.groups, InChannels: in[2], OutChannels: f.depth, H: h, W: w})
}

// pair reads "F" or "WxH" into both axes.
func pair(flag, value string, w, h *int) error {
	if n, err := strconv.Atoi(value); err == nil {
		*w, *h = n, n
		return nil
	}
	two, err := sizes(flag, value, 2)
	if err != nil {
		return usagef("%s %q: must be one number, or WxH", flag, value)
	}
	*w, *h = two[0], two[1]
	return nil
}

// sizes reads n numbers separated by x.
func sizes(flag, value string, n int) ([]int, error) {
	parts := strings.Split(value, "x")
	list := make([]int, len(parts))
	for i, part := range parts {
		v, err := strconv.Atoi(part)
		if err != nil || len(parts) != n {
			return nil, usagef("%s %q: must be %d numbers separated by x, such as %s", flag, value, n, map[int]string{2: "3x5", 3: "227x227x3"}[n])
		}
		list[i] = v
	}
	return list, nil
}

// paramsReport is the JSON of `gpuconv params`.
type paramsReport struct {
	Problem string       `json:"problem"`
	Output  [3]int       `json:"output_whd"`
	Counts  conv.Counts  `json:"counts"`
	Saved   float64      `json:"factor_saved"`
	FLOPs   int64        `json:"flop"`
	Bytes   conv.Bytes   `json:"bytes"`
	Unread  []string     `json:"unread,omitempty"`
	problem conv.Problem // for the table
}

func (a *app) paramsCommand() *cobra.Command {
	var f sizeFlags
	c := &cobra.Command{
		Use:   "params [DESCRIPTOR]",
		Short: "Parameters of a layer, with and without sharing",
		Long: `Counts neurons and parameters as the CS231n notes do: all neurons of one depth
slice share one filter and one bias, and without sharing each has its own.`,
		Example: "  gpuconv params --input 227x227x3 --filter 11 --stride 4 --pad 0 --depth 96\n  gpuconv params ic3ih227oc96kh11sh4",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := f.problem(args)
			if err != nil {
				return err
			}
			r := paramsReport{Problem: p.String(), Output: [3]int{p.W.Out, p.H.Out, p.OutChannels}, Counts: p.Counts(),
				Saved: p.Counts().Saved(), FLOPs: p.FLOPs(), Bytes: p.Bytes(), Unread: unreadText(p), problem: p}
			if a.json {
				return a.printJSON(r)
			}
			r.print(a)
			return nil
		},
	}
	f.add(c)
	return c
}

func (r paramsReport) print(a *app) {
	p, n := r.problem, r.Counts
	rows := []string{
		"layer\t" + r.Problem,
		fmt.Sprintf("input\t%dx%dx%d", p.W.In, p.H.In, p.InChannels),
		fmt.Sprintf("output\t%dx%dx%d\t(%d - %d + %d + %d)/%d + 1 = %d wide", p.W.Out, p.H.Out, p.OutChannels,
			p.W.In, p.W.Extent(), p.W.Pad, p.W.PadAfter(), p.W.Stride, p.W.Out),
		fmt.Sprintf("neurons\t%s\tone for each output", thousands(n.Neurons)),
		fmt.Sprintf("weights per neuron\t%s\tand 1 bias", thousands(n.WeightsPerNeuron)),
		fmt.Sprintf("parameters, unshared\t%s\t%s neurons x (%s + 1)\t%s", thousands(n.Unshared), thousands(n.Neurons), thousands(n.WeightsPerNeuron), bytesText(4*uint64(n.Unshared))),
		fmt.Sprintf("parameters, shared\t%s\t%s weights + %s biases\t%s", thousands(n.Shared), thousands(n.SharedWeights), thousands(n.Biases), bytesText(4*uint64(n.Shared))),
		fmt.Sprintf("saved by sharing\t%.4g times", r.Saved),
		fmt.Sprintf("operations\t%s\t2 for each weight of each output", thousands(r.FLOPs)),
		fmt.Sprintf("memory, float32\t%s\tinput %s, filters %s, output %s", bytesText(uint64(r.Bytes.Total())),
			bytesText(uint64(r.Bytes.Input)), bytesText(uint64(r.Bytes.Filters)), bytesText(uint64(r.Bytes.Output))),
	}
	for _, u := range r.Unread {
		rows = append(rows, "note\t"+u)
	}
	table(a.stdout, rows...)
}
