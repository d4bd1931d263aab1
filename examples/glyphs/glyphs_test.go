package glyphs

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

var update = flag.Bool("update", false, "write glyphs.onnx and seven.png anew")

// drawn are the digits, five pixels wide and seven high, # for ink.
var drawn = [10]string{
	".###.#...##..###.#.###..##...#.###.",
	"..#...##....#....#....#....#...###.",
	".###.#...#....#...#...#...#...#####",
	"#####...#...#.....#....##...#.###..",
	"...#...##..#.#.#..#.#####...#....#.",
	"######....####.....#....##...#.###.",
	"..##..#...#....####.#...##...#.###.",
	"#####....#...#...#...#....#....#...",
	".###.#...##...#.###.#...##...#.###.",
	".###.#...##...#.####....#...#..##..",
}

const (
	wide, high = 10, 14 // of a digit in a picture: twice what is drawn
	size       = 28     // of a picture
)

// ink is how dark digit d is at a place of a picture's digit.
func ink(d, x, y int) float64 {
	if drawn[d][y/2*5+x/2] == '#' {
		return 1
	}
	return 0
}

// filter is a digit without its mean, of length 1: where it lies over the same digit their product is the largest.
func filter(d int) []float32 {
	mean, square := 0.0, 0.0
	for i := range wide * high {
		mean += ink(d, i%wide, i/wide) / (wide * high)
	}
	for i := range wide * high {
		square += math.Pow(ink(d, i%wide, i/wide)-mean, 2)
	}
	f := make([]float32, wide*high)
	for i := range f {
		f[i] = float32((ink(d, i%wide, i/wide) - mean) / math.Sqrt(square))
	}
	return f
}

// network compares a picture with each digit at each place, takes the best place, and makes scores of that.
func network() onnx.Model {
	var filters []float32
	for d := range drawn {
		filters = append(filters, filter(d)...)
	}
	value := func(name string, dims ...int64) onnx.ValueInfo {
		v := onnx.ValueInfo{Name: name, Type: onnx.Float, HasShape: true}
		for _, d := range dims {
			v.Dims = append(v.Dims, onnx.Dim{Size: d})
		}
		return v
	}
	node := func(op, name string, inputs ...string) onnx.Node {
		return onnx.Node{Name: name, Op: op, Inputs: inputs, Outputs: []string{name}}
	}
	m := onnx.Model{IRVersion: 8, Producer: "gpuconv", Opsets: map[string]int64{"": 17}, Graph: onnx.Graph{
		Name:    "glyphs",
		Inputs:  []onnx.ValueInfo{value("picture", 1, 1, size, size)},
		Outputs: []onnx.ValueInfo{value("scores", 1, 10)},
		Initializers: []onnx.Tensor{
			onnx.FloatTensor("ink", []int64{1}, []float32{-1. / 255}), // ink is dark, paper light
			onnx.FloatTensor("digits", []int64{10, 1, high, wide}, filters),
			onnx.FloatTensor("sharpness", []int64{1}, []float32{4}),
		},
		Nodes: []onnx.Node{
			node("Mul", "inked", "picture", "ink"),
			node("Conv", "likeness", "inked", "digits"),
			node("GlobalMaxPool", "best", "likeness"),
			node("Flatten", "flat", "best"),
			node("Mul", "sharp", "flat", "sharpness"),
			node("Softmax", "scores", "sharp"),
		},
	}}
	return m
}

// paint draws a digit somewhere, on paper that is not quite white.
func paint(d int, seed uint64) *image.Gray {
	rng := rand.New(rand.NewPCG(seed, uint64(d)))
	left, top := rng.IntN(size-wide+1), rng.IntN(size-high+1)
	img := image.NewGray(image.Rect(0, 0, size, size))
	for i := range size * size {
		x, y, light := i%size, i/size, 255-rng.IntN(40)
		if dx, dy := x-left, y-top; dx >= 0 && dx < wide && dy >= 0 && dy < high && ink(d, dx, dy) > 0 {
			light = rng.IntN(40)
		}
		img.SetGray(x, y, color.Gray{Y: uint8(light)})
	}
	return img
}

// TestFiles holds the files of this folder against what makes them.
func TestFiles(t *testing.T) {
	m := network()
	weights, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, paint(7, 1)); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"glyphs.onnx": weights, "seven.png": picture.Bytes()} {
		if *update {
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if has, err := os.ReadFile(name); err != nil || !bytes.Equal(has, data) {
			t.Errorf("%s is another one, error %v: go test ./examples/glyphs -update writes it", name, err)
		}
	}
}

// TestDigits reads each digit in several pictures.
func TestDigits(t *testing.T) {
	dev, err := host.Open(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	net, err := model.Load(dev, "glyphs.onnx", model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	for d := range drawn {
		for seed := range uint64(3) {
			x := tensor.Array{Shape: []int{1, 1, size, size}}
			for _, light := range paint(d, seed).Pix {
				x.Data = append(x.Data, float32(light))
			}
			out, err := net.Run(context.Background(), map[string]tensor.Array{"picture": x})
			if err != nil {
				t.Fatal(err)
			}
			best := 0
			for i, score := range out["scores"].Data {
				if score > out["scores"].Data[best] {
					best = i
				}
			}
			if best != d {
				t.Errorf("digit %d is read as %d: %v", d, best, out["scores"].Data)
			}
		}
	}
}
