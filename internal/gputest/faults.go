//go:build linux && (amd64 || arm64)

package gputest

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed testdata/faultlayer.c
var layerSource []byte

//go:embed testdata/faultlayer.json
var layerManifest []byte

// WithFaults runs the calling test in a process whose Vulkan calls fail on demand (testdata/faultlayer.c),
// and reports whether this is that process.
func WithFaults(t *testing.T) bool {
	t.Helper()
	if os.Getenv("GPUCONV_FAULTS") != "" {
		return InChild(t)
	}
	dir := t.TempDir()
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "gcc"
	}
	build := exec.Command(
		cc,
		"-Wall",
		"-Werror",
		"-O1",
		"-shared",
		"-fPIC",
		"-pthread",
		"-o",
		filepath.Join(dir, "libfaultlayer.so"),
		"-x",
		"c",
		"-",
	)
	build.Stdin = strings.NewReader(string(layerSource))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compiling the layer: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "faultlayer.json"), layerManifest, 0o644); err != nil {
		t.Fatal(err)
	}
	return InChild(
		t,
		"VK_LAYER_PATH="+dir,
		"VK_INSTANCE_LAYERS=VK_LAYER_GPUCONV_faults",
		"GPUCONV_BACKEND=vulkan",
		"GPUCONV_FAULTS="+filepath.Join(
			dir,
			"faults",
		),
		"GPUCONV_COUNTS="+filepath.Join(dir, "counts"),
		"RUST_BACKTRACE=0",
	)
}

// Results of Vulkan's functions.
const (
	NoMemory = -2 // VK_ERROR_OUT_OF_DEVICE_MEMORY
	Gone     = -4 // VK_ERROR_DEVICE_LOST
)

// Fail makes Vulkan's functions of those names give result until Heal.
func Fail(t *testing.T, result int, names ...string) {
	t.Helper()
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "%s %d\n", name, result)
	}
	path := os.Getenv("GPUCONV_FAULTS")
	if err := os.WriteFile(path+".new", []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// LimitMemory leaves Vulkan so many bytes of memory, those in use counted, until Heal.
func LimitMemory(t *testing.T, bytes int) {
	t.Helper()
	Fail(t, bytes, "memory")
}

// Heal ends the trouble.
func Heal() { os.Remove(os.Getenv("GPUCONV_FAULTS")) }

// Counts are the Vulkan devices and allocations that live in this process.
func Counts(t *testing.T) (devices, memories int) {
	t.Helper()
	text, err := os.ReadFile(os.Getenv("GPUCONV_COUNTS"))
	if err == nil {
		_, err = fmt.Sscan(string(text), &devices, &memories)
	}
	if err != nil {
		t.Fatal(err)
	}
	return devices, memories
}
