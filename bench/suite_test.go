package bench_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
)

// TestSuites holds the suites against published counts: multiply-adds of all convolution layers of one
// image, and how many layers there are.
func TestSuites(t *testing.T) {
	for name, want := range map[string]struct {
		layers int
		macs   int64 // to a thousandth; 0 for a suite that is no network
	}{
		"alexnet":     {5, 666e6},        // Sze et al., "Efficient Processing of Deep Neural Networks", table 3.1
		"vgg16":       {13, 15.35e9},     // the same: 15.3G
		"resnet50":    {53, 4.087e9},     // torchvision's 4.09G with the classifier's 2M
		"mobilenetv2": {52, 299.5e6},     // torchvision's 300.8M with the classifier's 1.3M
		"training":    {53, 8 * 4.087e9}, // ResNet-50 for a batch of 8
		"mobile":      {90, 576.7e6},     // EfficientNet's 384M, 386M with 2M of others, and of MobileNetV2's the rest
		"int8":        {13, 0},
		"core":        {22, 0},
		"deepbench":   {103, 0},
		"large":       {11, 0},
		"segment":     {8, 0},
		"unshared":    {3, 0},
		"depthwise":   {9, 0},
	} {
		layers, err := bench.LoadSuite(name)
		if err != nil {
			t.Error(err)
			continue
		}
		count, macs := 0, int64(0)
		seen, names := map[conv.Problem]bool{}, map[string]bool{}
		for _, l := range layers {
			count += l.Count
			macs += int64(l.Count) * l.Problem.FLOPs() / 2
			p := l.Problem
			if p.Name == "" || names[p.Name] {
				t.Errorf("%s: a layer named %q", name, p.Name)
			}
			names[p.Name] = true
			if p.Name = ""; seen[p] {
				t.Errorf("%s has %s twice", name, p)
			}
			seen[p] = true
		}
		if count != want.layers {
			t.Errorf("%s has %d layers, want %d", name, count, want.layers)
		}
		if off := float64(macs)/float64(want.macs) - 1; want.macs != 0 && (off > 1e-3 || off < -1e-3) {
			t.Errorf("%s has %d multiply-adds, want %d", name, macs, want.macs)
		}
	}
	if n := len(bench.Suites()); n != 14 {
		t.Errorf("%d suites", n)
	}
}

func TestReadSuite(t *testing.T) {
	layers, err := bench.ReadSuite(strings.NewReader("# a comment\n\n  ic3ih5oc2kh3n\"a # b\" x3 # "+
		"more\nic1ih3oc1kh1\nic1ih4oc1kh1 x2\nic1ih4oc1kh1n\"x 4\"\n"), "here")
	if err != nil || len(layers) != 4 || layers[0].Problem.Name != "a # b" || layers[0].Count != 3 ||
		layers[1].Count != 1 || layers[2].Count != 2 || layers[3].Problem.Name != "x 4" {
		t.Errorf("%+v, %v", layers, err)
	}
	for text, words := range map[string]string{
		"ic3ih5oc2kh3\nic3ih5oc2kh9":        "here:2: descriptor",
		"ic3ih5oc2kh3 x0":                   `here:1: "x0"`,
		"ic3ih5oc2kh3 3":                    `here:1: "3"`,
		"# nothing":                         "here has no layers",
		"ic3ih5" + strings.Repeat("1", 1e5): "here:1",
	} {
		if _, err := bench.ReadSuite(strings.NewReader(text), "here"); !errors.Is(err, bench.ErrInput) ||
			!strings.Contains(err.Error(), words) {
			t.Errorf("%.40q: %v, want %q", text, err, words)
		}
	}
}

func TestLoadSuite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.txt")
	if err := os.WriteFile(file, []byte("ic3ih5oc2kh3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if layers, err := bench.LoadSuite(file); err != nil || len(layers) != 1 {
		t.Errorf("%v, %v", layers, err)
	}
	if _, err := bench.LoadSuite("lenet"); !errors.Is(err, bench.ErrInput) || !errors.Is(err, os.ErrNotExist) ||
		!strings.Contains(err.Error(), "alexnet, bodies16, core, deepbench") {
		t.Error(err)
	}
}
