package main

import (
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/spf13/cobra"
)

// completions are what shells offer behind flags, on whatever command has them. The other flags are offered
// files.
func (a *app) completions() map[string]cobra.CompletionFunc {
	words := func(list ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)
	}
	activations := []string{"relu6"}
	for _, activation := range conv.Activations() {
		activations = append(activations, activation.Function.String())
	}
	var paddings []string
	for kind := conv.Zero; kind <= conv.Circular; kind++ {
		paddings = append(paddings, kind.String())
	}
	var backends []string
	for _, b := range []gpu.Backend{gpu.BackendVulkan, gpu.BackendMetal, gpu.BackendDX12, gpu.BackendGL, host.CPU} {
		backends = append(backends, string(b))
	}
	return map[string]cobra.CompletionFunc{
		"backend":       words(backends...),
		"adapter":       a.completeAdapter,
		"algorithm":     completeAlgorithm,
		"suite":         cobra.FixedCompletions(bench.Suites(), cobra.ShellCompDirectiveDefault), // files, too
		"activation":    words(activations...),
		"residual":      words("none", "before", "after"),
		"padding":       words(paddings...),
		"dtype":         words(string(host.Float32), string(host.Float16), string(host.Int8)),
		"verify":        words("full", "sample", "off"),
		"data":          words("reals", "integers"),
		"channels":      words("rgb", "bgr", "gray"),
		"layout":        words(string(tensor.NHWC), string(tensor.NCHW)),
		"filter-layout": words(string(tensor.OHWI), string(tensor.HWIO), string(tensor.OIHW)),
	}
}

// complete has the flags of a command and of all below it completed, descriptors never taken for files, and of
// networks and cases nothing else offered.
func (a *app) complete(c *cobra.Command) error {
	for name, how := range a.completions() {
		if c.Flags().Lookup(name) == nil && c.PersistentFlags().Lookup(name) == nil {
			continue
		}
		if err := c.RegisterFlagCompletionFunc(name, how); err != nil {
			return err
		}
	}
	switch c.Name() {
	case "run", "params", "bench":
		c.ValidArgsFunction = cobra.NoFileCompletions
	case "infer", "inspect":
		c.ValidArgsFunction = cobra.FixedCompletions([]string{"onnx"}, cobra.ShellCompDirectiveFilterFileExt)
	case "conformance":
		c.ValidArgsFunction = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	}
	for _, sub := range c.Commands() {
		if err := a.complete(sub); err != nil {
			return err
		}
	}
	return nil
}

// completeAdapter offers the adapters of the chosen backend by index, with their names beside.
func (a *app) completeAdapter(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	list, err := gpu.Adapters()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var offers []cobra.Completion
	for _, info := range list {
		if a.device.Backend == "" || strings.EqualFold(a.device.Backend, string(info.Backend)) {
			offers = append(offers, cobra.CompletionWithDesc(fmt.Sprint(info.Index), info.String()))
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

// completeAlgorithm offers names, of bench as many as are wanted, and all.
func completeAlgorithm(c *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	names, before := host.AlgorithmNames(), ""
	if c.Name() == "bench" {
		names = append(names, "all")
		before = begun[:strings.LastIndex(begun, ",")+1]
	}
	var offers []cobra.Completion
	for _, name := range names {
		offers = append(offers, before+name)
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}
