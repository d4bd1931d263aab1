package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// attributes are a node's: ints, floats and words by name.
type attributes map[string]any

func (a attributes) onnx() map[string]onnx.Attribute {
	all := map[string]onnx.Attribute{}
	for name, v := range a {
		switch v := v.(type) {
		case int:
			all[name] = onnx.Attribute{Kind: onnx.KindInt, Int: int64(v)}
		case []int:
			all[name] = onnx.Attribute{Kind: onnx.KindInts, Ints: int64s(v)}
		case float64:
			all[name] = onnx.Attribute{Kind: onnx.KindFloat, Float: float32(v)}
		case string:
			all[name] = onnx.Attribute{Kind: onnx.KindString, String: v}
		default:
			panic(fmt.Sprintf("attribute %s of %T", name, v))
		}
	}
	return all
}

// layoutCase is an operator whose first input is a layer's V with its channels innermost: 2x6x5x4, or of 8 channels
// for each of the images at these places. Its other inputs are weights of these shapes, or lists of whole numbers.
type layoutCase struct {
	op     string
	with   attributes
	others []any // []int: weights of that shape; []int64: whole numbers; nil: left out
	opset  int64 // 0 is 17
	images []int // how many, and their places; nil is 2 of 5x4
}

var layoutCases = []layoutCase{
	{op: "Relu"}, {op: "Tanh"}, {op: "Softplus"}, {op: "Gelu", opset: 20}, {op: "Mish", opset: 18}, {op: "Erf"},
	{op: "Add", others: []any{[]int{6, 1, 1}}}, {op: "Mul", others: []any{[]int{2, 6, 5, 4}}},
	{op: "Sub", others: []any{[]int{5, 4}}}, {op: "Max", others: []any{[]int{4}, []int{6, 1, 4}}},
	{op: "PRelu", others: []any{[]int{5, 1}}}, {op: "Clip", others: []any{[]int{}, nil}},
	{op: "Transpose", with: attributes{"perm": []int{0, 2, 3, 1}}},
	{op: "Transpose", with: attributes{"perm": []int{3, 1, 0, 2}}},
	{op: "Reshape", others: []any{[]int64{2, -1}}}, {op: "Reshape", others: []any{[]int64{2, 3, 2, 20}}},
	{op: "Flatten"}, {op: "Flatten", with: attributes{"axis": 3}},
	{op: "Unsqueeze", others: []any{[]int64{1, 3}}}, {op: "Expand", others: []any{[]int64{3, 1, 1, 5, 4}}},
	{op: "Slice", others: []any{[]int64{1, 3}, []int64{6, 0}, []int64{1, 2}, []int64{2, -1}}},
	{op: "Slice", others: []any{[]int64{1}, []int64{4}, []int64{1}}},
	{op: "Tile", others: []any{[]int64{1, 2, 3, 1}}},
	{op: "Pad", others: []any{[]int64{0, 1, 2, 0, 1, 0, 0, 3}, []int{}}},
	{op: "Pad", with: attributes{"mode": "reflect"}, others: []any{[]int64{0, 2, 1, 3, 0, 1, 2, 3}}},
	{op: "Pad", with: attributes{"mode": "edge"}, others: []any{[]int64{0, 0, -1, 3, 0, 0, 2, -1}}},
	{op: "Pad", with: attributes{"mode": "wrap"}, others: []any{[]int64{0, 1, 2, 0, 1, 0, 0, 3}}, opset: 19},
	{op: "Concat", with: attributes{"axis": 1}, others: []any{[]int{2, 3, 5, 4}}},
	{op: "Concat", with: attributes{"axis": 3}, others: []any{[]int{2, 6, 5, 1}}},
	{op: "DepthToSpace", with: attributes{"blocksize": 1}}, {op: "SpaceToDepth", with: attributes{"blocksize": 1}},
	{op: "DepthToSpace", with: attributes{"blocksize": 2}, images: []int{2, 4, 6}},
	{op: "DepthToSpace", with: attributes{"blocksize": 2, "mode": "CRD"}, images: []int{2, 3, 5}},
	{op: "SpaceToDepth", with: attributes{"blocksize": 2}, images: []int{2, 4, 6}},
	{op: "MaxPool", with: attributes{"kernel_shape": []int{3, 2}, "strides": []int{2, 1}, "pads": []int{1, 0, 1, 1}}},
	{op: "AveragePool", with: attributes{"kernel_shape": []int{2, 2}, "ceil_mode": 1, "strides": []int{2, 3}}},
	{op: "AveragePool", opset: 19, with: attributes{"kernel_shape": []int{2, 2}, "dilations": []int{2, 3},
		"pads": []int{1, 1, 0, 1}, "count_include_pad": 1}},
	{op: "MaxPool", with: attributes{"kernel_shape": []int{2, 2, 3}, "strides": []int{1, 2, 1}},
		images: []int{2, 3, 4, 5}},
	{op: "LpPool", with: attributes{"kernel_shape": []int{2, 3}, "p": 2}},
	{op: "LpPool", with: attributes{"kernel_shape": []int{2, 3}, "p": 3}},
	{op: "LpPool", with: attributes{"kernel_shape": []int{5, 1}, "p": 1}},
	{op: "GlobalAveragePool"}, {op: "GlobalMaxPool"}, {op: "GlobalLpPool"},
	{op: "GlobalLpPool", with: attributes{"p": 3}},
	{op: "ReduceMean", with: attributes{"axes": []int{1, 3}}}, {op: "ReduceSum", others: []any{[]int64{2}}},
	{op: "ReduceMax", with: attributes{"axes": []int{-1}, "keepdims": 0}},
	{op: "ReduceL2", with: attributes{"axes": []int{0, 1}}}, {op: "ReduceLogSumExp"},
	{op: "ArgMax", with: attributes{"axis": 1}}, {op: "ArgMin", with: attributes{"axis": 2, "keepdims": 0}},
	{op: "Softmax", with: attributes{"axis": 1}}, {op: "LogSoftmax"}, {op: "Softmax", opset: 11},
	{op: "Hardmax", with: attributes{"axis": 3}}, {op: "CumSum", others: []any{[]int64{1}}},
	{op: "InstanceNormalization", others: []any{[]int{6}, []int{6}}},
	{op: "LayerNormalization", with: attributes{"axis": 1}, others: []any{[]int{6, 5, 4}, []int{6, 5, 4}}},
	{op: "LayerNormalization", others: []any{[]int{4}}},
	{op: "GroupNormalization", with: attributes{"num_groups": 3}, others: []any{[]int{3}, []int{3}}, opset: 18},
	{op: "GroupNormalization", with: attributes{"num_groups": 2}, others: []any{[]int{6}, []int{6}}, opset: 21},
	{op: "MeanVarianceNormalization"}, {op: "MeanVarianceNormalization", with: attributes{"axes": []int{1, 2}}},
	{op: "LRN", with: attributes{"size": 3, "alpha": 0.5, "bias": 1.5, "beta": 0.6}},
	{op: "LRN", with: attributes{"size": 4}},
	{op: "Gather", with: attributes{"axis": 1}, others: []any{[]int64{5, 0, -3}}},
	{op: "TopK", with: attributes{"axis": 1}, others: []any{[]int64{4}}},
	{op: "GatherND", others: []any{[]int64{1, 2, -1}}},
	{op: "ScatterND", with: attributes{"reduction": "max"}, others: []any{[]int64{1, 2, -1}, []int{4}}, opset: 18},
	{op: "ScatterND", others: []any{[]int64{1, -2}, []int{5, 4}}},
	{op: "DynamicQuantizeLinear"},
	{op: "Resize", others: []any{nil, nil, []int64{2, 6, 8, 3}}},
	{op: "Resize", with: attributes{"mode": "linear"}, others: []any{nil, nil, []int64{2, 6, 3, 9}}},
	{op: "Resize", with: attributes{"mode": "cubic", "antialias": 1}, others: []any{nil, nil, []int64{2, 6, 3, 3}},
		opset: 18},
	{op: "Resize", with: attributes{"keep_aspect_ratio_policy": "not_larger", "axes": []int{2, 3}},
		others: []any{nil, nil, []int64{7, 9}}, opset: 18},
	{op: "Resize", with: attributes{"keep_aspect_ratio_policy": "not_smaller", "axes": []int{3, 2},
		"mode": "linear"}, others: []any{nil, nil, []int64{3, 9}}, opset: 18},
	{op: "GridSample", others: []any{[]int{2, 3, 2, 2}}, opset: 16},
	{op: "GridSample", others: []any{[]int{2, 2, 3, 2, 3}}, opset: 20, images: []int{2, 3, 4, 5}},
	{op: "GridSample", others: []any{[]int{2, 3, 2, 2}}, opset: 20,
		with: attributes{"mode": "cubic", "padding_mode": "reflection", "align_corners": 1}},
	{op: "DeformConv", others: []any{[]int{4, 3, 2, 2}, []int{2, 16, 4, 3}, []int{4}, []int{2, 8, 4, 3}}, opset: 19,
		with: attributes{"group": 2, "offset_group": 2}},
	{op: "MatMul", others: []any{[]int{4, 7}}}, {op: "MatMul", others: []any{[]int{2, 6, 4, 3}}},
	{op: "Conv", others: []any{[]int{4, 3, 2, 2}}, with: attributes{"group": 2}},
	{
		op:     "ConvTranspose",
		others: []any{[]int{6, 2, 3, 3}, []int{4}},
		with:   attributes{"strides": []int{2, 1}, "group": 2},
	},
	{op: "Crop", with: attributes{"border": []int{1, 0, 1, 2}}, opset: 7},
	{op: "Affine", with: attributes{"alpha": 0.5, "beta": -1.0}, opset: 7},
}

