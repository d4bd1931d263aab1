// Bars prints how the results of a folder stand against the bars that the project has set itself. `make
// bench` calls it; see scripts/bench.sh for how the files come to be.
package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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
	{
		"SwiftShader, times as fast as ONNX Runtime's WebGPU provider",
		"every layer above 1, geometric mean 20",
		func(dir string) (string, error) {
			return ratios(dir, "swiftshader-ort.json", "swiftshader.json")
		},
	},
	{
		"SwiftShader, networks, times as fast as ONNX Runtime's WebGPU provider",
		"geometric mean 12",
		func(dir string) (string, error) {
			return ratios(dir, "swiftshader-ort-networks*.json", "swiftshader-networks*.json")
		},
	},
	{
		"Chromium on SwiftShader, times as fast as ONNX Runtime Web's WebGPU provider",
		"geometric mean 12",
		func(dir string) (string, error) {
			return ratios(dir, "browser-ort*.json", "browser[0-9]*.json")
		},
	},
	{
		"llvmpipe, networks, times as fast as ncnn's Vulkan in float32",
		"each at least 3",
		func(dir string) (string, error) {
			return ratios(dir, "llvmpipe-ncnn-networks*.json", "llvmpipe-networks*.json")
		},
	},
	{
		"SwiftShader, SqueezeNet, start of the process to the first answer, times as fast as ONNX Runtime",
		"at least 2",
		func(dir string) (string, error) {
			return ratios(dir, "swiftshader-ort-start.json", "swiftshader-start.json")
		},
	},
	{
		"llvmpipe, 3x3 bodies, percent of the arithmetic ceiling",
		"each at least 35",
		func(dir string) (string, error) { return peak(dir, "llvmpipe.json", bodies) },
	},
	{
		"llvmpipe, whole suite, percent of the arithmetic ceiling",
		"geometric mean 20",
		func(dir string) (string, error) { return peak(dir, "llvmpipe.json", regexp.MustCompile("")) },
	},
	{
		"llvmpipe, Winograd, times as fast as the best GEMM, 3x3 from 64 channels",
		"at least 1.5",
		func(dir string) (string, error) {
			return gains(dir, "llvmpipe-winograd.json", "winograd")
		},
	},
	{
		"llvmpipe, default against tuned",
		"geometric mean 0.7",
		func(dir string) (string, error) { return ratios(dir, "llvmpipe.json", "llvmpipe-default.json") },
	},
	{"SwiftShader, default against tuned", "geometric mean 0.7", func(dir string) (string, error) {
		return ratios(dir, "swiftshader.json", "swiftshader-default.json")
	}},
	{
		"GPU, 3x3 bodies at batch 16, percent of the arithmetic ceiling",
		"at least 45",
		func(dir string) (string, error) { return peak(dir, "gpu-b16.json", bodies16) },
	},
	{
		"GPU, times as fast as cuDNN in float32",
		"at least 0.8",
		func(dir string) (string, error) { return ratios(dir, "gpu-cudnn.json", "gpu.json") },
	},
	{"GPU, times as fast as ONNX Runtime's WebGPU provider", "above 1", func(dir string) (string, error) {
		return ratios(dir, "gpu-ort.json", "gpu.json")
	}},
	{"GPU, networks, times as fast as ONNX Runtime's WebGPU provider", "above 1", func(dir string) (string, error) {
		return ratios(dir, "gpu-ort-networks*.json", "gpu-networks*.json")
	}},
	{"GPU, times as fast as ncnn's Vulkan in float32", "above 1", func(dir string) (string, error) {
		return ratios(dir, "gpu-ncnn.json", "gpu.json")
	}},
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

// side is the files of a pattern, which are one program's runs.
func side(dir, pattern string) (bench.Side, error) {
	s := bench.Side{Name: pattern}
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err == nil && len(paths) == 0 {
		err = os.ErrNotExist
	}
	for _, path := range paths {
		f, err := bench.ReadFile(path)
		if err != nil {
			return s, err
		}
		s.Runs = append(s.Runs, f)
	}
	return s, err
}

// ratios compares the files of two patterns, layer by layer or network by network: how much quicker b is than a. What
// only one of them could run is named.
func ratios(dir, a, b string) (string, error) {
	sideA, err := side(dir, a)
	if err != nil {
		return "", err
	}
	sideB, err := side(dir, b)
	if err != nil {
		return "", err
	}
	c := bench.Compare(sideA, sideB)
	if c.Mean == nil {
		return "nothing to compare", nil
	}
	var all means
	for _, r := range c.Rows {
		all.add(r.Name, r.Ratio.Value)
	}
	slices.Sort(c.Failed)
	return strings.Join(append([]string{all.String()}, slices.Compact(c.Failed)...), "; not: "), nil
}

// gains tells how much quicker the best algorithm of a kind is than the best other one, layer by layer of
// a file that has them all.
func gains(dir, name, kind string) (string, error) {
	f, err := read(dir, name)
	if err != nil {
		return "", err
	}
	var layers []string
	best := map[string][2]float64{} // of the others, and of the kind
	for _, r := range f.Results {
		if r.Error != "" || r.Time == nil {
			continue
		}
		i := 0
		if strings.HasPrefix(r.Algorithm, kind) {
			i = 1
		}
		times, seen := best[r.Name]
		if !seen {
			layers = append(layers, r.Name)
			times = [2]float64{math.Inf(1), math.Inf(1)}
		}
		times[i] = min(times[i], r.Time.Median)
		best[r.Name] = times
	}
	var all means
	for _, layer := range layers {
		all.add(layer, best[layer][0]/best[layer][1])
	}
	return all.String(), nil
}

// peak gives the percentage of the ceiling on the layers that match: mean and least.
func peak(dir, name string, match *regexp.Regexp) (string, error) {
	f, err := read(dir, name)
	if err != nil {
		return "", err
	}
	var all means
	for _, r := range f.Results {
		if r.Error == "" && r.PercentOfPeak > 0 && match.MatchString(r.Name) {
			all.add(r.Name, r.PercentOfPeak)
		}
	}
	return all.String(), nil
}

// means are the geometric mean of figures of layers, and the least of them.
type means struct {
	logs, least float64
	layer       string // of the least
	n           int
}

func (m *means) add(layer string, figure float64) {
	if m.n == 0 || figure < m.least {
		m.least, m.layer = figure, layer
	}
	m.logs += math.Log(figure)
	m.n++
}

func (m *means) String() string {
	if m.n == 0 {
		return "no such layers"
	}
	return fmt.Sprintf(
		"geometric mean %.3g of %d, least %.3g (%s)",
		math.Exp(m.logs/float64(m.n)),
		m.n,
		m.least,
		m.layer,
	)
}
