package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// boxes are those of the tiny network below, whose maps for 64x48 pixels have 8x6, 4x3, 2x2 and 1x1 places.
const boxes = 8*6*3 + 4*3*2 + 2*2*2 + 1*3

// said is what a network says of one box.
type said struct {
	box   int
	score float32
	moves [4]float32
}

// tiny writes a network that says these of its boxes, whatever it sees.
func tiny(t *testing.T, all ...said) string {
	t.Helper()
	scores, moves := make([]float32, 2*boxes), make([]float32, 4*boxes)
	for _, s := range all {
		scores[2*s.box], scores[2*s.box+1] = 1-s.score, s.score
		copy(moves[4*s.box:], s.moves[:])
	}
	value := func(name string, sizes ...int64) onnx.ValueInfo {
		v := onnx.ValueInfo{Name: name, Type: onnx.Float, HasShape: true}
		for _, size := range sizes {
			v.Dims = append(v.Dims, onnx.Dim{Size: size})
		}
		return v
	}
	m := onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17}, Graph: onnx.Graph{
		Name:    "tiny",
		Inputs:  []onnx.ValueInfo{value("x", 1, 3, 48, 64)},
		Outputs: []onnx.ValueInfo{value("scores", 1, boxes, 2), value("boxes", 1, boxes, 4)},
		Nodes: []onnx.Node{
			{Op: "GlobalMaxPool", Inputs: []string{"x"}, Outputs: []string{"brightest"}},
			{Op: "Flatten", Inputs: []string{"brightest"}, Outputs: []string{"flat"}},
		},
	}}
	for name, values := range map[string][]float32{"scores": scores, "boxes": moves} {
		count := int64(len(values))
		m.Graph.Nodes = append(
			m.Graph.Nodes,
			onnx.Node{
				Op: "Gemm", Inputs: []string{"flat", name + " w", name + " b"}, Outputs: []string{"row " + name},
			},
			onnx.Node{Op: "Reshape", Inputs: []string{"row " + name, name + " shape"}, Outputs: []string{name}},
		)
		m.Graph.Initializers = append(
			m.Graph.Initializers,
			onnx.FloatTensor(name+" w", []int64{3, count}, make([]float32, 3*count)),
			onnx.FloatTensor(name+" b", []int64{count}, values),
			onnx.IntTensor(name+" shape", []int64{3}, []int64{1, boxes, -1}),
		)
	}
	path := filepath.Join(t.TempDir(), "tiny.onnx")
	if err := m.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// gray writes a photo twice as large as the network's input.
func gray(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gray.png")
	v := tensor.Volume{N: 1, H: 96, W: 128, D: 1, Data: slices.Repeat([]float32{0.2}, 96*128)}
	if err := tensor.WriteImageFile(path, v); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFaces holds which boxes are faces, and where they are drawn.
func TestFaces(t *testing.T) {
	quarter := 5 * float32(math.Log(0.25)) // a fourth as large
	here := (2*8 + 3) * 3                  // the first of the boxes around 3.5/8 and 2.5/6 of the picture
	network := tiny(
		t,
		said{here + 1, 0.9, [4]float32{}},   // 16x16 pixels
		said{here + 2, 0.8, [4]float32{}},   // 24x24 around them: the same face
		said{here + 20, 0.69, [4]float32{}}, // not likely enough
		said{boxes - 3, 0.95, [4]float32{-2.5, 2.5, quarter, quarter}}, // all of the picture, moved and made smaller
	)
	boxed := filepath.Join(t.TempDir(), "boxed.png")
	var out strings.Builder
	if err := run(&out, network, gray(t), boxed); err != nil {
		t.Fatal(err)
	}
	want := "a face at (16,60)-(48,84), score 0.9500\na face at (40,24)-(72,56), score 0.9000\n"
	if out.String() != want {
		t.Errorf("%s, must be\n%s", out.String(), want)
	}
	v, err := tensor.ReadImageFile(boxed)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		x, y  int
		green bool
	}{
		{16, 60, true}, {47, 83, true}, {17, 70, true}, {30, 61, true}, {46, 70, true}, {71, 55, true}, {40, 24, true},
		{15, 60, false}, {18, 62, false}, {48, 83, false}, {45, 81, false}, {30, 84, false}, {56, 40, false},
	} {
		if got := slices.Equal(v.Column(c.x, c.y), []float32{0, 1, 0}); got != c.green {
			t.Errorf("pixel %d,%d is %v, must be green: %v", c.x, c.y, v.Column(c.x, c.y), c.green)
		}
	}
}

// TestPhoto finds the faces of the photo beside the tree, where there is one, and else says so. The scores hang on how
// the photo is resized.
func TestPhoto(t *testing.T) {
	const data = "../../../shared/data/"
	if _, err := os.Stat(data); err != nil {
		t.Logf("%v: the tiny network of the other test is all that runs", err)
		return
	}
	var out strings.Builder
	boxed := filepath.Join(t.TempDir(), "boxed.png")
	err := run(&out, data+"models/rfb320_simplified.onnx", data+"images/faces_1.jpg", boxed)
	if err != nil {
		t.Fatal(err)
	}
	var r [4]int
	var score float64
	_, err = fmt.Sscanf(out.String(), "a face at (%d,%d)-(%d,%d), score %g", &r[0], &r[1], &r[2], &r[3], &score)
	if faces := strings.Count(out.String(), "a face at"); err != nil || faces < 40 ||
		score < 0.9975 || score > 0.9995 {
		t.Errorf("%d faces, error %v, must be about 44, the first with about 0.9985:\n%s", faces, err, out.String())
	}
}

// TestRefused holds that what is no such network is an error, and no panic.
func TestRefused(t *testing.T) {
	for _, args := range [][2]string{
		{"none.onnx", gray(t)}, {"../digits/digits.onnx", gray(t)}, {tiny(t), "none.png"},
	} {
		if err := run(&strings.Builder{}, args[0], args[1], filepath.Join(t.TempDir(), "boxed.png")); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	for _, count := range []int{0, boxes - 1, boxes + 1} {
		if _, err := find(make([]float32, 2*count), make([]float32, 4*count), 48, 64); err == nil {
			t.Errorf("%d boxes: no error", count)
		}
	}
}
