package bench

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/gpuconv/gpuconv/host"
)

// ThisHost describes the machine that the program runs on.
func ThisHost() Host {
	return Host{OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpuName(), Cores: runtime.NumCPU(), Go: runtime.Version()}
}

// cpuName is the processor's name where the system tells it in a file, else empty.
func cpuName() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(data), "\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// AdapterOf describes the device.
func AdapterOf(d *host.Device) Adapter {
	if d.GPU() == nil {
		return Adapter{Name: d.String(), Backend: host.CPU, Type: "cpu"}
	}
	info := d.GPU().Info()
	return Adapter{Name: info.Name, Backend: string(info.Backend), Type: info.Type.String(), Driver: info.Driver}
}

// Commit is the revision that the program was built from, with -dirty where files were changed, or empty
// where the build does not know.
func Commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + dirty
}
