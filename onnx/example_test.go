package onnx_test

import (
	"fmt"
	"log"

	"github.com/gpuconv/gpuconv/onnx"
)

// A network of one node is written and read.
func Example() {
	written := &onnx.Model{
		IRVersion: 8,
		Opsets:    map[string]int64{"": 13},
		Graph: onnx.Graph{
			Name: "scaled",
			Nodes: []onnx.Node{{
				Op: "Conv", Inputs: []string{"x", "w"}, Outputs: []string{"y"},
				Attributes: map[string]onnx.Attribute{
					"pads": {Kind: onnx.KindInts, Ints: []int64{0, 0, 0, 0}},
				},
			}},
			Inputs: []onnx.ValueInfo{{
				Name: "x", Type: onnx.Float, HasShape: true,
				Dims: []onnx.Dim{{Size: -1, Param: "batch"}, {Size: 2}, {Size: 8}, {Size: 8}},
			}},
			Outputs:      []onnx.ValueInfo{{Name: "y", Type: onnx.Float}},
			Initializers: []onnx.Tensor{onnx.FloatTensor("w", []int64{1, 2, 1, 1}, []float32{0.5, -0.25})},
		},
	}
	data, err := written.Marshal()
	if err != nil {
		log.Fatal(err)
	}
	m, err := onnx.Read(data, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range m.Graph.Nodes {
		fmt.Println(n.Op, n.Inputs, n.Outputs, n.Attributes["pads"].Ints)
	}
	for _, t := range m.Graph.Initializers {
		values, err := t.Floats()
		fmt.Println(t.Name, t.Type, t.Dims, values, err)
	}
	// Output:
	// Conv [x w] [y] [0 0 0 0]
	// w float32 [1 2 1 1] [0.5 -0.25] <nil>
}
