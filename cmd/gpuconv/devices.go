package main

import (
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/spf13/cobra"
)

func (a *app) devicesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "devices",
		Short: "List the adapters, the default first",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := a.noChoice("devices"); err != nil {
				return err
			}
			list, err := gpu.Adapters()
			if err != nil {
				return failure{err}
			}
			if err := a.report(list, func(a *app) { printAdapters(a, list) }); err != nil {
				return err
			}
			if len(list) == 0 {
				return fmt.Errorf("%w: %s", gpu.ErrNoAdapter, gpu.InstallHint)
			}
			return nil
		},
	}
}

func printAdapters(a *app, list []gpu.AdapterInfo) {
	for _, info := range list {
		printAdapter(a, info)
	}
}

func printAdapter(a *app, info gpu.AdapterInfo) {
	l := info.Limits
	software := ""
	if info.Type == gpu.Software {
		software = ": a program, no GPU"
	}
	fmt.Fprintf(a.stdout, "%d  %s\n", info.Index, info.Name)
	table(
		a.stdout,
		"   backend\t"+string(info.Backend),
		"   type\t"+info.Type.String()+software,
		"   vendor\t"+info.Vendor,
		"   driver\t"+orUnknown(info.Driver),
		"   memory\t"+limitsText(l),
		fmt.Sprintf(
			"   workgroups\tup to %d threads (%dx%dx%d), %s of shared memory, %d an axis",
			l.MaxWorkgroupInvocations,
			l.MaxWorkgroupSizeX,
			l.MaxWorkgroupSizeY,
			l.MaxWorkgroupSizeZ,
			bytesText(uint64(l.MaxWorkgroupStorage)),
			l.MaxWorkgroupsPerDimension,
		),
		"   features\t"+strings.Join(webFeatures(info), ", "),
	)
}

// limitsText is how much memory an adapter gives at once.
func limitsText(l gpu.Limits) string {
	return fmt.Sprintf(
		"buffers of up to %s, bindings of up to %s",
		bytesText(l.MaxBufferSize),
		bytesText(l.MaxStorageBinding),
	)
}

// webFeatures leaves out what only wgpu's native side has; --json has them all.
func webFeatures(info gpu.AdapterInfo) []string {
	var list []string
	for _, f := range info.Features {
		if !strings.HasPrefix(f, "native-feature") {
			list = append(list, f)
		}
	}
	return list
}

func orUnknown(s string) string {
	if s == "" {
		return "not told by this backend"
	}
	return s
}
