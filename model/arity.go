package model

import (
	"fmt"
	"strings"
)

// fewest are how many inputs operators read at least, from a version of ONNX on: the first of them, none left out.
// Operators that are not here read one.
var fewest = map[string][]struct{ opset, inputs int }{
	"Constant": {{1, 0}},

	"Conv": {{1, 2}}, "ConvTranspose": {{1, 2}}, "ConvInteger": {{1, 2}}, "DeformConv": {{1, 3}},
	"GridSample": {{1, 2}}, "Gemm": {{1, 2}}, "MatMul": {{1, 2}}, "MatMulInteger": {{1, 2}}, "QLinearConv": {{1, 8}},
	"QLinearMatMul":  {{1, 8}},
	"QuantizeLinear": {{1, 2}}, "DequantizeLinear": {{1, 2}},

	"Add": {{1, 2}}, "Sub": {{1, 2}}, "Mul": {{1, 2}}, "Div": {{1, 2}}, "Pow": {{1, 2}}, "Mod": {{1, 2}},
	"PRelu": {{1, 2}}, "Equal": {{1, 2}}, "Less": {{1, 2}}, "Greater": {{1, 2}}, "LessOrEqual": {{1, 2}},
	"GreaterOrEqual": {{1, 2}}, "And": {{1, 2}}, "Or": {{1, 2}}, "Xor": {{1, 2}}, "CastLike": {{1, 2}},
	"Where": {{1, 3}},

	"BatchNormalization": {{1, 5}}, "InstanceNormalization": {{1, 3}}, "LayerNormalization": {{1, 2}},
	"GroupNormalization": {{1, 3}},

	"Gather": {{1, 2}}, "GatherElements": {{1, 2}}, "GatherND": {{1, 2}}, "Scatter": {{1, 3}},
	"ScatterElements": {{1, 3}}, "ScatterND": {{1, 3}}, "OneHot": {{1, 3}}, "Range": {{1, 3}}, "CumSum": {{1, 2}},
	"NonMaxSuppression": {{1, 2}}, "TopK": {{1, 1}, {10, 2}},

	"Expand": {{1, 2}}, "Tile": {{1, 3}, {6, 2}}, "Reshape": {{1, 1}, {5, 2}}, "Slice": {{1, 1}, {10, 3}},
	"Pad": {{1, 1}, {11, 2}}, "Unsqueeze": {{1, 1}, {13, 2}}, "Upsample": {{1, 1}, {9, 2}},
	"Resize": {{1, 2}, {11, 1}},
}

// complete reports nodes that lack inputs without which there is nothing to compute.
func (net *Network) complete() error {
	var wrong []string
	for _, n := range net.nodes {
		need := 1
		for _, f := range fewest[n.Op] {
			if net.opset >= int64(f.opset) {
				need = f.inputs
			}
		}
		given := 0
		for n.input(given) != "" {
			given++
		}
		if given < need {
			text := fmt.Sprintf("%s: its first %d inputs are there, must be %d at least", n, given, need)
			wrong = append(wrong, text)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrGraph, strings.Join(wrong, "; "))
}
