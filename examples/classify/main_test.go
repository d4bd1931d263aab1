package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
)

// classified runs the program and gives its lines.
func classified(t *testing.T, network, photo, labels string) []string {
	t.Helper()
	var out strings.Builder
	if err := run(&out, network, photo, labels); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

// averages writes a network whose scores are the means of its input's three channels.
func averages(t *testing.T) string {
	t.Helper()
	value := func(name string, sizes ...int64) onnx.ValueInfo {
		v := onnx.ValueInfo{Name: name, Type: onnx.Float, HasShape: true}
		for _, size := range sizes {
			v.Dims = append(v.Dims, onnx.Dim{Size: size})
		}
		return v
	}
	m := onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17}, Graph: onnx.Graph{
		Name:    "averages",
		Inputs:  []onnx.ValueInfo{value("x", 1, 3, 2, 2)},
		Outputs: []onnx.ValueInfo{value("y", 1, 3, 1, 1)},
		Nodes:   []onnx.Node{{Op: "GlobalAveragePool", Inputs: []string{"x"}, Outputs: []string{"y"}}},
	}}
	path := filepath.Join(t.TempDir(), "averages.onnx")
	if err := m.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestColours holds the order of the channels and what is taken off them, and the labels.
func TestColours(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 3, 5))
	for i := range 15 {
		img.SetRGBA(i%3, i/3, color.RGBA{200, 100, 50, 255})
	}
	photo, labels := filepath.Join(t.TempDir(), "photo.png"), filepath.Join(t.TempDir(), "labels.txt")
	f, err := os.Create(photo)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(labels, []byte("blue\r\ngreen\r\nred thing"), 0o644); err != nil {
		t.Fatal(err)
	}
	want := "[class 2, score 76.320 red thing class 1, score -16.779 green class 0, score -53.939 blue]"
	if got := classified(t, averages(t), photo, labels); fmt.Sprint(got) != want {
		t.Errorf("%v, must be %s", got, want)
	}
}

// TestNetworks reads the photos beside the tree, where they are, and says where the digit of examples/digits has to do
// instead. The scores hang on how photos are resized.
func TestNetworks(t *testing.T) {
	const data = "../../../shared/data/"
	if _, err := os.Stat(data); err != nil {
		t.Logf("%v: the small network of examples/digits is all that runs", err)
	}
	for _, c := range []struct {
		network, photo string
		class          int
		score          float64
	}{
		{"../digits/digits.onnx", "../digits/drawn/7.png", 7, 0.861},
		{data + "models/mnist.onnx", data + "images/mnist7.jpg", 7, 5020},
		{data + "models/SqueezeNet_fp16.onnx", data + "images/bald_eagle.jpeg", 22, 0.924},
		{data + "models/SqueezeNet_fp16.onnx", data + "images/pelican.jpeg", 144, 0.985},
	} {
		if _, err := os.Stat(data); err != nil && strings.HasPrefix(c.network, data) {
			continue
		}
		first := classified(t, c.network, c.photo, "")[0]
		var class int
		var score float64
		if _, err := fmt.Sscanf(first, "class %d, score %g", &class, &score); err != nil {
			t.Errorf("%q: %v", first, err)
		}
		if class != c.class || score < 0.97*c.score || score > 1.03*c.score {
			t.Errorf("%s on %s: %s, must be class %d with about %v", c.network, c.photo, first, c.class, c.score)
		}
	}
}

// TestRefused holds that what cannot be classified is an error, and no panic.
func TestRefused(t *testing.T) {
	const network, photo = "../digits/digits.onnx", "../digits/drawn/7.png"
	for _, args := range [][3]string{
		{"none.onnx", photo, ""}, {network, "none.png", ""}, {network, photo, "none.txt"}, {network, network, ""},
	} {
		if err := run(&strings.Builder{}, args[0], args[1], args[2]); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