func (l layoutCase) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %v %v", l.op, l.with, l.others))
}

// input is the shape of the network's input.
func (l layoutCase) input() []int {
	if l.images == nil {
		return []int{2, 3, 5, 4}
	}
	return append([]int{l.images[0], 3}, l.images[1:]...)
}

// graph has a layer of 1x1 filters before the operator, and a sum behind it that nothing fuses.
func (l layoutCase) graph() *graph {
	g := newGraph()
	if l.opset != 0 {
		g.Opsets[""] = l.opset
	}
	x, channels := l.input(), 6
	if l.images != nil {
		channels = 8
	}
	filters := append([]int{channels, 3}, slices.Repeat([]int{1}, len(x)-2)...)
	v := g.node("Conv", nil, g.input("x", x...), g.weights(filters...), g.weights(channels))
	inputs := []string{v}
	for _, o := range l.others {
		switch o := o.(type) {
		case []int:
			inputs = append(inputs, g.weights(o...))
		case []int64:
			inputs = append(inputs, g.whole(o...))
		default:
			inputs = append(inputs, "")
		}
	}
	g.output(g.node(l.op, l.with.onnx(), inputs...))
	return g
}

// TestLayouts runs each operator on what stands with its channels innermost, judges each node, and holds the output
// against the reference of the whole graph.
func TestLayouts(t *testing.T) {
	for i, l := range layoutCases {
		if testing.Short() && i%5 != 0 { // on slow adapters a part
			continue
		}
		t.Run(l.String(), func(t *testing.T) {
			g := l.graph()
			net := g.network(t, Options{})
			inputs := map[string]tensor.Array{"x": g.array(l.input()...)}
			_, verdict, err := net.Check(context.Background(), inputs)
			if err := errors.Join(err, verdict.Err()); err != nil {
				t.Fatal(err)
			}
			out, err := net.Run(context.Background(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			got, want := out["v1"], g.reference(t, inputs)["v1"]
			if got.Ints != nil {
				for _, i := range got.Ints {
					got.Data = append(got.Data, float32(i))
				}
			}
			near(t, got, want)
		})
	}
}
