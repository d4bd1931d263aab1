package main

import (
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
)

// TestWiden holds that float16 becomes the same float32, and initializers are inputs no longer.
func TestWiden(t *testing.T) {
	half, err := onnx.UnmarshalTensor([]byte("\x08\x02\x10\x0a\x42\x01w\x4a\x04\x00\x3c\x00\xc0")) // w = 1, -2
	if err != nil || half.Type != onnx.Float16 {
		t.Fatalf("%v, %v", half, err)
	}
	info := func(name string) onnx.ValueInfo { return onnx.ValueInfo{Name: name, Type: onnx.Float16} }
	m := &onnx.Model{IRVersion: 3, Graph: onnx.Graph{
		Inputs:       []onnx.ValueInfo{info("w"), info("x")},
		Outputs:      []onnx.ValueInfo{info("y")},
		Values:       []onnx.ValueInfo{info("between")},
		Initializers: []onnx.Tensor{half},
	}}
	if err := widen(m); err != nil {
		t.Fatal(err)
	}
	g := m.Graph
	numbers, err := g.Initializers[0].Floats()
	if err != nil || g.Initializers[0].Type != onnx.Float || !slices.Equal(numbers, []float32{1, -2}) {
		t.Errorf("%v of %v, %v", numbers, g.Initializers[0].Type, err)
	}
	if len(g.Inputs) != 1 || g.Inputs[0].Name != "x" || m.IRVersion < 4 {
		t.Errorf("inputs %v of version %d", g.Inputs, m.IRVersion)
	}
	for _, v := range []onnx.ValueInfo{g.Inputs[0], g.Outputs[0], g.Values[0]} {
		if v.Type != onnx.Float {
			t.Errorf("%s is of %v", v.Name, v.Type)
		}
	}
}
