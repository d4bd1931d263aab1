package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/spf13/cobra"
)

// buildReport is the JSON of `gpuconv version`: what the program was made of.
type buildReport struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Commit   string `json:"commit"` // "" where Go did not record one
	Modified bool   `json:"modified"`
	Bindings string `json:"bindings"`
	Library  string `json:"library"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "What this program was built from",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := a.noChoice("version"); err != nil {
				return err
			}
			r := built(debug.ReadBuildInfo())
			return a.report(r, r.print)
		},
	}
}

// built says what Go recorded of the build, if it did.
func built(info *debug.BuildInfo, ok bool) buildReport {
	r := buildReport{
		Module:   "gpuconv",
		Version:  "(devel)",
		Bindings: "unknown",
		Library:  gpu.Library(),
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if !ok {
		return r
	}
	r.Module, r.Version = info.Main.Path, info.Main.Version
	for _, d := range info.Deps {
		if d.Path == "github.com/cogentcore/webgpu" {
			r.Bindings = d.Path + " " + d.Version
		}
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			r.Commit = s.Value
		case "vcs.modified":
			r.Modified = s.Value == "true"
		}
	}
	return r
}

func (r buildReport) print(a *app) {
	commit := r.Commit
	switch {
	case commit == "":
		commit = "not recorded"
	case r.Modified:
		commit += ", with changes that are not committed"
	}
	fmt.Fprintf(a.stdout, "gpuconv %s\n", r.Version)
	for _, line := range [][2]string{
		{"module", r.Module},
		{"commit", commit},
		{"bindings", r.Bindings},
		{"library", r.Library},
		{"Go", r.Go + ", " + r.Platform},
	} {
		fmt.Fprintf(a.stdout, "  %-8s  %s\n", line[0], line[1])
	}
}
