package onnx

import "math"

// small is a network with one of everything that a model may have.
func small() *Model {
	constant := FloatTensor("inner", []int64{2}, []float32{float32(math.NaN()), -0.5})
	return &Model{
		IRVersion: 8, Producer: "gpuconv", ProducerVersion: "1", Domain: "org.example", Version: 3, Doc: "a network",
		Metadata: map[string]string{"author": "somebody", "licence": "free"},
		Opsets:   map[string]int64{"": 13, "org.example": 1},
		Graph: Graph{
			Name: "small",
			Nodes: []Node{
				{Name: "conv", Op: "Conv", Inputs: []string{"x", "w"}, Outputs: []string{"a"},
					Attributes: map[string]Attribute{
						"pads":     {Kind: KindInts, Ints: []int64{1, -1, math.MaxInt64, math.MinInt64}},
						"auto_pad": {Kind: KindString, String: "NOTSET"},
						"group":    {Kind: KindInt},
					}},
				{Op: "Constant", Outputs: []string{"c"}, Attributes: map[string]Attribute{
					"value": {Kind: KindTensor, Tensor: &constant},
				}},
				{Name: "clip", Op: "Clip", Inputs: []string{"a", "", "limit"}, Outputs: []string{"b"}},
				{Op: "Own", Domain: "org.example", Inputs: []string{"b", "c"}, Outputs: []string{"y", "", "z", ""},
					Attributes: map[string]Attribute{
						"alpha":  {Kind: KindFloat, Float: float32(math.Inf(-1))},
						"scales": {Kind: KindFloats, Floats: []float32{1, float32(math.NaN()), 0}},
						"keys":   {Kind: KindStrings, Strings: []string{"", "one", "\xff"}},
						"none":   {Kind: KindInts},
					}},
			},
			Inputs: []ValueInfo{
				{Name: "x", Type: Float, HasShape: true,
					Dims: []Dim{{Size: -1, Param: "batch"}, {Size: 3}, {Size: -1}, {Size: 0}}},
				{Name: "w", Type: Float},
			},
			Outputs: []ValueInfo{{Name: "y"}, {Name: "z", Type: Int64, HasShape: true}},
			Values:  []ValueInfo{{Name: "a", Type: BFloat16, HasShape: true, Dims: []Dim{{Size: 1}}}},
			Initializers: []Tensor{
				FloatTensor("w", []int64{1, 2}, []float32{1, float32(math.Inf(1))}),
				IntTensor("limit", nil, []int64{-7}),
				FloatTensor("empty", []int64{0, 4}, nil),
				{Name: "words", Type: String, Dims: []int64{2}, strings: []string{"", "two"}},
			},
		},
	}
}
