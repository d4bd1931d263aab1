package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
)

// info is a value of float32. A size below 0 is open and without a name; a text is a symbolic size.
func info(name string, t onnx.DataType, sizes ...any) onnx.ValueInfo {
	v := onnx.ValueInfo{Name: name, Type: t, HasShape: true}
	for _, size := range sizes {
		switch size := size.(type) {
		case int:
			v.Dims = append(v.Dims, onnx.Dim{Size: int64(size)})
		case string:
			v.Dims = append(v.Dims, onnx.Dim{Size: -1, Param: size})
		}
	}
	return v
}

// ints is an attribute.
func ints(values ...int64) onnx.Attribute { return onnx.Attribute{Kind: onnx.KindInts, Ints: values} }

// modelFile writes a network.
func modelFile(t *testing.T, g onnx.Graph) string {
	t.Helper()
	g.Name = "tiny"
	m := onnx.Model{IRVersion: 8, Producer: "a test", Opsets: map[string]int64{"": 17, "com.example": 1}, Graph: g}
	path := filepath.Join(t.TempDir(), "tiny.onnx")
	if err := m.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// echoFile is a network whose output y is its input x.
func echoFile(t *testing.T, of onnx.DataType, sizes ...any) string {
	return modelFile(t, onnx.Graph{
		Inputs:  []onnx.ValueInfo{info("x", of, sizes...)},
		Outputs: []onnx.ValueInfo{info("y", of, sizes...)},
		Nodes:   []onnx.Node{{Op: "Identity", Inputs: []string{"x"}, Outputs: []string{"y"}}},
	})
}

// brightest are the filters of a network with a class for each channel of a picture of 4x4: the sum over that channel
// of the numbers above 0, a quarter of the sum for red, a half for green and all of it for blue.
func brightest(t *testing.T) string {
	t.Helper()
	var w []float32
	for k := range 3 {
		for c := range 3 {
			for range 16 {
				v := float32(0)
				if c == k {
					v = []float32{0.25, 0.5, 1}[k]
				}
				w = append(w, v)
			}
		}
	}
	return modelFile(t, onnx.Graph{
		Inputs:  []onnx.ValueInfo{info("photo", onnx.Float, "N", 3, 4, 4)},
		Outputs: []onnx.ValueInfo{info("scores", onnx.Float, "N", 3, 1, 1)},
		Values:  []onnx.ValueInfo{info("positive", onnx.Float, "N", 3, 4, 4)},
		Nodes: []onnx.Node{
			{Op: "Relu", Inputs: []string{"photo"}, Outputs: []string{"positive"}},
			{Op: "Conv", Name: "sums", Inputs: []string{"positive", "w"}, Outputs: []string{"scores"}},
		},
		Initializers: []onnx.Tensor{onnx.FloatTensor("w", []int64{3, 3, 4, 4}, w)},
	})
}

// writeFile writes a file of a test.
func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
