// Command weigh says what each part of gpuconv adds to the size of a program: it builds programs that import one part
// more each, stripped, as a release is.
//
//	go run ./scripts/weigh
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// parts are the programs, each with what it adds to the one before: what it imports and calls.
var parts = []struct{ adds, source string }{
	{"Go's runtime, fmt", `package main; import "fmt"; func main() { fmt.Println() }`},
	{"package gpu: wgpu and its bindings", `package main; import "github.com/gpuconv/gpuconv/gpu"
		func main() { gpu.Adapters() }`},
	{"package host: shaders, algorithms, the reference", `package main; import "github.com/gpuconv/gpuconv/host"
		func main() { host.Open(host.Options{}) }`},
	{"packages model and onnx, protobuf", `package main; import "github.com/gpuconv/gpuconv/host"
		import "github.com/gpuconv/gpuconv/model"
		func main() { d, _ := host.Open(host.Options{}); model.Load(d, "", model.Options{}) }`},
	{"plots: gonum/plot and its fonts", `package main; import "github.com/gpuconv/gpuconv/host"
		import "github.com/gpuconv/gpuconv/model"; import "gonum.org/v1/plot"
		func main() { d, _ := host.Open(host.Options{}); model.Load(d, "", model.Options{})
			plot.New().Save(1, 1, "") }`},
}

func main() {
	if err := weigh(); err != nil {
		fmt.Fprintln(os.Stderr, "weigh:", err)
		os.Exit(1)
	}
}

func weigh() error {
	// Below the module, so that the programs import what its go.mod names.
	folder, err := os.MkdirTemp(".", "weigh")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	before := 0.0
	for _, p := range parts {
		file := filepath.Join(folder, "main.go")
		if err := os.WriteFile(file, []byte(p.source), 0o644); err != nil {
			return err
		}
		size, err := built(folder, file)
		if err != nil {
			return fmt.Errorf("%s: %w", p.adds, err)
		}
		fmt.Printf("%5.1f MB  %s\n", size-before, p.adds)
		before = size
	}
	size, err := built(folder, "./cmd/gpuconv")
	if err != nil {
		return err
	}
	fmt.Printf("%5.1f MB  the command: bench, its HTML page and its formats, cobra, progress bars\n", size-before)
	fmt.Printf("%5.1f MB  gpuconv\n", size)
	return nil
}

// built gives the size of a program in millions of bytes.
func built(folder, what string) (float64, error) {
	program := filepath.Join(folder, "program")
	c := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -extldflags=-Wl,--gc-sections", "-o", program, what)
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return 0, err
	}
	info, err := os.Stat(program)
	if err != nil {
		return 0, err
	}
	return float64(info.Size()) / 1e6, nil
}
