// Bars prints how the results of a folder stand against the bars that the project has set itself. `make
// bench` calls it; see scripts/bench.sh for how the files come to be.
package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"text/tabwriter"

	"github.com/gpuconv/gpuconv/bench"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "bars: usage: go run ./scripts/bars FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "bars:", err)
		os.Exit(1)
	}
}

// bar is one line of the table.
type bar struct {
	what, want string
	figure     func(dir string) (string, error)
}

var bodies16 = regexp.MustCompile("_b16$")

var bodies = regexp.MustCompile(`^(resnet_3x3_.*|vgg_conv3_1|superres_3x3_128)$`)

var bars = []bar{
	{"SwiftShader, times as fast as ONNX Runtime's WebGPU provider", "every layer above 1, geometric mean 20", func(dir string) (string, error) {
		return ratios(dir, "swiftshader-ort.json", "swiftshader.json")
	}},
	{"llvmpipe, 3x3 bodies, percent of the arithmetic ceiling", "each at least 35", func(dir string) (string, error) { return peak(dir, "llvmpipe.json", bodies) }},
	{"llvmpipe, whole suite, percent of the arithmetic ceiling", "geometric mean 20", func(dir string) (string, error) { return peak(dir, "llvmpipe.json", regexp.MustCompile("")) }},
	{"llvmpipe, Winograd, times as fast as the best GEMM, 3x3 from 64 channels", "at least 1.5", func(dir string) (string, error) {
		return ratios(dir, "llvmpipe-gemm.json", "llvmpipe-winograd.json")
	}},
	{"llvmpipe, default against tuned", "geometric mean 0.7", func(dir string) (string, error) { return ratios(dir, "llvmpipe.json", "llvmpipe-default.json") }},
	{"SwiftShader, default against tuned", "geometric mean 0.7", func(dir string) (string, error) {
		return ratios(dir, "swiftshader.json", "swiftshader-default.json")
	}},
	{"GPU, 3x3 bodies at batch 16, percent of the arithmetic ceiling", "at least 45", func(dir string) (string, error) { return peak(dir, "gpu-b16.json", bodies16) }},
	{"GPU, times as fast as cuDNN in float32", "at least 0.8", func(dir string) (string, error) { return ratios(dir, "gpu-cudnn.json", "gpu.json") }},
}

func run(dir string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "bar\twanted\tmeasured")
	for _, b := range bars {
		figure, err := b.figure(dir)
		if os.IsNotExist(err) {
			figure, err = "not measured here", nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", b.what, b.want, figure)
	}
	return w.Flush()
}

func read(dir, name string) (bench.File, error) {
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		return bench.File{}, err
	}
	return bench.ReadFile(filepath.Join(dir, name))
}

// ratios compares two files layer by layer: how much quicker b is than a.
func ratios(dir, a, b string) (string, error) {
	fileA, err := read(dir, a)
	if err != nil {
		return "", err
	}
	fileB, err := read(dir, b)
	if err != nil {
		return "", err
	}
	c := bench.Compare(fileA, fileB, a, b)
	if c.Mean == nil {
		return "nothing to compare", nil
	}
	least, layer := math.Inf(1), ""
	for _, r := range c.Rows {
		if r.Ratio.Value < least {
			least, layer = r.Ratio.Value, r.Name
		}
	}
	return fmt.Sprintf("geometric mean %.3g of %d layers, least %.3g (%s)", c.Mean.Value, len(c.Rows), least, layer), nil
}

// peak gives the percentage of the ceiling on the layers that match: mean and least.
func peak(dir, name string, match *regexp.Regexp) (string, error) {
	f, err := read(dir, name)
	if err != nil {
		return "", err
	}
	least, layer, logs, n := math.Inf(1), "", 0.0, 0
	for _, r := range f.Results {
		if r.Error != "" || r.PercentOfPeak <= 0 || !match.MatchString(r.Name) {
			continue
		}
		logs += math.Log(r.PercentOfPeak)
		if n++; r.PercentOfPeak < least {
			least, layer = r.PercentOfPeak, r.Name
		}
	}
	if n == 0 {
		return "no such layers", nil
	}
	return fmt.Sprintf("geometric mean %.3g of %d layers, least %.3g (%s)", math.Exp(logs/float64(n)), n, least, layer), nil
}
