package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/note"
	"github.com/spf13/cobra"
)

// doctorReport is the JSON of `gpuconv doctor`.
type doctorReport struct {
	Program  string          `json:"program"`
	Go       string          `json:"go"`
	Platform string          `json:"platform"`
	Bindings string          `json:"bindings"`
	Library  string          `json:"library"`
	Drivers  []string        `json:"vulkan_driver_files"`
	Env      []string        `json:"environment"`
	Adapters []doctorAdapter `json:"adapters"`
	Traps    []string        `json:"known_traps"`
	Advice   []string        `json:"advice"`
}

// doctorAdapter is what one adapter showed that it can do.
type doctorAdapter struct {
	Name    string `json:"name"`
	Backend string `json:"backend"`
	Type    string `json:"type"`
	Driver  string `json:"driver"`
	Works   bool   `json:"works"` // the notes' example came out right
	Result  string `json:"result"`
	Can     string `json:"can"` // its limits in a line
	Clock   string `json:"clock"`
	Advice  string `json:"advice"`
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "What is installed, what works, and what to do about the rest",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := a.noChoice("doctor"); err != nil {
				return err
			}
			r, err := diagnose()
			if err != nil {
				return failure{err}
			}
			err = a.report(r, r.print)
			for _, d := range r.Adapters {
				if !d.Works && err == nil {
					err = failure{fmt.Errorf("%s (%s) does not work: %s", d.Name, d.Backend, d.Result)}
				}
			}
			if err == nil && len(r.Adapters) == 0 {
				return fmt.Errorf("%w: %s", gpu.ErrNoAdapter, gpu.InstallHint)
			}
			return err
		},
	}
}

func diagnose() (doctorReport, error) {
	of := built(debug.ReadBuildInfo())
	r := doctorReport{
		Program:  "gpuconv " + of.Version,
		Go:       of.Go,
		Platform: of.Platform,
		Bindings: of.Bindings,
		Library:  of.Library,
		Drivers:  driverFiles(),
		Env:      environment(),
		Adapters: []doctorAdapter{},
	}
	list, err := gpu.Adapters()
	if err != nil {
		return r, err
	}
	r.Traps = gpu.KnownTraps(list)
	best := gpu.Software
	for _, info := range list {
		r.Adapters = append(r.Adapters, examine(info))
		best = max(best, info.Type)
	}
	switch {
	case len(list) == 0:
		r.Advice = append(r.Advice, gpu.InstallHint)
	case best == gpu.Software:
		r.Advice = append(
			r.Advice,
			"there is no GPU here, only software adapters: right for tests, no measure of speed",
		)
	}
	return r, nil
}

// examine opens a device, runs the notes' example on it and reads its clock.
func examine(info gpu.AdapterInfo) doctorAdapter {
	d := doctorAdapter{
		Name:    info.Name,
		Backend: string(info.Backend),
		Type:    info.Type.String(),
		Driver:  orUnknown(info.Driver),
		Can:     limitsText(info.Limits),
		Advice:  adapterAdvice(info),
	}
	const broken = "update the driver, or leave this adapter alone"
	device, err := gpu.Open(gpu.Options{Backend: info.Backend, Adapter: fmt.Sprint(info.Index)})
	if err != nil {
		d.Result, d.Advice = err.Error(), broken
		return d
	}
	defer device.Close()
	r, err := note.Run(host.On(device))
	switch {
	case err != nil:
		d.Result, d.Advice = err.Error(), broken
	case !r.Verified:
		d.Result = "the notes' example came out WRONG: " + fmt.Sprint(r.Checks)
		d.Advice = "do not trust this adapter; update its driver"
	default:
		d.Works, d.Result = true, "the notes' example is right, bit for bit"
	}
	d.Clock = clock(device)
	return d
}

func clock(device *gpu.Device) string {
	if !device.Info().HasFeature(gpu.FeatureTimestamps) {
		return "no timestamps: times are the wall clock's"
	}
	ns, err := device.TimestampPeriod(context.Background())
	if err != nil {
		return "timestamps do not work: " + err.Error()
	}
	return fmt.Sprintf("timestamps, one tick is %.4g ns", ns)
}

// adapterAdvice is one line about what to make of an adapter.
func adapterAdvice(info gpu.AdapterInfo) string {
	switch {
	case info.Backend == gpu.BackendGL:
		return "prefer Vulkan, Metal or DX12 to GL where the same GPU has them"
	case info.Type == gpu.Software:
		return "good for tests; its speed says nothing of GPUs"
	case info.Limits.MaxStorageBinding < 1<<30:
		return "layers with a volume above " + bytesText(
			info.Limits.MaxStorageBinding,
		) + " are split, which takes longer"
	}
	return "ready"
}

// driverFiles lists the Vulkan drivers that the loader would find on Linux.
func driverFiles() []string {
	files := []string{}
	for _, pattern := range []string{"/etc/vulkan/icd.d/*.json", "/usr/share/vulkan/icd.d/*.json",
		"/usr/local/share/vulkan/icd.d/*.json"} {
		found, _ := filepath.Glob(pattern) // the patterns are well formed
		files = append(files, found...)
	}
	return files
}

// environment lists the variables that are set and choose drivers or adapters.
func environment() []string {
	set := []string{}
	for _, name := range []string{"GPUCONV_BACKEND", "GPUCONV_ADAPTER", "GPUCONV_GPU", "VK_ICD_FILENAMES",
		"VK_DRIVER_FILES", "VK_LOADER_LAYERS_ENABLE", "VK_INSTANCE_LAYERS"} {
		if v, ok := os.LookupEnv(name); ok {
			set = append(set, name+"="+v)
		}
	}
	return set
}

func (r doctorReport) print(a *app) {
	rows := []string{"program\t" + r.Program, "go\t" + r.Go, "platform\t" + r.Platform, "bindings\t" + r.Bindings,
		"library\t" + r.Library}
	for _, list := range []struct {
		name  string
		lines []string
	}{{"vulkan driver", r.Drivers}, {"environment", r.Env}} {
		for _, line := range list.lines {
			rows = append(rows, list.name+"\t"+line)
		}
	}
	table(a.stdout, rows...)
	for i, d := range r.Adapters {
		mark := "works"
		if !d.Works {
			mark = "FAILS"
		}
		fmt.Fprintf(a.stdout, "\n%d  %s\n", i, d.Name)
		table(
			a.stdout,
			"   "+mark+"\t"+d.Result,
			fmt.Sprintf("   backend\t%s, %s", d.Backend, d.Type),
			"   driver\t"+d.Driver,
			"   can\t"+d.Can,
			"   clock\t"+orUnknown(d.Clock),
			"   advice\t"+d.Advice,
		)
	}
	fmt.Fprintln(a.stdout, "\nknown traps here")
	for _, t := range r.Traps {
		table(a.stdout, " \t"+t)
	}
	for _, line := range r.Advice {
		fmt.Fprintln(a.stdout)
		table(a.stdout, "advice\t"+line)
	}
}
